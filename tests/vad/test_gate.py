import numpy as np
import pytest

from tests.asr.flite_speech import said
from tests.vad.test_detectors import probabilities
from visavis.errors import InvalidInput
from visavis.media.samples import Samples
from visavis.settings import Settings
from visavis.vad.gate import HOLD, LEAD, GateProvider, SpeechGate
from visavis.vad.silero import SileroProvider

WINDOW = 512
SILENCE = np.zeros(WINDOW, dtype=np.int16)
SOUND = np.full(WINDOW, 1000, dtype=np.int16)


class Detector:
    """Takes whatever is not silence for speech, and counts."""

    def __init__(self, window: int, answer: float = 1.0) -> None:
        self.window = window
        self.heard: list[int] = []
        self.resets = 0
        self._answer = answer

    def probability(self, pcm: Samples) -> float:
        assert len(pcm) == self.window
        self.heard.append(int(pcm[-1]))
        return self._answer if pcm.any() else 0.0

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture
def judge() -> Detector:
    return Detector(WINDOW, 0.7)


@pytest.fixture
def scout() -> Detector:
    return Detector(480)


def test_given_silence_when_heard_then_the_better_detector_is_not_asked(judge: Detector, scout: Detector) -> None:
    gate = SpeechGate(judge, scout)
    assert [gate.probability(SILENCE) for _ in range(100)] == [0.0] * 100
    assert judge.heard == []
    assert len(scout.heard) == 100 * WINDOW // 480
    assert not gate.open


def test_given_sound_when_heard_then_the_better_detector_judges_with_what_was_before(
    judge: Detector, scout: Detector
) -> None:
    gate = SpeechGate(judge, scout)
    for level in range(1, 11):
        gate.probability(np.full(WINDOW, 0, dtype=np.int16) if level < 10 else SOUND)
    assert gate.open
    assert judge.resets == 1
    assert judge.heard == [0] * LEAD + [1000]


def test_given_a_pause_when_shorter_than_the_hold_then_the_gate_stays_open(
    judge: Detector, scout: Detector
) -> None:
    gate = SpeechGate(judge, scout)
    assert gate.probability(SOUND) == 0.7
    held = -(-HOLD // WINDOW)
    for _ in range(held - 1):
        gate.probability(SILENCE)
    assert gate.open
    assert gate.probability(SOUND) == 0.7
    assert judge.resets == 1
    for _ in range(held + 1):
        gate.probability(SILENCE)
    assert not gate.open


def test_given_an_open_gate_when_reset_then_it_is_closed(judge: Detector, scout: Detector) -> None:
    gate = SpeechGate(judge, scout)
    gate.probability(SOUND)
    gate.reset()
    assert not gate.open
    assert scout.resets == 1


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.03])
async def test_given_speech_when_heard_through_the_gate_then_nothing_that_silero_hears_is_lost(
    gain: float,
) -> None:
    speech = ((await said("What time does the shop open tomorrow morning?", "rms")) * gain).astype(np.int16)
    alone = probabilities(SileroProvider(Settings()).detector(), speech)
    gated = probabilities(GateProvider(Settings()).detector(), speech)
    assert [gate > 0.5 for gate, clear in zip(gated, alone, strict=True) if clear > 0.8].count(False) == 0
    assert sum(gate > 0.5 for gate in gated) > 50


async def test_given_a_quiet_hum_when_heard_then_the_gate_stays_closed() -> None:
    hum = (60 * np.sin(np.arange(16000) * 2 * np.pi * 50 / 16000)).astype(np.int16)
    gate = GateProvider(Settings()).detector()
    found = probabilities(gate, np.tile(hum, 3))
    assert max(found[31:]) == 0.0


def test_given_an_unknown_detector_when_made_then_it_is_invalid_input() -> None:
    with pytest.raises(InvalidInput):
        GateProvider(Settings(options={"gate": {"detector": "nobody"}}))
