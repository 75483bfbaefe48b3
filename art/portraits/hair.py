"""Hair: strands between guides, each lit along its way."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from portraits.form import (
    SCALE,
    Field,
    Points,
    blur,
    colour,
    curve,
    grain,
    light,
    ramp,
    swell,
)

FINE = 2
"""Strands are drawn this much finer than the picture."""
STEPS = 96


@dataclass(frozen=True)
class Tone:
    """The colours of hair from its depths to its gloss."""

    stops: tuple[str, ...]
    spread: float = 0.13
    """How much strands differ."""
    stray: str = ""
    """The colour of single strands among the others, such as grey ones."""
    strays: float = 0.0
    """How many of them, 0 to 1."""


@dataclass(frozen=True)
class Lock:
    """Strands that lie between guides, from root to tip."""

    guides: tuple[Points, ...]
    """Two or more lines side by side, with as many points each."""
    count: int = 300
    width: float = 1.5
    """Of a strand, in units."""
    gloss: tuple[tuple[float, float, float], ...] = ((0.25, 0.09, 0.5),)
    """Where along the strands light is mirrored: (place from 0 to 1, how far, how much)."""
    base: float = 0.42
    """How light it is without gloss, 0 to 1."""
    shade: float = 0.25
    """How much darker the first and the last guide are than the middle."""
    ends: float = 0.06
    """How unevenly the strands end."""
    wander: float = 1.2
    """How far strands leave their way, in units."""
    starts: float = 0.0
    """How unevenly they begin."""
    roots: float = 0.1
    """How much darker the roots are."""
    tips: float = 0.12


def _fan(lock: Lock, at: float) -> np.ndarray:
    """The way between the guides at `at` (0 first to 1 last)."""
    ways = [curve(guide, 16) for guide in lock.guides]
    ways = [
        np.stack([np.interp(np.linspace(0, 1, STEPS), np.linspace(0, 1, len(w)), w[:, i]) for i in (0, 1)], axis=1)
        for w in ways
    ]
    place = at * (len(ways) - 1)
    low = min(int(place), len(ways) - 2)
    t = place - low
    before, first = ways[max(low - 1, 0)], ways[low]
    second, after = ways[low + 1], ways[min(low + 2, len(ways) - 1)]
    # Smooth across guides: a hairline has no corners.
    bend = (2 * before - 5 * first + 4 * second - after) * t**2 + (3 * first - before - 3 * second + after) * t**3
    return 0.5 * (2 * first + (second - before) * t + bend)


def locks(parts: Sequence[Lock], tone: Tone, seed: int = 1) -> tuple[Field, Field]:
    """Colour and cover of locks, the later ones over the earlier."""
    random = np.random.default_rng(seed)
    size = 512 * SCALE * FINE
    shown = np.zeros((size, size, 3), np.uint8)
    cover = np.zeros((size, size), np.uint8)
    table = np.array([colour(stop) for stop in tone.stops])
    steps = np.linspace(0, 1, STEPS)

    def look(value: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(value, np.linspace(0, 1, len(table)), table[:, i]) for i in range(3)], axis=-1)

    for lock in parts:
        order = random.permutation(lock.count)
        # Coarse waves of light and dark make strands into tresses.
        waves = np.interp(np.linspace(0, 1, lock.count), np.linspace(0, 1, 14), random.uniform(-1, 1, 14))
        fine = np.interp(np.linspace(0, 1, lock.count), np.linspace(0, 1, 60), random.uniform(-1, 1, 60))
        # Neighbours leave their way together: tresses, with gaps at their tips.
        drift = np.stack(
            [
                np.interp(np.linspace(0, 1, lock.count), np.linspace(0, 1, 22), random.uniform(-1, 1, 22))
                for _ in range(4)
            ],
            axis=1,
        )
        long = np.interp(np.linspace(0, 1, lock.count), np.linspace(0, 1, 30), random.uniform(0, 1, 30))
        for rank, number in enumerate(order):
            at = (number + random.uniform(-0.5, 0.5)) / max(lock.count - 1, 1)
            at = float(np.clip(at, 0, 1))
            way = _fan(lock, at)
            bend = (0.35 * random.uniform(-1, 1, 4) + drift[number]) * lock.wander
            off = np.interp(steps, np.linspace(0, 1, 4), bend * (0.05, 0.5, 1.0, 1.6))
            way = way + np.stack((off, 0.35 * off[::-1]), axis=1)
            stop = STEPS - int((0.35 * random.random() + 0.65 * long[number]) * lock.ends * STEPS)
            start = int(random.random() * lock.starts * STEPS)
            deep = rank / lock.count
            value = lock.base - lock.shade * abs(2 * at - 1) ** 1.7
            value = (
                value
                + tone.spread * (0.35 * random.normal() + 0.8 * waves[number] + 0.5 * fine[number])
                + 0.10 * (deep - 0.5)
            )
            along = value - lock.roots * np.exp(-steps / 0.05) - lock.tips * steps**3
            for place, far, much in lock.gloss:
                shift = 0.035 * waves[number] + 0.02 * fine[number] + 0.01 * random.normal()
                along = along + much * (0.6 + 0.4 * random.random()) * np.exp(
                    -(((steps - place - shift) / far) ** 2)
                )
            stray = tone.stray and random.random() < tone.strays
            paint = look(np.clip(along, 0, 1))
            if stray:
                paint = paint * 0.35 + 0.65 * colour(tone.stray) * (0.55 + 0.6 * np.clip(along, 0, 1))[:, None]
            _strand(
                shown,
                cover,
                way[start:stop],
                np.clip(paint[start:], 0, 1),
                lock.width * random.uniform(0.55, 1.25),
            )
    small = (
        cv2.resize(cover, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    )
    # Colour must not be mixed with the empty black around it.
    weighted = shown.astype(np.float32) / 255 * (cover > 0)[:, :, None]
    mean = cv2.resize(weighted, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA)
    there = cv2.resize(
        (cover > 0).astype(np.float32), None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA
    )
    return mean / np.maximum(there, 1e-3)[:, :, None], small


def _strand(shown: np.ndarray, cover: np.ndarray, way: np.ndarray, paint: np.ndarray, width: float) -> None:
    places = np.rint(way * SCALE * FINE * 16).astype(np.int32)
    count = len(places)
    for index in range(count - 1):
        last = index + 1
        thin = min(1.0, 0.3 + 3.0 * (1 - index / count))
        thick = max(int(round(width * SCALE * FINE * thin)), 1)
        piece = places[index : last + 1].reshape(-1, 1, 2)
        b, g, r = (int(v * 255) for v in paint[index])
        cv2.polylines(shown, [piece], False, (b, g, r), thick + 1, cv2.LINE_8, 4)
        cv2.polylines(cover, [piece], False, 255, thick, cv2.LINE_AA, 4)


def cropped(
    mask: Field, tone: Tone, seed: int, high: float, coarse: float = 0.8, fade: float = 2.0, dense: float = 1.0
) -> tuple[Field, Field]:
    """Colour and cover of very short, curly hair where `mask` is."""
    z = swell(mask, 34, high) + 0.20 * grain(seed, coarse) + 0.20 * grain(seed + 1, coarse * 2.0)
    value = light(z, 0.2)
    out = ramp(np.clip((value - 0.25) / 0.7, 0, 1), tone.stops)
    # Full in the middle, single hairs at the edge.
    inside = blur(mask, fade)
    cover = np.clip((inside - 0.5) * 3.2 + 0.5 + 0.45 * grain(seed + 2, 0.4), 0, 1)
    cover = np.maximum(cover, np.clip((inside - 0.62) * 4, 0, 1))
    return out, cover * np.clip(inside * 12 - 0.6, 0, 1) * dense


def stubble(mask: Field, tone: Tone, seed: int, dense: float) -> tuple[Field, Field]:
    """Colour and cover of a short beard."""
    spots = np.clip(0.45 + 0.6 * grain(seed, 0.3), 0, 1)
    out = ramp(np.clip(0.35 + 0.3 * grain(seed + 3, 0.6), 0, 1), tone.stops)
    return out, np.clip(mask * dense * (0.62 + 0.5 * spots), 0, 1)
