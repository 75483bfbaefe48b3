"""Echo cancelling, for microphones that hear the avatar and have nothing against it themselves."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE, from_seconds

if TYPE_CHECKING:
    from livekit.rtc import AudioFrame

TAIL = 0.5
"""Seconds that a room may take to hear the avatar and to fall silent after it, network included."""


class EchoCanceller(Protocol):
    """Takes the avatar's voice out of what one microphone hears."""

    def played(self, pcm: Samples) -> None:
        """Take what is being played, at the moment it is: int16 mono at 48 kHz, any length, silence too."""

    def clean(self, pcm: Samples) -> Samples:
        """What a person says in `pcm`: int16 mono at 16 kHz, any length. The rest of the last 10 ms may wait."""


def echo_canceller() -> EchoCanceller:
    """The best one. Blocks for 0.1 to 0.3 s the first time: call it in a thread."""
    return AdaptiveCanceller()


class Passthrough:
    """For microphones without an echo: headsets, and browsers that cancel it themselves."""

    def played(self, pcm: Samples) -> None:
        """See `EchoCanceller`; nothing to do."""

    def clean(self, pcm: Samples) -> Samples:
        """See `EchoCanceller`; all of it."""
        return pcm


class HalfDuplex:
    """Deaf while the avatar is heard, and `tail` seconds longer. Nobody can interrupt it by voice."""

    def __init__(self, tail: float = TAIL) -> None:
        self._tail = round(tail * HEARD_RATE)
        self._deaf = 0

    def played(self, pcm: Samples) -> None:
        """See `EchoCanceller`."""
        if pcm.any():
            self._deaf = self._tail + len(pcm) * HEARD_RATE // SAMPLE_RATE

    def clean(self, pcm: Samples) -> Samples:
        """See `EchoCanceller`."""
        muted = min(self._deaf, len(pcm))
        self._deaf -= muted
        if not muted:
            return pcm
        return np.concatenate([np.zeros(muted, dtype=np.int16), pcm[muted:]])


class AdaptiveCanceller:
    """WebRTC's echo canceller (AEC3), from the package `livekit`; needs no server.

    It finds the delay itself, up to half a second, and copes with calls that come in bursts. Its noise
    suppression stays off: it makes the canceller duller towards people who speak at the same time. A
    microphone is passed through untouched when nothing was played for a second, which then costs nothing.
    """

    def __init__(self) -> None:
        from livekit.rtc import AudioProcessingModule

        self._module = AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._played = Frames(SAMPLE_RATE)
        self._heard = Frames(HEARD_RATE)
        self._resting = from_seconds(1.0)
        self._quiet = self._resting
        """Samples of silence since the avatar was heard."""

    def played(self, pcm: Samples) -> None:
        """See `EchoCanceller`."""
        self._quiet = 0 if pcm.any() else min(self._quiet + len(pcm), self._resting)
        for frame in self._played.push(pcm):
            if self._quiet < self._resting:
                process(self._module.process_reverse_stream, frame, SAMPLE_RATE)

    def clean(self, pcm: Samples) -> Samples:
        """See `EchoCanceller`. It takes 0.1 ms for 10 ms while the avatar speaks."""
        cleaned = [
            process(self._module.process_stream, frame, HEARD_RATE) if self._quiet < self._resting else frame
            for frame in self._heard.push(pcm)
        ]
        return np.concatenate(cleaned) if cleaned else EMPTY


class Frames:
    """Cuts sound of any length into frames of 10 ms, which is all that the module takes."""

    def __init__(self, sample_rate: int) -> None:
        self._size = sample_rate // 100
        self._rest = EMPTY

    def push(self, pcm: Samples) -> Iterator[Samples]:
        """Take sound; gives every frame that is complete."""
        pcm = np.concatenate([self._rest, pcm])
        whole = len(pcm) // self._size * self._size
        self._rest = pcm[whole:]
        return (pcm[start : start + self._size] for start in range(0, whole, self._size))


def process(step: Callable[["AudioFrame"], None], pcm: Samples, sample_rate: int) -> Samples:
    """What a step of the module, which works in place, makes of one frame."""
    from livekit.rtc import AudioFrame

    frame = AudioFrame(bytearray(pcm.tobytes()), sample_rate, 1, len(pcm))
    step(frame)
    return np.frombuffer(frame.data, dtype=np.int16)
