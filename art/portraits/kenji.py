"""Kenji, in his sixties: grey hair, fine wrinkles, cardigan over a shirt."""

import numpy as np

from portraits.clothes import Cover, cloth, over, shadow, stitch, two
from portraits.features import Brow, Eye
from portraits.form import Field, Y, area, blur, both, bump, colour, curve, line, multiply, pair, tint
from portraits.hair import Lock, Tone, cropped, locks, stubble
from portraits.head import Build, Skin
from portraits.person import Person

BUILD = Build(
    outline=(
        (256, 62),
        (214, 66),
        (182, 92),
        (165, 138),
        (161, 188),
        (161, 228),
        (164, 260),
        (170, 290),
        (181, 318),
        (203, 346),
        (230, 364),
        (244, 369),
        (256, 370),
    ),
    nose=1.04,
    nose_long=3,
    bridge=0.7,
    brow=0.75,
    cheek=1.2,
    jaw=1.0,
    socket=0.75,
    lips=309,
    age=0.7,
    blush=0.8,
    eye=45.5,
)
SKIN = Skin(("6b3f2c", "a86f52", "cf9d7b", "e6bf9d", "f2d6ba", "fcebd9"), "cf7a62", "bd866b", "fff6e8", 0.20)
TONE = Tone(("333436", "56575a", "7c7d81", "a2a3a7", "c6c7cb", "eaebee"), spread=0.11, stray="f0f1f4", strays=0.06)
EYE = Eye(
    ("120a07", "2f1c10", "583a22"), half=18.6, slant=1.6, above=8.3, below=4.5, fold=2.6, lashes=0.42, size=10.8
)
BROW = Brow(
    "55524f",
    "8b8885",
    ((22, 185.2), (34, 183.2), (46, 182.8), (58, 185.2), (68.5, 191.5)),
    (5.2, 6.6, 6.2, 4.4, 1.4),
    260,
)


def face(paint: Field) -> Field:
    """What is painted on the face."""
    paint = tint(paint, "9aa0a2", 0.10 * blur(area(both([(180, 300), (200, 346), (256, 370)]), 0), 8))
    return multiply(paint, "a5705a", 0.2 * pair(48, 231, 15, 3.4, 8))


def over_head() -> Cover:
    """What grows on the head and moves with it."""
    # Under the combed hair, so that no skin shows through.
    cap = area(
        curve(
            [
                (174, 124),
                (176, 104),
                (190, 76),
                (226, 56),
                (262, 52),
                (300, 56),
                (332, 76),
                (338, 100),
                (340, 120),
                (328, 112),
                (304, 104),
                (256, 100),
                (212, 106),
                (186, 122),
            ],
            closed=True,
        )
    )
    burns = area([(162, 142), (174, 142), (171.5, 178), (170, 202), (167.5, 224), (162.5, 224), (162, 190)])
    burns = np.maximum(burns, burns[:, ::-1])
    short = blur(burns, 0.9) * np.clip((226 - Y) / 44, 0, 1)
    hair = cropped(cap, Tone(("48484b", "68686b", "828286", "96969b", "a6a6ab")), 5, 8, coarse=0.6, fade=1.2)
    base = np.ones((*Y.shape, 3), np.float32) * colour("797a7e")
    grey = Tone(("6b6c70", "85868a", "a9aaae"))
    return over(hair, (base, 0.8 * short), stubble(short, grey, 21, 0.35))


def front() -> Cover:
    """Hair before the face."""
    # Combed from a parting on his left over to the other side.
    over_top = (
        ((310, 88), (306, 49), (252, 38), (186, 66), (162, 128), (163, 168)),
        ((308, 94), (300, 62), (248, 49), (192, 78), (165, 134), (165, 170)),
        ((307, 99), (296, 76), (250, 64), (200, 90), (172, 136), (167, 172)),
        ((306, 103), (294, 93), (252, 88), (208, 108), (181, 141), (168, 175)),
        ((305, 107), (291, 104), (254, 104), (218, 119), (190, 144), (170, 172)),
    )
    right = (
        ((298, 90), (305, 52), (336, 68), (351, 108), (352, 145), (349.5, 170)),
        ((302, 94), (311, 66), (334, 80), (348, 114), (350.5, 148), (348.5, 172)),
        ((304, 104), (314, 92), (331, 104), (343, 131), (347, 158), (347, 176)),
        ((304, 107), (313, 108), (325, 122), (336, 144), (342, 162), (345, 176)),
    )
    gloss = ((0.42, 0.12, 0.17),)
    return locks(
        (
            Lock(
                right,
                1500,
                0.6,
                gloss=((0.35, 0.1, 0.14),),
                base=0.42,
                shade=0.16,
                ends=0.12,
                wander=1.2,
                tips=0.05,
            ),
            Lock(over_top, 1900, 0.8, gloss=gloss, base=0.48, shade=0.15, ends=0.12, wander=1.4, tips=0.05),
        ),
        TONE,
        12,
    )


def body(neck: Cover) -> Cover:
    """Clothes, over the neck."""
    linen = ("79828c", "b1bac3", "dfe5ea", "f2f5f7", "ffffff")
    wool = ("1c1713", "3c3028", "645244", "877160", "ae9884")
    shirt = cloth(
        [(196, 420), (256, 470), (316, 420), (340, 545), (172, 545)],
        linen,
        [([(256, 470), (256, 545)], -2), ([(230, 480), (222, 540)], 3)],
        smooth=False,
    )
    collar = two(
        [(188, 388), (178, 402), (196, 440), (222, 470), (254, 458), (228, 436), (204, 410)],
        linen,
        round_by=5,
        thick=4,
        smooth=False,
    )
    knit = two(
        [
            (184, 402),
            (150, 420),
            (102, 434),
            (60, 452),
            (32, 482),
            (22, 520),
            (20, 545),
            (246, 545),
            (234, 506),
            (206, 452),
        ],
        wool,
        [([(86, 478), (74, 530)], -5), ([(64, 472), (50, 520)], 4), ([(150, 480), (136, 530)], 4)],
        round_by=20,
        thick=12,
        weave=0.05,
    )
    band = two(
        [(186, 398), (178, 408), (200, 456), (226, 504), (238, 545), (254, 545), (246, 508), (216, 452)],
        wool,
        round_by=5,
        thick=4.5,
        weave=0.05,
    )
    whole = over(neck, shirt)
    whole = over(shadow(whole, collar[1], "5b656e", 0.6, 2.5, 0, 2.5), collar)
    whole = over(shadow(whole, band[1], "39424a", 0.5, 3, 0, 3), knit)
    whole = over(shadow(whole, band[1], "120e0b", 0.6, 2, 0, 2), band)
    whole = stitch(whole, ((256, 474), (256.5, 545)), "8b98a3", 0.0, 1.0)
    paint = multiply(whole[0], "9fabb5", 0.55 * line([(259, 474), (259, 545)], 0.8, 0.3) * shirt[1])
    for y in (488, 520):
        paint = tint(paint, "c9d1d8", (bump(252.5, y, 1.6, 1.6) > 0.45) * 0.9)
    return paint, whole[1]


PERSON = Person(
    BUILD,
    SKIN,
    EYE,
    BROW,
    ("f1f2ec", "cdd6cb", "8fa194"),
    body,
    None,
    front,
    face,
    over_head,
    neck=61,
    overhang=0.45,
    strong=1.2,
    lash="1a1412",
)
