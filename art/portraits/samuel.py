"""Samuel, about 35: dark skin, cropped hair and beard, navy jacket over a knitted shirt."""

import numpy as np

from portraits.clothes import Cover, cloth, over, shadow, stitch, two
from portraits.features import Brow, Eye
from portraits.form import Field, X, Y, area, blur, both, curve, multiply, pair, tint
from portraits.hair import Tone, cropped, stubble
from portraits.head import Build, Skin
from portraits.person import Person

BUILD = Build(
    outline=(
        (256, 60),
        (214, 64),
        (180, 90),
        (163, 136),
        (159, 188),
        (160, 228),
        (163, 262),
        (168, 292),
        (178, 322),
        (200, 350),
        (228, 368),
        (243, 373),
        (256, 374),
    ),
    nose=1.16,
    nose_long=2,
    bridge=0.85,
    brow=1.15,
    cheek=1.0,
    jaw=1.15,
    socket=0.95,
    lips=309,
    blush=0.45,
    eye_y=213,
)
SKIN = Skin(("24120d", "45261a", "6c4029", "8f5a3b", "ad7550", "cf9d76"), "9c4a38", "7a4a3a", "ffe6cf", 0.30)
TONE = Tone(("060404", "0f0b0a", "1b1412", "2b211d", "3f322c"))
EYE = Eye(
    ("140a07", "38200f", "6b4424"), half=19.8, slant=1.3, above=10.7, below=5.8, fold=4.6, lashes=0.62, size=11.6
)
BROW = Brow(
    "120b09",
    "2a1d18",
    ((21, 184.6), (34, 181.8), (46, 180), (58, 181.4), (70, 188.4)),
    (5.2, 7.0, 6.8, 5.0, 1.5),
    380,
)

BEARD = [
    (161, 232),
    (166, 262),
    (170, 292),
    (180, 322),
    (201, 350),
    (229, 368),
    (256, 374),
    (256, 328),
    (245, 326.5),
    (233, 326.5),
    (223, 320),
    (216.5, 311),
    (210, 302),
    (202, 294),
    (190, 284),
    (178, 262),
    (170, 238),
]


def _beard() -> Field:
    """Where it grows: jaw, chin and over the lip, sparse at its edges."""
    jaw = area(BEARD)
    jaw = np.maximum(jaw, jaw[:, ::-1])
    lip = area(
        curve(
            [
                (256, 286),
                (243, 285.5),
                (228, 292),
                (214, 304),
                (212, 318),
                (217, 318),
                (222, 305),
                (238, 301.5),
                (256, 303),
                (274, 301.5),
                (290, 305),
                (295, 318),
                (300, 318),
                (298, 304),
                (284, 292),
                (269, 285.5),
            ],
            closed=True,
        )
    )
    patch = area(curve([(256, 322), (250, 323), (249, 333), (256, 338), (263, 333), (262, 323)], closed=True))
    soft = blur(jaw, 3.4)
    return np.clip(np.clip(soft * 1.3 - 0.12, 0, 1) + 0.9 * blur(lip, 1.8) + 0.8 * blur(patch, 1.5), 0, 1)


def face(paint: Field) -> Field:
    """What is painted on the face."""
    paint = tint(paint, "2e1a13", 0.62 * blur(_beard(), 1.2))
    return multiply(paint, "8a5a48", 0.25 * pair(45, 228, 18, 6))


def over_head() -> Cover:
    """What grows on the head and moves with it."""
    left = [
        (256, 44),
        (218, 49),
        (182, 72),
        (160, 116),
        (157, 150),
        (158.5, 186),
        (161, 214),
        (163, 218),
        (166, 192),
        (169, 166),
        (176, 142),
        (192, 125),
        (220, 116),
        (256, 113.5),
    ]
    mask = area(curve(both(left), closed=True))
    hair = cropped(mask, TONE, 4, 12, coarse=0.5, fade=1.4)
    sides = np.clip((Y - 168) / 46, 0, 1) * np.clip(np.abs(X - 256) / 80 - 0.4, 0, 1)
    hair = hair[0], hair[1] * (1 - 0.55 * sides)
    return over(hair, stubble(_beard(), Tone(TONE.stops[:4]), 9, 0.80))


def body(neck: Cover) -> Cover:
    """Clothes, over the neck."""
    knit = ("3b3a38", "77746e", "aba79e", "cfcbc2", "e9e6df")
    navy = ("05080f", "0e1828", "1a2c47", "2b4365", "4d688d")
    shirt = cloth(
        [
            (180, 408),
            (194, 432),
            (224, 448),
            (256, 453),
            (288, 448),
            (318, 432),
            (332, 408),
            (392, 540),
            (120, 540),
        ],
        knit,
        [([(214, 470), (200, 530)], 3), ([(300, 466), (310, 530)], -4), ([(250, 474), (244, 530)], 3)],
        smooth=False,
        weave=0.03,
    )
    band = cloth(
        [
            (184, 402),
            (192, 420),
            (222, 440),
            (256, 445),
            (290, 440),
            (320, 420),
            (328, 402),
            (334, 412),
            (322, 436),
            (292, 453),
            (256, 458),
            (220, 453),
            (190, 436),
            (178, 412),
        ],
        knit,
        round_by=5,
        thick=4,
        smooth=False,
        weave=0.04,
    )
    coat = two(
        [(176, 398), (152, 418), (104, 432), (58, 450), (26, 480), (14, 520), (12, 545), (232, 545), (206, 480)],
        navy,
        [([(82, 478), (70, 530)], -5), ([(60, 470), (44, 520)], 4), ([(150, 470), (132, 530)], 3)],
        round_by=22,
        thick=13,
    )
    lapel = two(
        [
            (178, 394),
            (168, 410),
            (146, 424),
            (138, 462),
            (164, 468),
            (152, 482),
            (190, 520),
            (214, 545),
            (236, 545),
            (206, 486),
            (184, 432),
        ],
        navy,
        [([(178, 400), (190, 450), (222, 530)], 2)],
        round_by=5,
        thick=4,
    )
    whole = over(neck, shadow(shirt, band[1], "2b2926", 0.5, 2, 0, 2), band)
    whole = over(shadow(whole, coat[1], "191817", 0.5, 4, 0, 3), coat)
    whole = over(shadow(whole, lapel[1], "03050a", 0.6, 3, 1, 3), lapel)
    for points in (
        ((179, 396), (190, 446), (208, 488), (238, 545)),
        ((333, 396), (322, 446), (304, 488), (274, 545)),
    ):
        whole = stitch(whole, points, "7d97bd", 0.4, 0.9)
    return whole


PERSON = Person(
    BUILD,
    SKIN,
    EYE,
    BROW,
    ("f5efe6", "dccdb9", "a58d75"),
    body,
    None,
    None,
    face,
    over_head,
    neck=66,
    strong=1.25,
    lash="070404",
)
