"""Sheets to look at: what a drawn avatar does, as PNG pictures.

    python art/contact_sheet.py folder [avatar-id …]

For each avatar, in a folder of its own: `visemes-1.png` to `-3.png` (the 15 visemes in three poses of the head,
full size), `tiles.png` (the same mouths, shuffled and without names; `tiles.txt` has them), `sentence.png` (24
consecutive pictures of a sentence), `expressions.png`, and a sheet of frames for each motion.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Avatar, Catalogue
from visavis.face.portrait.expression import FEELINGS
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.motion import MOTIONS
from visavis.face.portrait.pose import PLAIN, Look, Pose
from visavis.face.portrait.puppet import Drawn
from visavis.face.portrait.rig import Rig
from visavis.face.portrait.visemes import VISEMES
from visavis.media.pictures import I420
from visavis.settings import Settings
from visavis.tts import Mark, Speech

Picture = npt.NDArray[np.uint8]
Cells = list[tuple[str, Picture]]

SENTENCE = (
    ("h", 60), ("ə", 60), ("l", 70), ("oʊ", 190), ("", 120), ("m", 70), ("aɪ", 150), ("n", 60), ("eɪ", 120),
    ("m", 70), ("z", 70), ("v", 70), ("iː", 110), ("ɹ", 60), ("ə", 90), ("", 120),
)  # fmt: skip
"""Phonemes and milliseconds: "Hello, my name's Vera"."""
POSES = (Pose(), Pose(turn=1, nod=0.5, tilt=2, gaze_x=0.5), Pose(turn=-1, nod=-0.6, tilt=-2, gaze_x=-0.5))
FACE = np.s_[90:400, 136:376]
LIPS = np.s_[272:352, 196:316]


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


def still(rig: Rig, pose: Pose, look: Look) -> Picture:
    """One live picture."""
    picture = rig.frame(pose)
    rig.speak(picture, pose, look)
    return bgr(picture)


def draw(folder: Path, avatar: Avatar) -> None:
    """All sheets of one avatar."""
    folder.mkdir(parents=True, exist_ok=True)
    rig = Rig(avatar)
    for number, pose in enumerate(POSES, 1):
        shapes = [(name, still(rig, pose, Look(viseme.mouth))) for name, viseme in VISEMES.items()]
        sheet(folder / f"visemes-{number}.png", shapes, 5)
        if number == 1:
            random.shuffle(shapes)
            tiles = [(str(index), picture[LIPS]) for index, (_, picture) in enumerate(shapes, 1)]
            sheet(folder / "tiles.png", tiles, 5, 2.2)
            (folder / "tiles.txt").write_text(" ".join(name for name, _ in shapes) + "\n", "utf-8")
    moods = [(name, still(rig, POSES[0], feeling.over(PLAIN))) for name, feeling in FEELINGS.items()]
    said = Look(VISEMES["E"].mouth)
    moods += [(f"{name}, E", still(rig, POSES[0], feeling.over(said))) for name, feeling in FEELINGS.items()]
    sheet(folder / "expressions.png", [(name, picture[FACE]) for name, picture in moods], 4, 1.5)
    puppet = Drawn(avatar, folder / "loops")
    for motion in MOTIONS:
        puppet.clips.get(motion)
    puppet.clips.complete()
    sentence = asyncio.run(spoken(PortraitFace(puppet)))
    sheet(folder / "sentence.png", [(caption, picture[FACE]) for caption, picture in sentence[:24]], 8)
    for name, clip in puppet.clips.items():
        frames = [(str(index), bgr(clip.frames[index])) for index in range(0, len(clip), 10)]
        sheet(folder / f"{name}.png", frames, 5, 0.6)


if __name__ == "__main__":
    catalogue = Catalogue(Settings())
    for each in sys.argv[2:] or ("demo-avatar", "samuel", "kenji", "ines"):
        draw(Path(sys.argv[1]) / each, catalogue.avatar(each))
