"""`Choosing`: which motion a portrait goes on with at each key index, so that no two minutes are the same."""

from visavis.face import Mood
from visavis.face.portrait.motion import Motion

_NODS = (4, 6, 5, 8)
"""Seconds of listening before each nod, in turn: one waits for the next even second."""


class Choosing:
    """The choices of one session, or of one utterance."""

    def __init__(self, start: int = 0) -> None:
        """`start`: any number; another one makes other choices."""
        self._count = start
        self._listened = 0
        self._nods = 0

    def speaking(self, second: int, now: Motion) -> Motion:
        """The motion from `second` on, while speaking; `now` is the one before."""
        if now.startswith("speak") and second % 2:
            return now
        self._count += 1
        # Neither by turns nor by chance: the sequence of Thue and Morse never says anything three times.
        return "speak-b" if self._count.bit_count() % 2 == 0 else "speak-a"

    def resting(self, second: int, now: Motion, mood: Mood) -> Motion:
        """The motion from `second` on, while not speaking."""
        if mood != "listen":
            self._listened = 0
        if mood == "think":
            return "think"
        if mood == "listen":
            self._listened += 1
            if self._listened <= _NODS[self._nods % len(_NODS)] or second % 2:
                return "listen"
            self._listened = 0
            self._nods += 1
            return "nod"
        if second:
            return now if now.startswith("idle") else "idle"
        self._count += 1
        # Never twice in a row: it begins and ends with a blink.
        return "idle-b" if self._count % 5 in (2, 4) else "idle"
