"""The head of a person: skin as a lit surface, ears, neck."""

from dataclasses import dataclass, field

import numpy as np

from portraits.form import (
    Field,
    X,
    Y,
    area,
    blur,
    both,
    bump,
    curve,
    edge,
    grain,
    light,
    line,
    mirrored,
    multiply,
    pair,
    ramp,
    screen,
    shine,
    tint,
)

CENTRE = (256.0, 222.0)


@dataclass(frozen=True)
class Skin:
    """How skin takes light."""

    stops: tuple[str, ...]
    """From the deepest shadow to the brightest light."""
    blush: str
    """What cheeks, nose and ears are tinted with."""
    shade: str
    """What hollows are multiplied with."""
    gloss: str
    """The colour of mirrored light."""
    wet: float = 0.2
    """How much of it."""


@dataclass(frozen=True)
class Build:
    """The form of a head; lengths in units."""

    outline: tuple[tuple[float, float], ...]
    """Its left half, from the crown to the chin."""
    eye: float = 45.0
    """From the middle to an eye."""
    eye_y: float = 214.0
    nose: float = 1.0
    """How wide the nose is."""
    nose_long: float = 0.0
    """How much lower its tip is."""
    bridge: float = 1.0
    """How high its bridge is."""
    brow: float = 1.0
    """How far the bones over the eyes stand out."""
    cheek: float = 1.0
    jaw: float = 1.0
    socket: float = 1.0
    """How deep the eyes lie."""
    lips: float = 307.0
    """Where they meet."""
    age: float = 0.0
    """0 to 1: folds and wrinkles."""
    blush: float = 1.0
    extra: tuple[str, ...] = field(default=())


def mask(build: Build) -> Field:
    """Where the head is."""
    return area(curve(both(build.outline), closed=True))


def _dome(build: Build) -> Field:
    """The head without its features."""
    outline = curve(both(build.outline), closed=True)
    dx, dy = outline[:, 0] - CENTRE[0], outline[:, 1] - CENTRE[1]
    angles, radii = np.arctan2(dy, dx), np.hypot(dx, dy)
    order = np.argsort(angles)
    x, y = X - CENTRE[0], Y - CENTRE[1]
    r = np.hypot(x, y) / np.interp(np.arctan2(y, x), angles[order], radii[order], period=2 * np.pi)
    down = np.clip(y / 150, 0, 1)
    power = 2.7 + 3.6 * down**1.3
    return 92 * np.sqrt(np.clip(1 - np.clip(r, 0, 1.0) ** power, 0.002, 1)) * (1 - 0.12 * down)


def height(build: Build) -> Field:
    """The surface of the face, its eyes and mouth closed."""
    e, ey, lips, n = build.eye, build.eye_y, build.lips, build.nose
    tip = 264 + build.nose_long
    z = blur(_dome(build), 1.2)
    z = z + 3.4 * build.brow * pair(36, ey - 26, 24, 7.5, 6)
    z = z - 7.5 * build.socket * pair(e - 2, ey - 2, 23, 13) - 4.5 * build.socket * pair(21, ey - 6, 8, 10)
    z = z + 7.0 * pair(e, ey + 0.5, 17.5, 10.5)
    z = z + 5.5 * build.cheek * pair(62, ey + 35, 25, 15, -18) - 3.0 * build.cheek * pair(66, ey + 78, 16, 24, 14)
    # The nose: a ridge that rises to the tip, its wings, and what lies under it.
    t = np.clip((Y - (ey - 12)) / (tip - ey + 12), 0, 1)
    rise = build.bridge * (4.0 + 4 * t) + 7.5 * t**2.4
    fall = 1 / (1 + np.exp(np.clip((Y - tip - 6.0) / 3.0, -50, 50)))
    start = 1 / (1 + np.exp(np.clip(-(Y - ey + 10) / 6, -50, 50)))
    wide = n * (7.4 + 3.4 * t**1.6)
    z = z + rise * fall * start * np.exp(-((np.abs(X - 256) / wide) ** 2.3))
    z = z + 5.0 * bump(256, tip - 0.5, 7.0 * n, 6.6) + 5.0 * pair(14.0 * n, tip + 1.5, 4.6 * n, 5.0)
    z = z - 1.6 * pair(19.5 * n, tip + 1, 2.6, 6) - 1.2 * bump(256, tip + 12, 13 * n, 3.4)
    # The mouth's mound, philtrum, chin and the fold above it.
    z = z + 5.0 * bump(256, lips - 1, 33, 18) - 1.1 * bump(256, (tip + lips) / 2 + 4, 2.5, 7)
    z = z + 0.7 * pair(5, (tip + lips) / 2 + 4, 2.2, 7)
    z = z - 3.6 * bump(256, lips + 20, 19, 5) + 6.0 * build.jaw * bump(256, lips + 37, 19, 12)
    z = z - 1.6 * pair(42, lips + 3, 7, 9)
    z = z + 2.2 * bump(256, ey - 72, 48, 26) - 3.0 * pair(82, ey - 24, 12, 24)
    # From the wing of the nose to the corner of the mouth.
    way = [(256 - 20 * n, tip - 3), (223, tip + 9), (212, lips - 14), (206, lips), (206, lips + 11)]
    fold = line(curve(way), (1, 2.5, 0.6)) + line(curve(mirrored(way)), (1, 2.5, 0.6))
    return z - (1.5 + 5.4 * build.age) * blur(fold, 2.6) + _wrinkles(build)


