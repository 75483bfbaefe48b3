"""Eyes, lids, lashes and brows."""

from dataclasses import dataclass

import cv2
import numpy as np

from portraits.form import (
    SCALE,
    SIDE,
    Field,
    X,
    Y,
    area,
    blur,
    colour,
    curve,
    line,
    multiply,
    ramp,
    screen,
    tint,
)
from portraits.head import Build, Skin


@dataclass(frozen=True)
class Eye:
    """The form and colours of eyes; lengths in units."""

    iris: tuple[str, str, str]
    """Rim, body, and the light part near the pupil."""
    half: float = 18.0
    """Half the length of the opening."""
    slant: float = 2.0
    """How much higher the outer corner is."""
    above: float = 9.5
    """From the line of the corners to the upper lid."""
    below: float = 5.4
    fold: float = 5.0
    """From the upper lid's edge to its fold; 0 for none to be seen."""
    lashes: float = 1.0
    wing: float = 0.0
    """How far the lashes reach beyond the outer corner."""
    lid: str = ""
    """Paint on the upper lid."""
    size: float = 11.2
    """Radius of the iris."""


@dataclass(frozen=True)
class Brow:
    """Brows."""

    dark: str
    light: str
    points: tuple[tuple[float, float], ...]
    """The left one from its inner end outwards, as distances from the face's middle and heights."""
    widths: tuple[float, ...] = (5.5, 7.0, 6.0, 3.0, 1.0)
    density: int = 300


def _corners(build: Build, eye: Eye) -> tuple[tuple[float, float], tuple[float, float]]:
    x, y = 256 - build.eye, build.eye_y
    return (x - eye.half, y - eye.slant / 2 + 1), (x + eye.half, y + eye.slant / 2 + 2.2)


def edges(build: Build, eye: Eye, closed: float) -> tuple[np.ndarray, np.ndarray]:
    """The left eye's upper and lower edge from the outer corner to the inner one; `closed` -1 (wide) to 1."""
    (x0, y0), (x1, y1) = _corners(build, eye)
    t = np.linspace(0, 1, 48)
    x, base = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
    top = np.sin(np.pi * t ** (0.92)) ** 0.80 * (1 + 0.10 * np.sin(2 * np.pi * t))
    low = np.sin(np.pi * t**1.12) ** 0.9
    wide = -min(closed, 0.0)
    upper = base - (eye.above + 2.6 * wide) * top
    lower = base + (eye.below + 0.9 * wide) * low
    shut = base + (eye.below - 0.4) * low
    shut_low = shut + 0.3
    c = max(closed, 0.0)
    upper = upper + c * (shut - upper)
    lower = lower + c * (shut_low - lower) * 0.4
    upper = np.minimum(upper, lower)
    return np.stack((x, upper), axis=1), np.stack((x, lower), axis=1)


def _two(left: Field) -> Field:
    """A mask of the left eye and its mirror image."""
    return np.maximum(left, left[:, ::-1])


def opening(build: Build, eye: Eye, closed: float) -> Field:
    """Where the eyeballs show."""
    upper, lower = edges(build, eye, closed)
    return _two(area(np.vstack((upper, lower[::-1])), 0.22))


def balls(build: Build, eye: Eye, skin: Skin) -> tuple[Field, Field]:
    """Colour and cover of the whites."""
    upper, lower = edges(build, eye, -1)
    cover = _two(area(np.vstack((upper, lower[::-1])), 0.5))
    x = np.where(X < 256, X - (256 - build.eye), X - (256 + build.eye))
    y = Y - build.eye_y
    r = np.clip((x / 23) ** 2 + (y / 16) ** 2, 0, 1)
    value = 1.0 - 0.34 * r - 0.06 * np.clip(x / 20, -1, 1)
    out = ramp(np.clip(value, 0, 1), ("8d7a78", "b9aaa8", "dcd5d3", "efebe8", "f5f3f1"))
    # The lid's shadow on the ball.
    base = edges(build, eye, 0)[0]
    shadow = _two(area(np.vstack((base, base[::-1] - [0, 14])), 0) + line(base, (5, 6.5, 5)))
    out = multiply(out, "8a6f6c", 0.62 * blur(np.clip(shadow, 0, 1), 1.5))
    inner = np.where(X < 256, X - (256 - build.eye + eye.half), (256 + build.eye - eye.half) - X)
    pink = np.exp(-((inner / 3.2) ** 2)) * np.exp(-(((y - eye.slant / 2 - 2) / 4) ** 2))
    out = tint(out, "c98a80", 0.75 * pink)
    return np.clip(out, 0, 1), cover


