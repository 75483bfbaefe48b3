"""Inês, about 25: brown skin, dark hair in a knot, a yellow blouse."""

import numpy as np

from portraits.clothes import Cover, over, shadow, two
from portraits.features import Brow, Eye
from portraits.form import Field, X, Y, blur, mirrored, multiply, pair, screen, tint
from portraits.hair import Lock, Tone, locks
from portraits.head import Build, Skin
from portraits.person import Person

BUILD = Build(
    outline=(
        (256, 60),
        (216, 64),
        (184, 91),
        (168, 138),
        (164, 188),
        (165, 226),
        (168, 258),
        (176, 288),
        (190, 317),
        (211, 343),
        (233, 360),
        (245, 364.5),
        (256, 366),
    ),
    nose=0.98,
    nose_long=1,
    bridge=0.85,
    brow=0.6,
    cheek=1.1,
    jaw=0.85,
    socket=0.85,
    blush=0.8,
)
SKIN = Skin(("5a2f1f", "8f5638", "bd8159", "d7a078", "e8bd98", "f8dcc0"), "c9604a", "b3765a", "fff0dd", 0.24)
TONE = Tone(("0b0706", "1a100d", "2c1c16", "432c22", "664635", "94705a"))
EYE = Eye(
    ("1a0e08", "53321a", "94683a"),
    half=20.5,
    slant=2.7,
    above=11.2,
    below=5.9,
    fold=4.6,
    lashes=1.15,
    wing=3.6,
    lid="8d5a44",
    size=12.0,
)
BROW = Brow(
    "1d120e",
    "3b2820",
    ((21.5, 185.6), (34, 182.0), (46, 179.2), (57.5, 180.2), (70, 187)),
    (4.4, 6.0, 5.6, 3.8, 1.0),
    300,
)


def face(paint: Field) -> Field:
    """What is painted on the face."""
    return tint(paint, "c8604c", 0.12 * pair(56, 262, 22, 10, -24))


def over_head() -> Cover:
    """Rings in the ears."""
    gold, cover = np.ones((*X.shape, 3), np.float32), np.zeros_like(X)
    for x in (161.5, 350.5):
        far = np.hypot((X - x) / 6.0, (Y - 262) / 9.5)
        ring = np.clip((0.16 - np.abs(far - 1)) * 9, 0, 1) * (Y > 254)
        cover = np.maximum(cover, ring)
    paint = tint(gold, "c9972f", np.ones_like(X))
    paint = screen(paint, "fff2c4", 0.75 * np.exp(-(((Y - 266) / 3.5) ** 2)))
    return multiply(paint, "7a5a18", 0.5 * np.clip((258 - Y) / 4, 0, 1)), cover


def front() -> Cover:
    """Hair before the face."""
    # Brushed back from the forehead into a knot on the crown.
    sheen = ((0.42, 0.10, 0.30), (0.78, 0.06, 0.12))
    left = (
        ((164, 236), (151, 176), (158, 108), (196, 64), (246, 50)),
        ((166, 214), (160, 160), (172, 106), (208, 70), (247, 54)),
        ((176.5, 166), (178, 133), (196, 98), (224, 74), (250, 57)),
        ((199, 134), (207, 114), (222, 92), (240, 75), (253, 59)),
        ((230, 119.5), (236, 105), (244, 88), (250, 74), (255, 60)),
        ((258, 117), (258, 104), (258, 86), (258, 74), (257, 60)),
    )
    knot = (
        Lock(
            (((238, 18), (236, 34), (240, 56)), ((276, 18), (278, 34), (272, 56))),
            300,
            1.6,
            gloss=(),
            base=0.16,
            shade=0.05,
            ends=0.0,
        ),
        Lock(
            (
                ((226, 52), (220, 26), (240, 8), (268, 8), (288, 26), (284, 54)),
                ((256, 58), (254, 50), (255, 42), (258, 42), (260, 50), (258, 58)),
            ),
            900,
            0.9,
            gloss=((0.34, 0.10, 0.34),),
            base=0.30,
            shade=0.20,
            ends=0.0,
            wander=1.2,
        ),
        Lock(
            (
                ((288, 46), (284, 20), (254, 6), (228, 20), (224, 46)),
                ((274, 54), (270, 40), (256, 32), (244, 38), (240, 52)),
            ),
            520,
            0.9,
            gloss=((0.55, 0.12, 0.34),),
            base=0.32,
            shade=0.26,
            ends=0.0,
            wander=1.2,
        ),
        Lock(
            (
                ((226, 34), (230, 54), (250, 66), (278, 60), (289, 40)),
                ((238, 40), (242, 52), (254, 56), (268, 52), (276, 42)),
            ),
            420,
            0.9,
            gloss=((0.35, 0.14, 0.30),),
            base=0.31,
            shade=0.30,
            ends=0.02,
            wander=1.0,
        ),
    )
    right = tuple(tuple(mirrored(way)) for way in left)
    wisp = Lock(
        (((172, 178), (163, 204), (166, 236), (161, 262)), ((175, 172), (168, 204), (171, 232), (164, 258))),
        26,
        0.7,
        gloss=(),
        base=0.3,
        ends=0.5,
        wander=1.6,
    )
    other = Lock(
        (tuple(mirrored(wisp.guides[0])), tuple(mirrored(wisp.guides[1]))),
        22,
        0.7,
        gloss=(),
        base=0.26,
        ends=0.5,
        wander=1.6,
    )
    paint, cover = locks(
        (
            Lock(
                right,
                1700,
                0.9,
                gloss=((0.42, 0.10, 0.20), (0.78, 0.06, 0.1)),
                base=0.30,
                shade=0.10,
                ends=0.0,
                wander=1.6,
                starts=0.09,
                roots=-0.03,
            ),
            Lock(
                left, 1700, 0.9, gloss=sheen, base=0.33, shade=0.10, ends=0.0, wander=1.6, starts=0.09, roots=-0.03
            ),
            *knot,
            wisp,
            other,
        ),
        TONE,
        6,
    )
    # Roots are fine and thin: skin shines through along the forehead.
    line = (
        np.clip((190 - Y) / 14, 0, 1) * np.clip((Y - 100) / 10, 0, 1) * np.clip((90 - np.abs(X - 256)) / 4, 0, 1)
    )
    roots = np.clip((blur(cover, 2.6) - 0.42) / 0.5, 0, 1)
    return paint, cover * (1 - line * (1 - roots))


def body(neck: Cover) -> Cover:
    """Clothes, over the neck."""
    yellow = ("6a3f0c", "a96d18", "d99a2c", "f0bd52", "fbdc93")
    blouse = two(
        [(192, 410), (150, 430), (104, 444), (70, 466), (50, 508), (46, 545), (262, 545), (262, 478), (228, 452)],
        yellow,
        [
            ([(112, 470), (104, 530)], -5),
            ([(96, 464), (80, 520)], 4),
            ([(176, 466), (160, 530)], 4),
            ([(222, 480), (216, 530)], -3),
        ],
        round_by=16,
        thick=11,
    )
    collar = two(
        [(196, 396), (190, 410), (186, 440), (206, 462), (238, 480), (258, 484), (236, 462), (214, 430)],
        yellow,
        round_by=6,
        thick=5,
    )
    whole = over(neck, blouse)
    return over(shadow(whole, collar[1], "5a3408", 0.6, 3, 0, 3), collar)


PERSON = Person(
    BUILD,
    SKIN,
    EYE,
    BROW,
    ("eef3f4", "c5d6da", "83a0aa"),
    body,
    None,
    front,
    face,
    over_head,
    neck=51,
    strong=0.75,
    overhang=0.3,
)
