"""Vera, about 30: chestnut hair, teal jacket."""

import numpy as np

from portraits.clothes import Cover, cloth, over, shadow, stitch, two
from portraits.features import Brow, Eye
from portraits.form import Field, blur, bump, curve, line, mirrored, multiply, pair, screen, tint
from portraits.hair import Lock, Tone, locks
from portraits.head import Build, Skin
from portraits.person import Person

BUILD = Build(
    outline=(
        (256, 60),
        (216, 65),
        (184, 92),
        (168, 138),
        (164, 188),
        (165, 226),
        (168, 256),
        (176, 287),
        (190, 316),
        (210, 342),
        (232, 361),
        (244, 366),
        (256, 367.5),
    ),
    nose=0.86,
    nose_long=2,
    bridge=0.95,
    brow=0.55,
    cheek=1.1,
    jaw=0.8,
    socket=0.85,
)
SKIN = Skin(("8a4a3a", "c78468", "e6b092", "f4caad", "fbddc8", "fff0e3"), "ea7c70", "cc8b74", "fff5ec", 0.20)
TONE = Tone(("24120c", "3d2116", "5d3523", "7f4b31", "a66c48", "d3a077"))
EYE = Eye(
    ("1d3a3a", "4d8074", "a3bd98"),
    half=20.5,
    slant=2.2,
    above=11.4,
    below=5.9,
    fold=4.8,
    lashes=1.1,
    wing=3.6,
    lid="c08e7c",
    size=12.0,
)
BROW = Brow(
    "4b2d20",
    "7a5139",
    ((21.5, 185.2), (34, 181.8), (46, 179.2), (57.5, 180.4), (69, 187.0)),
    (3.6, 5.0, 4.8, 3.4, 0.9),
    260,
)


def face(paint: Field) -> Field:
    """What is painted on the face."""
    return tint(paint, "e98a80", 0.06 * pair(56, 262, 22, 10, -24))


def back() -> Cover:
    """Hair behind the neck."""
    left = ((250, 74), (200, 84), (166, 140), (158, 210), (152, 290), (140, 350), (150, 460))
    inner = ((254, 74), (226, 100), (206, 160), (204, 230), (206, 300), (212, 350), (208, 462))
    part = Lock((left, inner), 420, 2.2, gloss=(), base=0.20, shade=0.1)
    return locks(
        (part, Lock((mirrored(left), mirrored(inner)), 420, 2.2, gloss=(), base=0.16, shade=0.1)), TONE, 3
    )


def front() -> Cover:
    """Hair before the face."""
    # Parted on her left: one side sweeps over the forehead, the other falls behind the cheek; both end in waves.
    right = (
        ((287, 52), (328, 42), (367, 86), (384, 168), (384, 240), (394, 318), (404, 372), (386, 420), (372, 448)),
        ((288, 62), (324, 62), (360, 112), (374, 186), (372, 254), (378, 326), (388, 376), (370, 424), (350, 450)),
        ((289, 80), (317, 95), (348, 138), (362, 194), (360, 262), (360, 332), (366, 380), (352, 424), (330, 444)),
        (
            (289, 97),
            (310, 119),
            (334, 160),
            (350, 208),
            (350, 268),
            (343, 330),
            (346, 376),
            (340, 414),
            (322, 432),
        ),
    )
    left = (
        ((291, 52), (230, 34), (164, 66), (134, 148), (126, 232), (116, 316), (106, 374), (124, 422), (138, 448)),
        ((291, 64), (224, 50), (170, 88), (144, 168), (138, 248), (132, 326), (122, 380), (142, 426), (164, 452)),
        ((290, 80), (228, 86), (181, 124), (156, 184), (151, 258), (149, 334), (144, 384), (162, 426), (184, 446)),
        (
            (290, 98),
            (240, 116),
            (193, 153),
            (166, 204),
            (162, 264),
            (168, 330),
            (166, 378),
            (172, 414),
            (190, 432),
        ),
    )
    strand = (
        (291, 72),
        (240, 78),
        (194, 122),
        (170, 178),
        (161, 236),
        (164, 290),
        (158, 344),
        (168, 392),
        (188, 424),
    )
    other = (
        (290, 91),
        (245, 104),
        (204, 141),
        (180, 186),
        (169, 232),
        (174, 288),
        (172, 344),
        (180, 388),
        (200, 420),
    )
    sheen = ((0.24, 0.07, 0.34), (0.55, 0.09, 0.16), (0.83, 0.06, 0.16))
    return locks(
        (
            Lock(
                right,
                1500,
                0.95,
                gloss=((0.25, 0.07, 0.24), (0.56, 0.09, 0.12), (0.84, 0.06, 0.14)),
                base=0.42,
                shade=0.20,
                ends=0.16,
                wander=3.2,
            ),
            Lock(left, 1900, 0.95, gloss=sheen, base=0.45, shade=0.22, ends=0.16, wander=3.2),
            Lock((strand, other), 300, 0.9, gloss=sheen, base=0.47, shade=0.2, ends=0.2, wander=2.4),
        ),
        TONE,
        7,
    )