def irises(build: Build, eye: Eye) -> tuple[Field, Field]:
    """Colour and cover of irises and pupils, with what they mirror."""
    out, cover = np.zeros((*X.shape, 3), np.float32), np.zeros_like(X)
    random = np.random.default_rng(5)
    spokes = cv2.GaussianBlur(random.standard_normal((1, 720)).astype(np.float32), (0, 0), 2.2)[0]
    spokes = spokes / spokes.std()
    for side in (-1, 1):
        x, y = X - (256 + side * build.eye), Y - build.eye_y - 0.2
        r = np.hypot(x, y) / eye.size
        angle = np.arctan2(y, x)
        ray = np.interp(angle, np.linspace(-np.pi, np.pi, 720), spokes) * np.exp(-(((r - 0.65) / 0.25) ** 2))
        value = 1.05 - 0.95 * np.clip((r - 0.42) / 0.56, 0, 1) ** 1.6 + 0.07 * ray
        # Light from above goes through and shines below.
        value = value * (0.78 + 0.34 * np.clip(y / eye.size + 0.1, -0.8, 0.9))
        part = ramp(np.clip(value, 0, 1), eye.iris)
        part = multiply(part, "1a1210", np.clip((r - 0.86) / 0.12, 0, 1) * 0.55)
        pupil = np.clip((0.42 - r) * eye.size / 1.1 + 0.5, 0, 1)
        part = part * (1 - pupil[:, :, None]) + colour("0b0808") * pupil[:, :, None]
        base = edges(build, eye, 0)[0]
        shade = area(np.vstack((base, base[::-1] - [0, 14])), 0) + line(base, (4, 5.0, 4))
        shade = shade if side < 0 else shade[:, ::-1]
        part = multiply(part, "2a1f22", 0.6 * blur(np.clip(shade, 0, 1), 1.6))
        # Windows are mirrored at the same side in both eyes.
        glint = np.clip(
            blur(
                area(
                    [
                        (a + 256 + side * build.eye, b + build.eye_y)
                        for a, b in ((-5.6, -5.2), (-1.2, -6.0), (-0.9, -1.7), (-4.9, -1.3))
                    ]
                ),
                0.35,
            ),
            0,
            1,
        )
        part = screen(part, "fffdf8", 0.95 * glint)
        part = screen(
            part, "dfeaf4", 0.30 * np.clip(1.3 * np.exp(-(((x - 3.4) / 2.2) ** 2 + ((y - 4.6) / 1.8) ** 2)), 0, 1)
        )
        here = np.clip((1 - r) * eye.size / 0.9 + 0.5, 0, 1)
        out += part * here[:, :, None]
        cover += here
    return out / np.maximum(cover, 1e-3)[:, :, None], np.clip(cover, 0, 1)


