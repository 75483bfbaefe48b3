"""What `bench lipsync` is compared with: the mouth that hears nothing but how loud it is."""

import numpy as np
import numpy.typing as npt

from visavis.lipsync.spectrum import STEP
from visavis.media.samples import Samples
from visavis.speech_text.visemes import VISEMES

EDGES = (-48.0, -40.0, -32.0, -25.0, -19.0, -13.0, -7.0)
"""dB below the loudest moment of the utterance, between the eight bins."""

MOST_FREQUENT = ("sil", "sil", "sil", "kk", "kk", "nn", "aa", "aa")
"""In each bin, the viseme that is most frequent there in the languages of the training (`training/lipsync`)."""


class Baseline:
    """Loudness in eight bins → the most frequent viseme."""

    def read(self, pcm: Samples) -> npt.NDArray[np.float32]:
        """As `Reader` gives them: (n, 15), one row each 10 ms."""
        chosen = np.array([VISEMES.index(name) for name in MOST_FREQUENT])
        rows: npt.NDArray[np.float32] = np.eye(len(VISEMES), dtype=np.float32)[chosen[bins(pcm)]]
        return rows


def bins(pcm: Samples, step: int = STEP) -> npt.NDArray[np.int64]:
    """How loud each `step` of samples (10 ms) is, as the number of its bin.

    It knows how loud the whole utterance gets, which the reader does not.
    """
    middles = np.arange(0, len(pcm), step)
    squares = np.concatenate(([0.0], np.cumsum(np.square(pcm, dtype=np.float64))))
    low, high = (middles - step * 5 // 4).clip(0), (middles + step * 5 // 4).clip(max=len(pcm))
    power = (squares[high] - squares[low]) / (high - low)
    level = 10 * np.log10(power / max(float(power.max(initial=0)), 1.0) + 1e-9)
    found: npt.NDArray[np.int64] = np.digitize(level, EDGES)
    return found
