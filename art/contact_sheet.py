"""Sheets to look at: what a portrait does, as PNG pictures.

    python art/contact_sheet.py folder [avatar-id]

Writes `visemes.png` (the 15 visemes), `sentence.png` (24 consecutive pictures of a sentence), `idle.png` and
`speak.png` (frames of the loops) and `large.png` (one speaking picture, twice its size).
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Catalogue
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.pose import Look
from visavis.face.portrait.puppet import Drawn
from visavis.face.portrait.visemes import VISEMES
from visavis.media.pictures import I420, Loop
from visavis.settings import Settings
from visavis.tts import Mark, Speech

SENTENCE = (
    ("h", 60), ("ə", 60), ("l", 70), ("oʊ", 190), ("", 120), ("m", 70), ("aɪ", 150), ("n", 60), ("eɪ", 120),
    ("m", 70), ("z", 70), ("v", 70), ("iː", 110), ("ɹ", 60), ("ə", 90), ("", 120),
)  # fmt: skip
"""Phonemes and milliseconds: "Hello, my name's Vera"."""
FACE = np.s_[110:375, 150:362]


def bgr(picture: I420) -> npt.NDArray[np.uint8]:
    """For a file."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_YUV2BGR_I420).astype(np.uint8)


def sheet(path: Path, cells: list[tuple[str, npt.NDArray[np.uint8]]], columns: int, zoom: float = 1.0) -> None:
    """Cells in a grid, each with its caption."""
    drawn = []
    for caption, cell in cells:
        cell = cv2.resize(cell, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        cv2.putText(cell, caption, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 200), 1, cv2.LINE_AA)
        drawn.append(cell)
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % columns)
    rows = [np.hstack(drawn[at : at + columns]) for at in range(0, len(drawn), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


async def spoken(face: PortraitFace) -> list[tuple[str, npt.NDArray[np.uint8]]]:
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


def main(folder: Path, avatar_id: str) -> None:
    """Draw all sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    avatar = Catalogue(Settings()).avatar(avatar_id)
    puppet = Drawn(avatar, folder / "loops")
    place = Loop(puppet.clips["idle"], 0)
    shapes = [(name, bgr(puppet.draw(place, Look(viseme.mouth)))) for name, viseme in VISEMES.items()]
    sheet(folder / "visemes.png", [(name, picture[FACE]) for name, picture in shapes], 5, 1.5)
    sentence = asyncio.run(spoken(PortraitFace(puppet)))
    sheet(folder / "sentence.png", [(caption, picture[FACE]) for caption, picture in sentence[:24]], 8)
    for name, clip in puppet.clips.items():
        frames = [(str(index), bgr(clip.frames[index])) for index in range(0, len(clip), 10)]
        sheet(folder / f"{name}.png", frames, 5, 0.6)
    sheet(folder / "large.png", [("aa", shapes[10][1])], 1, 2.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "demo-avatar")