def _wrinkles(build: Build) -> Field:
    """Fine lines of age: forehead, beside and below the eyes."""
    found = np.zeros_like(X)
    if build.age <= 0:
        return found
    e, ey = build.eye, build.eye_y
    lines = [
        ([(214, ey - 62), (236, ey - 66), (256, ey - 64), (276, ey - 66), (300, ey - 61)], 0.55),
        ([(208, ey - 50), (232, ey - 54), (256, ey - 51), (280, ey - 54), (305, ey - 49)], 0.6),
        ([(222, ey - 75), (246, ey - 78), (276, ey - 77), (292, ey - 74)], 0.35),
        ([(252, ey - 26), (250.5, ey - 20), (251, ey - 14)], 0.3),
        ([(260, ey - 26), (261.5, ey - 20), (261, ey - 14)], 0.3),
    ]
    half = [
        ([(256 - e - 21, ey - 1), (256 - e - 30, ey - 5), (256 - e - 37, ey - 10)], 0.8),
        ([(256 - e - 21, ey + 3), (256 - e - 31, ey + 3), (256 - e - 39, ey + 1)], 0.9),
        ([(256 - e - 20, ey + 7), (256 - e - 29, ey + 10), (256 - e - 36, ey + 12)], 0.8),
        (
            [(256 - e + 18, ey + 10), (256 - e + 8, ey + 17), (256 - e - 6, ey + 18.5), (256 - e - 17, ey + 13)],
            1.0,
        ),
        ([(256 - e + 12, ey + 19), (256 - e + 2, ey + 23.5), (256 - e - 10, ey + 24)], 0.9),
        ([(212, build.lips + 10), (210, build.lips + 20), (214, build.lips + 30)], 0.35),
    ]
    lines += half + [(mirrored(points), depth) for points, depth in half]
    for points, depth in lines:
        found = found - depth * build.age * blur(line(curve(points), (0.3, 1.2, 0.3)), 1.0) * 1.5
    return found


def paint(build: Build, skin: Skin) -> tuple[Field, Field]:
    """Colour (B, G, R) and cover of the head, the eyes closed and without lips."""
    z = height(build)
    cover = mask(build)
    e, ey, lips, n = build.eye, build.eye_y, build.lips, build.nose
    tip = 264 + build.nose_long
    value = light(z)
    # Hollows get less of the sky.
    hollow = np.clip((blur(z, 9) - z) / 9, 0, 1)
    value = value - 0.18 * hollow
    value = value - 0.11 * blur(
        line([(238 - 3 * n, tip + 9), (262, tip + 10.5), (272 + 3 * n, tip + 7)], (2, 6, 2)), 2.0
    )
    # The clothes throw light back: no edge of a face is black.
    value = 0.5 * (value + 0.26 + np.sqrt((value - 0.26) ** 2 + 0.02))
    out = ramp(np.clip((value - 0.13) / 0.83, 0, 1), skin.stops)
    out = multiply(out, skin.shade, 0.55 * hollow)
    warm = (
        0.20 * pair(57, ey + 46, 21, 13, -18)
        + 0.26 * bump(256, tip + 1, 12 * n, 8)
        + 0.10 * bump(256, lips + 38, 14, 8)
    )
    out = tint(out, skin.blush, build.blush * warm)
    out = multiply(out, skin.shade, 0.24 * pair(e - 6, ey + 14, 15, 4.6, 10) + 0.22 * pair(e - 2, ey - 11, 19, 6))
    out = multiply(out, skin.shade, (0.26 + 0.3 * build.age) * _creases(build))
    nostril = curve(
        [
            (246.8 - 3.2 * n, tip + 7.8),
            (245.6, tip + 5.2),
            (250.2, tip + 5.9),
            (252, tip + 8.6),
            (248.5, tip + 9.2),
        ],
        closed=True,
    )
    hole = area(nostril, 0.45) + area(mirrored([(float(a), float(b)) for a, b in nostril]), 0.45)
    out = multiply(out, skin.stops[0], 0.72 * np.clip(hole, 0, 1))
    wing = [
        (256 - 13.5 * n, tip + 7.6),
        (256 - 18.2 * n, tip + 5.0),
        (256 - 18.8 * n, tip - 0.5),
        (256 - 16.2 * n, tip - 5),
    ]
    wings = line(curve(wing), (0.5, 1.7, 0.3), 0.9) * 0.8 + line(curve(mirrored(wing)), (0.5, 1.9, 0.4), 0.9)
    out = multiply(out, skin.shade, 0.62 * wings)
    out = _nose_shade(out, build, skin, tip)
    wet = shine(z, 26) * 0.8 + shine(z, 80) * 0.5
    out = screen(out, skin.gloss, skin.wet * wet)
    out = screen(out, skin.gloss, 0.22 * edge(z) * (X > 256))
    out = out * (1 + 0.004 * grain(3, 1.1) + 0.004 * grain(4, 7.0))[:, :, None]
    return np.clip(out, 0, 1), cover


