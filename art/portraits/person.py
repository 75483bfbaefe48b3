"""One person: what there is to draw, and the layers that come of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from portraits import ears, features, head
from portraits.clothes import Cover, over
from portraits.features import Brow, Eye
from portraits.form import SCALE, Field, X, Y, blur, multiply, ramp
from portraits.head import Build, Skin

LIDS = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0)
"""How far the lids are closed in their pictures: from wide open to shut."""


@dataclass(frozen=True)
class Person:
    """Parts that differ from one to the next; each function gives colour and cover."""

    build: Build
    skin: Skin
    eye: Eye
    brow: Brow
    wall: tuple[str, str, str]
    """The background: light behind the head, middle, corners."""
    body: Callable[[Cover], Cover]
    """Clothes over the neck it is given."""
    back: Callable[[], Cover] | None
    """Hair behind the neck."""
    front: Callable[[], Cover] | None
    """Hair before the face."""
    face: Callable[[Field], Field] = lambda face: face
    """Paint on the face: make-up, a beard's shade, freckles."""
    over_head: Callable[[], Cover] | None = None
    """What grows on the head and moves with it, such as cropped hair and beards."""
    neck: float = 48.0
    """Half its width."""
    strong: float = 1.0
    """How far its muscles stand out."""
    overhang: float = 0.62
    """How dark the shadow of the hair on the face is; less where it is combed back."""
    ears: bool = True
    lash: str = "1c1110"


def wall(person: Person) -> Field:
    """The background."""
    r = np.hypot((X - 226) / 330, (Y - 190) / 340)
    out = ramp(np.clip(1 - r**1.25, 0, 1), tuple(reversed(person.wall)))
    return np.clip(out + (np.random.default_rng(2).random(X.shape)[:, :, None] - 0.5) / 255, 0, 1)


def layers(person: Person) -> dict[str, list[Cover]]:
    """Every layer, back to front, with its states."""
    face, cover = head.paint(person.build, person.skin)
    face = person.face(face)
    front = person.front() if person.front else None
    if front:
        cast = np.roll(blur(front[1], 4.5), (5 * SCALE, 2 * SCALE), (0, 1))
        face = multiply(face, person.skin.shade, person.overhang * cast)
    whole: Cover = (face, cover)
    if person.ears:
        whole = over(ears.ears(person.build, person.skin), whole)
    if person.over_head:
        whole = over(whole, person.over_head())
    found: dict[str, list[Cover]] = {"background": [(wall(person), np.ones_like(X))]}
    if person.back:
        found["hairback"] = [person.back()]
    found["body"] = [person.body(head.neck(person.build, person.skin, person.neck, person.strong))]
    found["head"] = [whole]
    found["eyes"] = [features.balls(person.build, person.eye, person.skin)]
    found["iris"] = [features.irises(person.build, person.eye)]
    found["lids"] = [features.lids(person.build, person.eye, person.skin, face, at, person.lash) for at in LIDS]
    found["brows"] = [features.brows(person.build, person.brow)]
    if front:
        found["hairfront"] = [front]
    return found
