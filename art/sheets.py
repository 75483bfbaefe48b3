"""What the scripts that draw sheets of portraits share."""

from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.face import PortraitFace
from visavis.media.pictures import I420
from visavis.tts import Mark, Speech

Picture = npt.NDArray[np.uint8]
"""BGR."""
Cells = list[tuple[str, Picture]]
"""Pictures with their captions."""

SENTENCE = (
    ("h", 60), ("ə", 60), ("l", 70), ("oʊ", 190), ("", 120), ("m", 70), ("aɪ", 150), ("n", 60), ("eɪ", 120),
    ("m", 70), ("z", 70), ("v", 70), ("iː", 110), ("ɹ", 60), ("ə", 90), ("", 120),
)  # fmt: skip
"""Phonemes and milliseconds: "Hello, my name's Vera"."""


def bgr(picture: I420) -> Picture:
    """For a file."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_YUV2BGR_I420).astype(np.uint8)


def sheet(path: Path, cells: Cells, columns: int, zoom: float = 1.0) -> None:
    """Cells in a grid, each with its caption."""
    drawn = []
    for caption, cell in cells:
        larger = cv2.resize(cell, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        cv2.putText(larger, caption, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 200), 1, cv2.LINE_AA)
        drawn.append(larger)
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % columns)
    rows = [np.hstack(drawn[at : at + columns]) for at in range(0, len(drawn), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


async def spoken(face: PortraitFace) -> Cells:
    """The pictures of the sentence."""
    marks, time = [], 0
    for phoneme, duration in SENTENCE:
        marks.append(Mark("phoneme", time, phoneme))
        time += duration * 48
    sound = (3000 * np.sin(np.arange(time) / 40)).astype(np.int16)

    async def speech() -> AsyncIterator[Speech]:
        yield Speech(sound, 48_000, tuple(marks), marked=True)

    cells = []
    async for chunk in face.animate(speech(), None):
        for start, picture in chunk.pictures:
            now = next((mark.value for mark in reversed(marks) if mark.start <= start + 960), "")
            cells.append((f"{start // 48} {now.encode('ascii', 'replace').decode()}", bgr(picture.pixels)))
    return cells
