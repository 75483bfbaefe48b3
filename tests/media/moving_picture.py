"""A synthetic face: something round that moves over a gradient, so that an encoder has something to do."""

from fractions import Fraction

import numpy as np

from visavis.media.pictures import I420, LoopClip

WIDTH, HEIGHT = 128, 96
FPS = Fraction(25)


def picture(index: int, width: int = WIDTH, height: int = HEIGHT) -> I420:
    y, x = np.mgrid[:height, :width]
    luma = 60 + x * 60 // width + y * 40 // height
    centre_x, centre_y = width / 2 + width / 8 * np.sin(index / 4), height / 2 + height / 8 * np.cos(index / 4)
    luma[(x - centre_x) ** 2 + (y - centre_y) ** 2 < (height / 5) ** 2] = 200
    chroma = np.full((height // 2, width), 128)
    chroma[: height // 4] = 110
    return np.concatenate([luma, chroma]).astype(np.uint8)


def clip(key: str = "moving", frames: int = 20, key_interval: int = 5) -> LoopClip:
    return LoopClip(key, [picture(i) for i in range(frames)], WIDTH, HEIGHT, FPS, key_interval)


def likeness(one: I420, other: I420) -> float:
    """Peak signal-to-noise ratio of two pictures in dB: 30 is alike, 40 very."""
    error = np.mean(np.square(one.astype(float) - other.astype(float)))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
