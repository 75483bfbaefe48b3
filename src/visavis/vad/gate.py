"""The gate: a cheap detector listens all the time, the better one only when the cheap one has heard something.

So a session that only listens costs some ten microseconds for every 32 ms. What an ear should be given.
"""

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from visavis import registry
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import HEARD_RATE
from visavis.settings import Settings
from visavis.vad import SpeechDetector

if TYPE_CHECKING:
    from visavis.vad import DetectorProvider

HOLD = round(0.5 * HEARD_RATE)
"""Samples for which the gate stays open after the cheap detector's last sign of speech."""

LEAD = 3
"""Windows before its opening that the better detector is given first: it judges by what it has just heard."""


class GateProvider:
    """Two providers in a row. Options (`VISAVIS_OPTIONS__GATE__…`): `DETECTOR`, silero, and `PRE_GATE`, webrtc."""

    name = "gate"

    def __init__(self, settings: Settings) -> None:
        self._detector = self._provider("detector", "silero", settings)
        self._pre_gate = self._provider("pre_gate", "webrtc", settings)

    def missing(self) -> str | None:
        """See `Provider`."""
        return self._detector.missing() or self._pre_gate.missing()

    def detector(self) -> "SpeechGate":
        """See `DetectorProvider`. The first call of a process loads the model: make that one in a thread."""
        return SpeechGate(self._detector.detector(), self._pre_gate.detector())

    @staticmethod
    def _provider(option: str, default: str, settings: Settings) -> "DetectorProvider":
        found: DetectorProvider = registry.provider("vad", settings.option("gate", option, default), settings)
        return found


class SpeechGate:
    """Two detectors for one stream of sound, as one."""

    def __init__(self, detector: SpeechDetector, pre_gate: SpeechDetector) -> None:
        self.window = detector.window
        self._detector = detector
        self._pre_gate = pre_gate
        self._rest = EMPTY
        """What the pre-gate, whose windows have another length, has not heard yet."""
        self._lead: deque[Samples] = deque(maxlen=LEAD)
        self._left = 0
        """Samples for which the gate stays open."""

    @property
    def open(self) -> bool:
        """Whether the better detector listens now."""
        return self._left > 0

    def probability(self, pcm: Samples) -> float:
        """See `SpeechDetector`; 0 while the gate is closed."""
        was_open = self.open
        self._left = HOLD if self._noticed(pcm) else max(self._left - len(pcm), 0)
        if not self.open:
            self._lead.append(pcm.copy())
            return 0.0
        if not was_open:
            self._detector.reset()
            for earlier in self._lead:
                self._detector.probability(earlier)
            self._lead.clear()
        return self._detector.probability(pcm)

    def reset(self) -> None:
        """See `SpeechDetector`."""
        self._rest = EMPTY
        self._left = 0
        self._lead.clear()
        self._pre_gate.reset()

    def _noticed(self, pcm: Samples) -> bool:
        """Whether the pre-gate takes any of its windows that end in `pcm` for speech."""
        size = self._pre_gate.window
        sound = np.concatenate((self._rest, pcm))
        whole = len(sound) // size * size
        self._rest = sound[whole:]
        # Each has to be heard, also after a hit: a detector's judgement rests on what was before.
        found = [self._pre_gate.probability(sound[at : at + size]) for at in range(0, whole, size)]
        return max(found, default=0.0) > 0.5
