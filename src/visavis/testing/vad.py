"""The contract of speech detectors, as a check that any provider can be put through."""

import numpy as np

from visavis.asr import SAMPLE_RATE
from visavis.media.samples import Samples
from visavis.testing.contract import require
from visavis.vad import SpeechDetector


def check_detector(detector: SpeechDetector, speech: Samples) -> None:
    """Raise `ContractBroken` if `detector` does not keep the contract of `SpeechDetector`.

    `speech` is a sentence: int16 mono at 16 kHz.
    """
    require(0 < detector.window <= SAMPLE_RATE // 10, "a window is not between 1 sample and 100 ms")
    silence = np.zeros(SAMPLE_RATE, dtype=np.int16)
    quiet = _probabilities(detector, silence)
    require(quiet[-1] < 0.5, f"a second of silence is taken for speech ({quiet[-1]:.2f})")
    spoken = _probabilities(detector, speech)
    require(max(spoken) > 0.5, f"the sentence is not taken for speech ({max(spoken):.2f} at most)")
    detector.reset()
    first = _probabilities(detector, speech)
    detector.reset()
    again = _probabilities(detector, speech)
    require(np.allclose(first, again, atol=1e-3), "after a reset the same sound has other probabilities")


def _probabilities(detector: SpeechDetector, sound: Samples) -> list[float]:
    window = detector.window
    require(len(sound) >= window, "the sound is shorter than a window")
    found = [
        detector.probability(sound[start : start + window]) for start in range(0, len(sound) - window + 1, window)
    ]
    require(all(0 <= probability <= 1 for probability in found), "a probability is not between 0 and 1")
    return found