def lids(
    build: Build, eye: Eye, skin: Skin, face: Field, closed: float, lash: str = "1c1110"
) -> tuple[Field, Field]:
    """Colour and cover of the lids at one moment: the face's own skin with a hole, its folds and lashes."""
    upper, lower = edges(build, eye, closed)
    ey, e = build.eye_y, build.eye
    hole = opening(build, eye, closed)
    around = _two(
        np.clip((1 - np.sqrt(((X - 256 + e) / (eye.half + 12)) ** 2 + ((Y - ey + 0.5) / 19.0) ** 2)) * 7, 0, 1)
    )
    out = face.copy()
    c = max(closed, 0.0)
    # The fold stays, the lid comes down below it.
    rest = edges(build, eye, min(closed, 0.0))[0]
    t = np.linspace(0, 1, len(rest))
    high = eye.fold * (0.55 + 0.45 * np.sin(np.pi * np.clip(t * 0.92, 0, 1)))
    fold = rest - np.stack((0 * t, high * (1 + 0.0 * c)), axis=1)
    lid = area(np.vstack((fold, upper[::-1])), 0.5)
    if eye.lid:
        out = tint(out, eye.lid, 0.5 * _two(blur(lid, 1.0)))
    # A rounded lid: light in the middle, darker towards fold and edge.
    glow = _two(blur(line((fold + upper) / 2, (0.5, 2.4 + 4 * c, 0.5)), 1.5)) * _two(blur(lid, 0.8))
    out = screen(out, skin.stops[-1], (0.14 - 0.04 * c) * glow)
    if eye.fold > 0.1:
        crease = _two(line(fold[2:-3], (0.5, 1.7, 1.3, 0.4), 0.55))
        out = multiply(out, skin.shade, 0.62 * crease)
        out = multiply(out, skin.shade, 0.36 * _two(line(fold - [0, 2.0], (2, 5, 2), 2.2)))
    out = multiply(out, skin.shade, 0.5 * (1 - 0.4 * c) * _two(line(lower + [0, 1.3], (0.5, 1.6, 0.8), 0.6)))
    out = screen(out, skin.stops[-1], 0.26 * (1 - c) * _two(line(lower[4:-2] + [0, 0.5], (0.3, 1.0, 0.5), 0.35)))
    out = multiply(out, skin.shade, 0.35 * _two(line(lower[5:-5] + [0, 5.2], (0.5, 2.6, 0.6), 1.6)))
    cover = around * (1 - hole)
    # Lashes: a band along the edge, thicker outwards, then hairs.
    k = eye.lashes
    path = upper.copy()
    if eye.wing:
        path = np.vstack(
            (
                upper[0] + [-eye.wing, -0.55 * eye.wing + 1.5 * c],
                upper[0] + [-0.4 * eye.wing, -0.1 * eye.wing],
                path,
            )
        )
    band = line(path - [0, 0.35], (0.5, 1.9 * k, 2.2 * k, 1.9 * k, 1.5 * k, 0.6), 0.28)
    hairs = np.zeros_like(band)
    random = np.random.default_rng(11)
    up = 1 - 1.9 * c
    for s in np.linspace(0.0, 0.8, int(30 * k)):
        at = upper[int(s * 47)]
        out_by = (0.62 - s) * 5.2
        long = (2.0 + 2.0 * (1 - s)) * (0.7 + 0.3 * k) * random.uniform(0.8, 1.15)
        tip = at + [-out_by * 0.75, -long * up * 0.72]
        middle = (at + tip) / 2 + [-out_by * 0.02, 0.5 * up + 0.4 * c]
        hairs = np.maximum(hairs, line(curve([tuple(at), tuple(middle), tuple(tip)], 6), (0.8, 0.5, 0.1)))
    low = line(lower[3:-4] + [0, 0.2], (0.9 * k, 0.7 * k, 0.3), 0.3) * 0.55
    dark = np.clip(_two(np.clip(band + 0.6 * k * hairs + low, 0, 1)), 0, 1)
    out = out + dark[:, :, None] * (colour(lash) - out)
    return np.clip(out, 0, 1), np.clip(np.maximum(cover, dark), 0, 1)


def brows(build: Build, brow: Brow) -> tuple[Field, Field]:
    """Colour and cover of both brows: hairs over a soft base."""
    path = curve([(256 - x, y) for x, y in brow.points], 30)
    widths = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(brow.widths)), brow.widths)
    soft = np.clip(line(path, tuple(brow.widths), 1.1), 0, 1)
    cover = 0.62 * soft
    random = np.random.default_rng(23)
    dark, bright = np.zeros_like(X), np.zeros_like(X)
    mask = np.zeros((2 * SIDE * SCALE, 2 * SIDE * SCALE), np.uint8)
    second = mask.copy()
    step = np.gradient(path, axis=0)
    for number in range(brow.density):
        s = random.uniform(0, 1) ** 0.9
        i = int(s * (len(path) - 1))
        d = step[i] / np.linalg.norm(step[i])
        normal = np.array([-d[1], d[0]])
        if normal[1] < 0:
            normal = -normal
        off = random.uniform(-0.5, 0.5) * widths[i]
        at = path[i] + normal * (off + 0.3)
        lean = 0.9 - 0.75 * s
        way = d * (1 - 0.45 * lean) - normal * lean * (0.8 if off > 0 else 0.25)
        way = way / np.linalg.norm(way)
        tip = at + way * random.uniform(3.5, 6.5) * (1.0 - 0.25 * s)
        target = mask if number % 4 else second
        a, b = (np.rint(p * SCALE * 2 * 16).astype(int) for p in (at, tip))
        cv2.line(target, tuple(map(int, a)), tuple(map(int, b)), 255, 1 if number % 3 else 2, cv2.LINE_AA, 4)
    size = (SIDE * SCALE, SIDE * SCALE)
    dark = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    bright = cv2.resize(second, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    # The inner ends thin out.
    thin = np.clip((256 - brow.points[0][0] - X) / 9 + 0.35, 0.0, 1)
    cover = _two(
        thin
        * np.clip(
            cover * np.clip(thin * 1.4 - 0.4, 0, 1) + 0.5 * blur(dark, 0.25) + 0.42 * blur(bright, 0.25), 0, 0.96
        )
    )
    share = _two(np.clip(bright * 1.1, 0, 0.8))
    out = np.ones((*X.shape, 3), np.float32) * colour(brow.dark)
    out = out + share[:, :, None] * (colour(brow.light) - out)
    return out, cover
