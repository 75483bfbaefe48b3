"""Expressions: what a face shows besides speaking, changed smoothly, and laid over what it says."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from visavis.face.portrait.pose import STILL, Look
from visavis.media.timeline import from_seconds
from visavis.tts import Mark

CHANGE = from_seconds(0.2)
"""How long it takes from one expression to another. Media time."""


@dataclass(frozen=True, slots=True)
class Feeling:
    """How much of it shows; all zero is the neutral face."""

    smile: float = 0.0
    """-1 to 1, as in `Mouth`."""
    brow: float = 0.0
    """-1 to 1, as in `Look`."""
    lids: float = 0.0
    """-1 to 1, as in `Look`."""

    def mixed(self, other: "Feeling", amount: float) -> "Feeling":
        """`amount` (0 to 1) of the way to `other`."""
        return Feeling(
            self.smile + (other.smile - self.smile) * amount,
            self.brow + (other.brow - self.brow) * amount,
            self.lids + (other.lids - self.lids) * amount,
        )

    @property
    def at_rest(self) -> bool:
        """Whether nobody could tell it from the neutral face."""
        return max(abs(self.smile), abs(self.brow), abs(self.lids)) < STILL

    def over(self, look: Look) -> Look:
        """`look` with this feeling in it. What the lips have to do for a sound, they do."""
        if self == NEUTRAL:
            return look
        mouth = look.mouth
        # Pushed forward, the corners can't be drawn up as far.
        smile = self.smile * (1 - 0.5 * mouth.round)
        spread = mouth.spread + 0.2 * max(smile, 0.0) * (1 - mouth.round) * (1 - mouth.press)
        return Look(
            replace(mouth, smile=_limited(mouth.smile + smile), spread=_limited(spread)),
            _limited(look.brow + self.brow),
            _limited(look.lids + self.lids),
        )


NEUTRAL = Feeling()

FEELINGS: dict[str, Feeling] = {
    "neutral": NEUTRAL,
    "smile": Feeling(smile=0.85, brow=0.12, lids=0.06),
    "serious": Feeling(smile=-0.45, brow=-0.8, lids=0.05),
    "surprised": Feeling(smile=0.08, brow=1.0, lids=-0.8),
}
"""By the names that marks have."""


class Expressions:
    """The feelings of one utterance, from what its marks ask for."""

    def __init__(self, before: Feeling) -> None:
        """`before`: what shows as it begins. It fades unless a mark at 0 says otherwise."""
        self._from = before
        self._to = NEUTRAL
        self._since = 0
        self._coming: list[tuple[int, Feeling]] = []

    def add(self, marks: Iterable[Mark]) -> None:
        """Take further marks, in order, in media time; those of other kinds and names are passed over."""
        self._coming += [
            (mark.start, FEELINGS[mark.value])
            for mark in marks
            if mark.kind == "expression" and mark.value in FEELINGS
        ]

    def at(self, time: int) -> Feeling:
        """The feeling at media time `time`; to be called with rising times."""
        while self._coming and self._coming[0][0] <= time:
            start, feeling = self._coming.pop(0)
            self._from, self._to, self._since = self._now(start), feeling, start
        return self._now(time)

    def _now(self, time: int) -> Feeling:
        way = min(max((time - self._since) / CHANGE, 0.0), 1.0)
        return self._to if way == 1 else self._from.mixed(self._to, way * way * (3 - 2 * way))


def _limited(value: float) -> float:
    return min(max(value, -1.0), 1.0)
