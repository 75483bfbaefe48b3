"""`Pose`: everything about a portrait that moves, as numbers without units of pixels."""

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Self

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]
"""One number for each field of `Mouth`, in their order."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """What speech moves. All zero is the mouth at rest, closed."""

    jaw: float = 0.0
    """0 closed to 1 wide open: lowers the chin and the lower lip."""
    part: float = 0.0
    """0 to 1: the lips come apart, beyond what the jaw does."""
    spread: float = 0.0
    """-1 narrow to 1 wide, as in "see"."""
    round: float = 0.0
    """0 to 1: rounded and pushed forward, as in "who"."""
    press: float = 0.0
    """0 to 1: the lips are pressed together, as in "m"; keeps them closed whatever the jaw does."""
    upper: float = 0.0
    """0 to 1: how much of the upper teeth can be seen."""
    lower: float = 0.0
    """0 to 1: how much of the lower teeth can be seen."""
    tongue: float = 0.0
    """0 low to 1 at the upper teeth."""
    tuck: float = 0.0
    """0 to 1: the lower lip lies under the upper teeth, as in "f"."""
    smile: float = 0.0
    """-1 the corners down to 1 up, the cheeks with them; added to the mouth's own form at rest."""

    @classmethod
    def of(cls, weights: Weights) -> Self:
        """From numbers in field order."""
        return cls(*weights.tolist())

    def weights(self) -> Weights:
        """As numbers in field order."""
        return np.array(_values(self))

    def mixed(self, other: "Mouth", amount: float) -> "Mouth":
        """`amount` (0 to 1) of the way to `other`."""
        return Mouth.of(self.weights() * (1 - amount) + other.weights() * amount)

    @property
    def at_rest(self) -> bool:
        """Whether nobody could tell it from the closed mouth of the loops."""
        return all(abs(value) < STILL for value in _values(self))


_values = attrgetter(*(each.name for each in fields(Mouth)))
"""A tenth of what `dataclasses.astuple` takes, which copies as deep as it can."""

STILL = 0.02
"""Less than half a pixel of lip movement at 512 pixels."""

REST = Mouth()


@dataclass(frozen=True, slots=True)
class Look:
    """What a live picture shows beyond the frame of its loop."""

    mouth: Mouth = REST
    brow: float = 0.0
    """-1 lowered to 1 raised, added to the frame's."""
    lids: float = 0.0
    """0 as in the frame to 1 closed; below 0 opened further, -1 for wide eyes."""

    @property
    def at_rest(self) -> bool:
        """Whether nobody could tell it from the frame itself."""
        return self.mouth.at_rest and abs(self.brow) < STILL and abs(self.lids) < STILL


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of a portrait. All zero is the rest pose of the still picture."""

    mouth: Mouth = field(default=REST)
    lids: float = 0.0
    """0 open to 1 closed."""
    brow: float = 0.0
    """-1 lowered to 1 raised."""
    gaze_x: float = 0.0
    """-1 to 1; positive looks to the right of the picture."""
    gaze_y: float = 0.0
    """-1 to 1; positive looks down."""
    head_x: float = 0.0
    """Per mille of the picture's width, positive to the right."""
    head_y: float = 0.0
    """Per mille of the picture's width, positive down."""
    tilt: float = 0.0
    """Degrees, positive clockwise, about the base of the neck."""
    turn: float = 0.0
    """-1 to 1: the features move against the outline, as if the head turned to the right of the picture."""
    nod: float = 0.0
    """-1 to 1: likewise, positive looks down."""
    breath: float = 0.0
    """0 breathed out to 1 breathed in: lifts the shoulders."""
