"""Intakes: make segments of what comes in from a room, be it one utterance a stream or sound without an end."""

from collections import deque
from collections.abc import Callable

import numpy as np

from visavis.media.samples import EMPTY, Resampler, Samples, rms
from visavis.media.timeline import HEARD_RATE
from visavis.session.segments import Segment, Segments
from visavis.session.turn_taking import ONSET
from visavis.vad import SpeechDetector

HANG = 0.6
"""Seconds of silence after which sound without an end is taken to pause: shorter ones are within sentences."""

LEAD = 0.16
"""Seconds before the first speech that belong to it: beginnings are soft, and detectors late."""

STEPS = 50
"""How often in a second it is decided whether a segment begins or ends."""

AUDIBLE = 60.0
"""Root mean square from which sound is meant to be heard: -55 dB."""


class Loudness:
    """Implements `SpeechDetector` where all that can be heard is meant: sound that was made to be said."""

    window = HEARD_RATE // 100

    def probability(self, pcm: Samples) -> float:
        """1 for what can be heard, else 0."""
        return float(rms(pcm) >= AUDIBLE)

    def reset(self) -> None:
        """It remembers nothing."""


class Whole:
    """Implements `Intake`: all of a stream is one segment, silence too; after a `clear` it begins another."""

    def __init__(self, segments: Segments, sender: str, sample_rate: int) -> None:
        self._segments = segments
        self._begin: Callable[[], Segment] = lambda: segments.begin(sender, sample_rate)
        self._segment: Segment | None = None

    def push(self, pcm: Samples) -> None:
        """See `Intake`. The turn begins with the first sound, not with the stream."""
        if self._segment is None or self._segment.dropped:
            self._segment = self._begin()
        self._segments.push(self._segment, pcm)

    def end(self) -> None:
        """See `Intake`."""
        if self._segment is not None:
            self._segment.end()


class Voiced:
    """Implements `Intake`: each stretch with speech is a segment, and the silence between is nobody's turn."""

    def __init__(self, segments: Segments, sender: str, sample_rate: int, detector: SpeechDetector) -> None:
        self._segments = segments
        self._begin: Callable[[], Segment] = lambda: segments.begin(sender, sample_rate)
        self._rate = sample_rate
        self._detector = detector
        self._resampler = Resampler(sample_rate, HEARD_RATE)
        self._unheard: Samples = EMPTY
        """At 16 kHz, less than a window."""
        self._kept: deque[Samples] = deque()
        self._kept_samples = 0
        self._segment: Segment | None = None
        self._quiet = 0.0

    def push(self, pcm: Samples) -> None:
        """See `Intake`."""
        if self._segment is not None and self._segment.dropped:
            self._segment = None
        step = self._rate // STEPS
        for at in range(0, len(pcm), step):
            self._push(pcm[at : at + step])

    def _push(self, pcm: Samples) -> None:
        speech = self._heard(pcm)
        self._quiet = 0.0 if speech else self._quiet + len(pcm) / self._rate
        if self._segment is None:
            self._keep(pcm)
            if speech:
                self._segment = self._begin()
                for piece in self._kept:
                    self._segments.push(self._segment, piece)
                self._forget()
        else:
            self._segments.push(self._segment, pcm)
            if self._quiet >= HANG:
                self.end()

    def end(self) -> None:
        """See `Intake`."""
        if self._segment is not None:
            self._segment.end()
            self._segment = None

    def _heard(self, pcm: Samples) -> bool:
        """Whether there is speech in the windows that end in `pcm`."""
        sound = np.concatenate((self._unheard, self._resampler.push(pcm)))
        size = self._detector.window
        whole = len(sound) // size * size
        self._unheard = sound[whole:]
        # No shortcut: the detector has to hear all of it.
        found = [self._detector.probability(sound[at : at + size]) for at in range(0, whole, size)]
        return max(found, default=0.0) >= ONSET

    def _keep(self, pcm: Samples) -> None:
        self._kept.append(pcm)
        self._kept_samples += len(pcm)
        while self._kept_samples - len(self._kept[0]) >= LEAD * self._rate:
            self._kept_samples -= len(self._kept.popleft())

    def _forget(self) -> None:
        self._kept.clear()
        self._kept_samples = 0
