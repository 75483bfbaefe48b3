import numpy as np
import pytest

from visavis.lipsync.level import WIDTH, Level
from visavis.lipsync.spectrum import BANDS, Floats


def voice(level: float = -4.0) -> Floats:
    """Log-mel frames that rise and fall like syllables."""
    times = np.arange(120)[:, None]
    return (level + 4 * np.sin(times / 9) - np.arange(BANDS)[None, :] / 8).astype(np.float32)


@pytest.mark.parametrize("gain", [-4.6, 2.3])
def test_gain_makes_no_difference_to_a_voice(gain: float) -> None:
    assert np.allclose(Level().push(voice()), Level().push(voice() + np.float32(gain)), atol=1e-4)


def test_what_is_far_too_faint_for_a_voice_is_not_raised_to_one() -> None:
    faint = Level().push(voice(-18.0))
    assert faint[:, :BANDS].max() < Level().push(voice())[:, :BANDS].max() - 0.5


@pytest.mark.parametrize("pieces", [2, 5, 120])
def test_pieces_make_no_difference(pieces: int) -> None:
    level = Level()
    found = np.concatenate([level.push(piece) for piece in np.array_split(voice(), pieces)])
    assert np.allclose(found, Level().push(voice()), atol=1e-4)


def test_the_background_is_what_does_not_move() -> None:
    noise = np.full((200, BANDS), -6, np.float32)
    noise[:, 3] = -4
    speech = noise.copy()
    speech[60:90] += 5
    background = Level().push(speech)[50:, BANDS:]
    assert (background.argmax(axis=1) == 3).all()
    assert np.ptp(background[:, 3] - background[:, 7]) < 0.01


def test_it_stays_within_bounds() -> None:
    wild = np.random.default_rng(0).uniform(-23, 10, (300, BANDS)).astype(np.float32)
    found = Level().push(wild)
    assert found.shape == (300, WIDTH)
    assert (np.abs(found) <= 2).all()


def test_nothing_gives_nothing() -> None:
    assert Level().push(np.zeros((0, BANDS), np.float32)).shape == (0, WIDTH)
