"""The training's network is the one that reads, and learns along its gradient."""

from pathlib import Path

import numpy as np
import pytest
from training.lipsync import __main__ as script
from training.lipsync import learning
from training.lipsync.learning import Adam, Batch, batches, initial, learn
from training.lipsync.rooms import Example, background, heard
from training.lipsync.speech import Utterance, sentences

from visavis.lipsync.level import WIDTH
from visavis.lipsync.network import Network, Parameters
from visavis.lipsync.reader import stored
from visavis.lipsync.spectrum import HOP
from visavis.speech_text.visemes import VISEMES

EVEN = np.ones(len(VISEMES), np.float32)


@pytest.fixture
def batch() -> Batch:
    rng = np.random.default_rng(0)
    examples = [
        Example(rng.uniform(-2, 1, (250, WIDTH)).astype(np.float32), rng.integers(0, 15, 250)) for _ in range(40)
    ]
    return next(batches(examples, rng))


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out by lot."""
    monkeypatch.setattr(learning, "DROPPED", 0.0)


def loss(parameters: Parameters, batch: Batch) -> float:
    return learn(parameters, batch, EVEN, np.random.default_rng(0))[0]


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("layer", range(7))
def test_the_gradient_is_the_slope_of_the_loss(batch: Batch, layer: int) -> None:
    parameters = initial(16, np.random.default_rng(1))
    _, gradient = learn(parameters, batch, EVEN, np.random.default_rng(0))
    weights = parameters.weights[layer]
    place = np.unravel_index(np.abs(gradient.weights[layer]).argmax(), weights.shape)
    at = weights[place]
    losses = []
    for moved in (-0.02, 0.02):
        weights[place] = at + moved
        losses.append(loss(parameters, batch))
    assert (losses[1] - losses[0]) / 0.04 == pytest.approx(float(gradient.weights[layer][place]), rel=0.1)


@pytest.mark.usefixtures("whole")
def test_it_is_the_network_that_reads(batch: Batch) -> None:
    parameters = initial(16, np.random.default_rng(1))
    expected = []
    for row in range(batch.frames.shape[1]):
        scores = Network(parameters).push(batch.frames[:, row])
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        counted = batch.counted[: len(shares), row] > 0
        labels = batch.labels[: len(shares), row]
        expected += np.log(shares[np.arange(len(shares)), labels])[counted].tolist()
    assert loss(parameters, batch) == pytest.approx(-float(np.mean(expected)), rel=1e-3)


def test_steps_make_the_loss_less(batch: Batch) -> None:
    parameters = initial(16, np.random.default_rng(1))
    adam, before = Adam(parameters), loss(parameters, batch)
    for _ in range(10):
        adam.step(learn(parameters, batch, EVEN, np.random.default_rng(0))[1], 0.003)
    assert loss(parameters, batch) < before


@pytest.mark.parametrize("seed", range(12))
def test_every_room_gives_numbers_and_keeps_the_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.integers(1, 15, 20), 8)
    example = heard(Utterance(rng.normal(0, 0.1, len(labels) * HOP).astype(np.float32), labels), rng)
    assert example.frames.shape == (len(example.labels), WIDTH)
    assert np.isfinite(example.frames).all()
    assert example.labels[example.labels > 0].tolist() == labels.tolist()


@pytest.mark.parametrize("seed", range(12))
def test_nobody_is_always_silent(seed: int) -> None:
    example = background(np.random.default_rng(seed))
    assert np.isfinite(example.frames).all()
    assert not example.labels.any()


def test_the_script_writes_what_the_reader_reads_and_goes_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "UTTERANCES", 22)
    monkeypatch.setattr(script, "ROOMS", 1)
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    script.main(["--channels", "8", "--steps", "2", "--undecided", "--output", str(first)])
    script.main(["--start", str(first), "--seed", "9", "--steps", "1", "--output", str(second)])
    before, after = stored(first), stored(second)
    assert [each.shape for each in before.weights] == [each.shape for each in after.weights]
    assert np.abs(before.weights[0] - after.weights[0]).max() > 0
    assert all(np.isfinite(each).all() for each in (*after.weights, *after.biases))


def test_what_is_tested_is_not_learned() -> None:
    from visavis.cli.bench.lip_speech import ENGLISH, LANGUAGES

    learned, development = sentences("training"), sentences("development")
    assert len(learned) >= 12
    assert not {name.split("-")[0] for name in (*learned, *development)} & LANGUAGES.keys()
    assert not learned.keys() & development.keys()
    said = {text for texts in (*learned.values(), *development.values()) for text in texts}
    assert not said & {*ENGLISH, *(text for texts in LANGUAGES.values() for text in texts)}
