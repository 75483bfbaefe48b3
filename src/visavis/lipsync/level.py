"""Makes frames independent of how loud somebody was recorded, and says what the background sounds like.

Both are followed from frame to frame, so nothing of the future is needed.
"""

import numpy as np

from visavis.lipsync.spectrum import BANDS, Floats

WIDTH = 2 * BANDS
"""Numbers in a frame that the network is given."""
QUIETEST = -13.0
"""Natural logarithm of the power that counts as somebody's full voice at least: -56 dB of full scale."""
FORGET = 0.005
"""How fast a loud moment is forgotten, each frame: 2 dB a second."""
RISE = 0.02
"""How fast the background may get louder, each frame: 9 dB a second."""
DEEPEST, HIGHEST = -12.0, 3.0
"""What is told apart: 52 dB below and 13 dB above the full voice."""
OVER = 4
"""Frames over which the level is averaged, so that a click is not a voice."""


class Level:
    """Follows one stream of log-mel frames."""

    def __init__(self) -> None:
        self._recent = np.zeros((0, BANDS), np.float32)
        self._loudest = QUIETEST
        self._background: Floats | None = None

    def push(self, frames: Floats) -> Floats:
        """`frames`, (n, BANDS), with their level taken off, and the background beside them: (n, WIDTH)."""
        count = len(frames)
        if not count:
            return np.zeros((0, WIDTH), np.float32)
        if self._background is None:
            self._recent = np.repeat(frames[:1], OVER - 1, axis=0)
        recent = np.concatenate((self._recent, frames))
        smooth = sum((recent[first : first + count] for first in range(1, OVER)), recent[:count]) / np.float32(
            OVER
        )
        self._recent = recent[-(OVER - 1) :]
        loudest = self._followed_loudest(smooth)
        background = self._followed_background(smooth)
        result = np.concatenate((frames, background), axis=1) - loudest[:, None]
        scaled: Floats = (result.clip(DEEPEST, HIGHEST) / 4 + 1).astype(np.float32, copy=False)
        return scaled

    def _followed_loudest(self, smooth: Floats) -> Floats:
        level = np.log(np.exp(smooth).mean(axis=1)).astype(np.float64)
        fall = np.arange(1, len(level) + 1) * FORGET
        followed = np.maximum.accumulate(np.maximum(level + fall, self._loudest)) - fall
        followed = np.maximum(followed, QUIETEST)
        self._loudest = float(followed[-1])
        result: Floats = followed.astype(np.float32)
        return result

    def _followed_background(self, smooth: Floats) -> Floats:
        rise = (np.arange(1, len(smooth) + 1) * RISE)[:, None]
        before = smooth[0] if self._background is None else self._background
        followed = np.minimum.accumulate(np.minimum(smooth - rise, before)) + rise
        self._background = followed[-1].astype(np.float32)
        result: Floats = followed.astype(np.float32)
        return result
