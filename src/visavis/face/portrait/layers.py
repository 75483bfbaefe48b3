"""The pictures a rig is made of, and laying one over another."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Avatar
from visavis.avatar.backdrops import GREEN, TRANSPARENT


@dataclass(frozen=True, slots=True)
class Layer:
    """One picture of the drawing, cropped."""

    pixels: npt.NDArray[np.uint8]
    """BGRA, colour multiplied by alpha."""
    x: int
    """Of its corner, in the layer's own pixels."""
    y: int
    """Of its corner, in the layer's own pixels."""


def load(avatar: Avatar, entry: dict[str, Any]) -> Layer:
    """A layer as `rig.json` lists it: file, x and y. `ValueError` if the file is no picture with alpha."""
    pixels = _read(avatar, entry["file"])
    if pixels.ndim != 3 or pixels.shape[2] != 4:
        raise ValueError(entry["file"])
    alpha = pixels[:, :, 3:].astype(np.uint16)
    pixels[:, :, :3] = (pixels[:, :, :3] * alpha + 127) // 255
    return Layer(pixels, int(entry["x"]), int(entry["y"]))


def background(avatar: Avatar, wanted: object) -> npt.NDArray[np.uint8]:
    """The picture behind everything, BGRA in the avatar's size: a colour, a file of the bundle, or nothing.

    `wanted` is `green`, `#rrggbb`, `transparent`, a file name, or a `Path` from who runs this server; `ValueError`
    if it is none of these, or the file can't be read.
    """
    if isinstance(wanted, Path):
        return _scenery(avatar, wanted)
    if not isinstance(wanted, str):
        raise ValueError(str(wanted))
    code = GREEN if wanted == "green" else wanted
    if re.fullmatch(r"#[0-9a-fA-F]{6}", code):
        b, g, r = (int(code[at : at + 2], 16) for at in (5, 3, 1))
        return np.full((avatar.height, avatar.width, 4), (b, g, r, 255), dtype=np.uint8)
    if wanted == TRANSPARENT:
        return np.zeros((avatar.height, avatar.width, 4), dtype=np.uint8)
    if "/" in wanted or "\\" in wanted:
        raise ValueError(wanted)
    return _scenery(avatar, avatar.path / wanted)


def spread(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """`pixels` (BGRA, colour multiplied by alpha) with their colours going on outwards: opaque everywhere."""
    levels = [pixels.astype(np.float32)]
    while min(levels[-1].shape[:2]) > 1:
        rows, columns = levels[-1].shape[:2]
        half = ((columns + 1) // 2, (rows + 1) // 2)
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False))
    filled = levels[-1] * (255 / np.maximum(levels[-1][:, :, 3:], 1e-3))
    for level in reversed(levels[:-1]):
        rows, columns = level.shape[:2]
        around = cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR)
        filled = level + around * (1 - level[:, :, 3:] / 255)
    return np.rint(np.clip(filled, 0, 255)).astype(np.uint8)


def _scenery(avatar: Avatar, path: Path) -> npt.NDArray[np.uint8]:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(path.name)
    return cv2.cvtColor(_filled(pixels, avatar.width, avatar.height), cv2.COLOR_BGR2BGRA).astype(np.uint8)


def _filled(pixels: cv2.typing.MatLike, width: int, height: int) -> cv2.typing.MatLike:
    """`pixels` cropped around its middle to the form of the avatar, then made its size."""
    rows, columns = pixels.shape[:2]
    share = min(rows / height, columns / width)
    tall, wide = max(round(height * share), 1), max(round(width * share), 1)
    top, left = (rows - tall) // 2, (columns - wide) // 2
    return cv2.resize(pixels[top : top + tall, left : left + wide], (width, height), interpolation=cv2.INTER_AREA)


def compose(picture: npt.NDArray[np.uint8], layer: Layer, matrix: npt.NDArray[np.float64]) -> None:
    """Lay `layer`, moved by `matrix` (2 x 3, its pixels → the picture's), over `picture` (BGRA) in place."""
    height, width = layer.pixels.shape[:2]
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = (max(int(v) - 1, 0) for v in corners.min(axis=1))
    right = min(int(corners[0].max()) + 2, picture.shape[1])
    bottom = min(int(corners[1].max()) + 2, picture.shape[0])
    if left >= right or top >= bottom:
        return
    matrix = matrix.copy()
    matrix[:, 2] -= (left, top)
    moved = cv2.warpAffine(layer.pixels, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    over(picture[top:bottom, left:right], moved)


def lifted(layer: Layer, shift: npt.NDArray[np.float64]) -> Layer:
    """`layer` with its rows pulled up, each by so many of its pixels as `shift` says."""
    height, width = layer.pixels.shape[:2]
    across = np.tile(np.arange(width, dtype=np.float32), (height, 1))
    down = np.repeat((np.arange(height) + shift).astype(np.float32)[:, None], width, axis=1)
    pixels = cv2.remap(layer.pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Layer(pixels.astype(np.uint8, copy=False), layer.x, layer.y)


def over(under: npt.NDArray[np.uint8], pixels: cv2.typing.MatLike) -> None:
    """Lay `pixels` over `under`, both BGRA with colour multiplied by alpha, in place."""
    kept = cv2.bitwise_not(cv2.extractChannel(pixels, 3))
    under[:] = cv2.add(cv2.multiply(under, cv2.merge((kept, kept, kept, kept)), scale=1 / 255), pixels)


def _read(avatar: Avatar, name: str) -> npt.NDArray[np.uint8]:
    pixels = cv2.imread(str(avatar.path / name), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(name)
    return pixels.astype(np.uint8, copy=False)