def body(neck: Cover) -> Cover:
    """Clothes, over the neck."""
    cream = ("8f7f74", "c9bbae", "ece2d6", "f8f2ea", "fffdf8")
    teal = ("06181c", "0f343b", "1d525b", "2f7079", "5d9da3")
    blouse = cloth(
        [(208, 414), (232, 452), (256, 474), (280, 452), (304, 414), (330, 540), (182, 540)],
        cream,
        [([(244, 476), (236, 520)], -3), ([(268, 478), (276, 520)], 3), ([(226, 452), (216, 510)], 3)],
        smooth=False,
    )
    coat = two(
        [
            (199, 396),
            (190, 416),
            (150, 432),
            (100, 448),
            (66, 470),
            (46, 512),
            (44, 545),
            (256, 545),
            (250, 522),
            (222, 456),
        ],
        teal,
        [([(110, 470), (104, 530)], -5), ([(96, 464), (80, 520)], 4), ([(170, 470), (150, 530)], 3)],
        round_by=20,
        thick=12,
    )
    lapel = two(
        [
            (199, 390),
            (196, 404),
            (176, 420),
            (170, 452),
            (192, 458),
            (184, 470),
            (214, 506),
            (248, 536),
            (258, 536),
            (226, 470),
            (210, 424),
        ],
        teal,
        [([(204, 398), (212, 440), (244, 520)], 2)],
        round_by=5,
        thick=4,
    )
    neck = over(neck, shadow(blouse, lapel[1], "4a3a34", 0.55, 3, 0, 2))
    whole = over(neck, coat)
    whole = over(shadow(whole, lapel[1], "061316", 0.6, 3, 1, 3), lapel)
    for points in (
        ((199, 392), (213, 432), (226, 468), (256, 532)),
        ((313, 392), (299, 432), (286, 468), (256, 532)),
    ):
        whole = stitch(whole, points, "7fb8bd", 0.45, 0.9)
    chain = [(214, 400), (228, 430), (256, 446), (284, 430), (298, 400)]
    gold = line(curve(chain), 1.1, 0.2)
    paint, cover = whole
    paint = multiply(paint, "8a4f38", 0.4 * line(curve([(x + 0.6, y + 2) for x, y in chain]), 1.6, 0.8))
    paint = tint(paint, "cfa256", gold)
    drop = bump(256, 449.5, 2.6, 3.2) > 0.5
    paint = tint(paint, "d9ae56", blur(drop.astype(np.float32), 0.3))
    return screen(paint, "fff3cf", 0.8 * bump(255, 448.5, 0.9, 0.9)), cover


PERSON = Person(
    BUILD,
    SKIN,
    EYE,
    BROW,
    ("f4f6f6", "d3e0e5", "94b0be"),
    body,
    back,
    front,
    face,
    neck=51,
    strong=0.7,
    ears=False,
)
