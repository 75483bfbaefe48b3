"""Kenji, in his sixties: grey hair, fine wrinkles, cardigan over a shirt."""

from portraits.clothes import Cover, cloth, over, shadow, stitch, two
from portraits.features import Brow, Eye
from portraits.form import Field, area, blur, both, bump, curve, line, mirrored, multiply, pair, tint
from portraits.hair import Lock, Tone, cropped, locks
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
TONE = Tone(("333436", "56575a", "7c7d81", "a2a3a7", "c6c7cb", "eaebee"), spread=0.15, stray="f4f5f7", strays=0.10)
EYE = Eye(
    ("120a07", "2f1c10", "583a22"), half=17.5, slant=2.2, above=7.4, below=4.6, fold=2.6, lashes=0.42, size=10.8
)
BROW = Brow(
    "55524f", "8b8885", ((22, 187.5), (34, 185.5), (46, 185), (58, 187), (68, 193)), (5.2, 6.6, 6.2, 4.4, 1.4), 260
)


def face(paint: Field) -> Field:
    """What is painted on the face."""
    paint = tint(paint, "9aa0a2", 0.10 * blur(area(both([(180, 300), (200, 346), (256, 370)]), 0), 8))
    return multiply(paint, "a5705a", 0.35 * pair(48, 231, 15, 3.4, 8))


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
                (328, 108),
                (304, 98),
                (256, 92),
                (208, 98),
                (184, 112),
            ],
            closed=True,
        )
    )
    return cropped(cap, Tone(("48484b", "68686b", "828286", "96969b", "a6a6ab")), 5, 8, coarse=0.6, fade=1.2)


def front() -> Cover:
    """Hair before the face."""
    # Combed from a parting on his left over to the other side.
    over_top = (
        ((310, 88), (306, 49), (252, 38), (186, 66), (161, 128), (159, 178)),
        ((308, 94), (300, 62), (248, 49), (192, 78), (165, 134), (161, 178)),
        ((307, 99), (296, 76), (250, 64), (200, 90), (172, 136), (164, 176)),
        ((307, 104), (294, 88), (252, 80), (208, 100), (181, 136), (166, 178)),
        ((308, 104), (292, 95), (254, 92), (218, 108), (190, 134), (171, 168)),
    )
    right = (
        ((298, 90), (305, 52), (336, 68), (351, 108), (355, 149), (354, 180)),
        ((302, 94), (311, 66), (334, 80), (348, 114), (353, 152), (352, 180)),
        ((305, 101), (313, 84), (331, 98), (343, 128), (350, 158), (353, 184)),
        ((306, 103), (314, 98), (326, 113), (337, 138), (345, 160), (349, 178)),
    )
    side = (((160, 150), (158, 178), (158, 206), (160, 226)), ((174, 150), (168, 176), (166, 204), (165, 226)))
    gloss = ((0.42, 0.12, 0.17),)
    sides = (
        Lock(side, 420, 0.5, gloss=(), base=0.46, shade=0.06, ends=0.6, wander=1.2, tips=0.05),
        Lock(
            (mirrored(side[0]), mirrored(side[1])),
            420,
            0.5,
            gloss=(),
            base=0.40,
            shade=0.06,
            ends=0.6,
            wander=1.2,
            tips=0.05,
        ),
    )
    return locks(
        (
            *sides,
            Lock(
                right,
                1500,
                0.6,
                gloss=((0.35, 0.1, 0.14),),
                base=0.42,
                shade=0.18,
                ends=0.3,
                wander=1.8,
                tips=0.05,
            ),
            Lock(over_top, 1900, 0.8, gloss=gloss, base=0.50, shade=0.16, ends=0.3, wander=2.2, tips=0.05),
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
    strong=1.2,
    lash="1a1412",
)