def _nose_shade(out: Field, build: Build, skin: Skin, tip: float) -> Field:
    """The nose's side away from the light, its underside, and the light along its bridge and on its tip."""
    ey, n = build.eye_y, build.nose
    away = [(256 + 13, ey - 21), (256 + 7.5, ey - 6), (256 + 7.5 * n, ey + 16), (256 + 10.5 * n, tip - 9)]
    near = [(256 - 14, ey - 21), (256 - 8.5, ey - 6), (256 - 8.5 * n, ey + 14), (256 - 11 * n, tip - 10)]
    out = multiply(out, skin.shade, 0.48 * line(curve(away), (2, 4.5, 6, 7.5, 2), 3.0))
    out = multiply(out, skin.shade, 0.17 * line(curve(near), (3, 4, 4, 5, 2), 3.0))
    # The ball of the tip, round against its wings.
    ball = [(256 + 3, tip + 6), (256 + 8.5 * n, tip + 4), (256 + 10 * n, tip - 2), (256 + 7.5 * n, tip - 8)]
    out = multiply(out, skin.shade, 0.36 * line(curve(ball), (1, 3.4, 3, 1), 1.8))
    out = multiply(out, skin.shade, 0.30 * line(curve(mirrored(ball)), (1, 3, 2.4, 1), 1.8))
    out = multiply(out, skin.shade, 0.28 * bump(256, tip + 8.2, 8.5 * n, 2.2))
    ridge = line([(254.5, ey - 2), (254.3, ey + 20), (254, tip - 10)], (1.5, 3.2, 2), 1.8)
    out = screen(out, skin.gloss, (0.4 + skin.wet) * 0.24 * ridge)
    return screen(out, skin.gloss, (0.4 + skin.wet) * 0.5 * bump(253.2, tip - 3, 3.0, 2.6))


def _creases(build: Build) -> Field:
    z = _wrinkles(build)
    return np.clip(-z / 1.2, 0, 1)


def neck(build: Build, skin: Skin, half: float, thick: float = 1.0) -> tuple[Field, Field]:
    """Colour and cover of the neck and what shows of the chest; `half` its width at the throat in units."""
    left = [
        (256 - half - 1, 300),
        (256 - half, 345),
        (256 - half - 1, 378),
        (256 - half - 8, 404),
        (256 - half - 20, 426),
        (256 - half - 44, 450),
        (256 - half - 44, 520),
        (256, 520),
    ]
    cover = area(curve(both([(256, 296), *left]), closed=True))
    z = 64 * np.sqrt(np.clip(1 - (np.abs(X - 256) / (half + 6)) ** 2.6, 0.004, 1))
    low = 1 / (1 + np.exp(np.clip(-(Y - 412) / 9, -50, 50)))
    chest = 40 - 0.0012 * (X - 256) ** 2 - 0.10 * (Y - 412)
    z = z * (1 - low) + chest * low
    cord = [(256 - half + 4, 346), (256 - half + 10, 384), (250 - 8, 424)]
    for points in (cord, mirrored(cord)):
        z = z + 4.2 * thick * blur(line(curve(points), (5, 9, 5)), 4)
    z = z - 5 * bump(256, 428, 8, 7) + 3.4 * thick * blur(line([(150, 430), (205, 424), (246, 434)], (4, 8, 5)), 4)
    z = z + 3.4 * thick * blur(line([(362, 430), (307, 424), (266, 434)], (4, 8, 5)), 4)
    z = z + 2.2 * (thick - 0.6) * bump(256, 392, 7, 10)
    value = light(blur(z, 1.2)) - 0.03
    out = ramp(np.clip((value - 0.13) / 0.83, 0, 1), skin.stops)
    chin = max(y for _, y in build.outline)
    shadow = area(
        curve(
            [
                (150, 270),
                (176, 330),
                (204, chin - 2),
                (240, chin + 22),
                (274, chin + 26),
                (318, chin + 10),
                (350, 330),
                (360, 270),
            ],
            closed=True,
        ),
        7,
    )
    out = multiply(out, skin.shade, 0.78 * shadow)
    out = multiply(out, skin.shade, 0.35 * blur(area(curve(both(build.outline), closed=True)), 5))
    out = out * (1 + 0.004 * grain(14, 6.0))[:, :, None]
    return np.clip(out, 0, 1), cover
