import numpy as np
import pytest

from visavis.lipsync.level import WIDTH
from visavis.lipsync.network import AHEAD, OFFSETS, Network
from visavis.lipsync.reader import parameters
from visavis.lipsync.spectrum import Floats
from visavis.speech_text.visemes import VISEMES

FRAMES = np.random.default_rng(0).uniform(-2, 1, (120, WIDTH)).astype(np.float32)


def run(frames: Floats, pieces: int = 1) -> Floats:
    network = Network(parameters())
    return np.concatenate([network.push(piece) for piece in np.array_split(frames, pieces)])


def test_the_last_frames_wait_for_what_follows() -> None:
    assert run(FRAMES).shape == (len(FRAMES) - AHEAD, len(VISEMES))
    assert run(FRAMES[:AHEAD]).shape == (0, len(VISEMES))


@pytest.mark.parametrize("pieces", [2, 7, 120])
def test_pieces_make_no_difference(pieces: int) -> None:
    assert np.allclose(run(FRAMES), run(FRAMES, pieces), atol=1e-3)


def test_a_result_depends_on_no_more_than_it_says() -> None:
    behind = -sum(offsets[0] for offsets in OFFSETS)
    changed = FRAMES.copy()
    changed[50] += 1
    different = np.flatnonzero(np.abs(run(changed) - run(FRAMES)).max(axis=1) > 0)
    assert different[0] == 50 - AHEAD
    assert 50 < different[-1] <= 50 + behind < len(FRAMES) - AHEAD


def test_the_weights_are_small_enough_for_the_package() -> None:
    stored = sum(each.size * 2 for each in (*parameters().weights, *parameters().biases))
    assert stored < 2_000_000
    assert all(np.isfinite(each).all() for each in (*parameters().weights, *parameters().biases))
