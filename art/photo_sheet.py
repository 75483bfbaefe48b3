"""Sheets to look at: what a photograph does when it talks, as PNG pictures.

    python art/photo_sheet.py folder [distortion ...]

For the astronaut portrait and each distortion of it (default: all): `visemes-….png` (the 15 visemes in three
poses of the head, full size), `mouths-….png` (their mouths, enlarged), `sentence-….png` (24 pictures of a spoken
sentence), `loops-….png`; and `tiles-….png`, mouths in a random order without names, with `tiles-….txt` beside it.
"""

import asyncio
import random
import sys
from pathlib import Path
from typing import cast

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from sheets import Cells, bgr, sheet, spoken
from tests.face.astronaut import DISTORTIONS, Distortion, portrait

from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.motion import MOTIONS, Motion
from visavis.face.portrait.photo import Photo
from visavis.face.portrait.photo.marks import read
from visavis.face.portrait.pose import Look
from visavis.face.portrait.repertoire import Repertoire
from visavis.face.portrait.visemes import VISEMES
from visavis.media.pictures import Loop

POSES: tuple[tuple[Motion, int], ...] = (("idle", 0), ("speak-a", 60), ("think", 40))


def draw(folder: Path, how: Distortion) -> None:
    """All sheets of one portrait."""
    avatar = portrait(folder / "bundles", how)
    puppet = Photo(avatar, folder / "loops")
    for motion in MOTIONS:
        puppet.clips.get(motion)
    if isinstance(puppet.clips, Repertoire):
        puppet.clips.complete()
    marks = read(avatar.metadata["animation"], avatar.width, avatar.height)
    if marks is None:
        raise SystemExit("no mouth")
    mouth = marks.mouth
    rx, ry = round(1.9 * mouth.unit), round(1.7 * mouth.unit)
    x, y = round(mouth.x), round(mouth.y + 0.35 * mouth.unit)
    area = np.s_[y - ry : y + ry, x - rx : x + rx]
    cells: Cells = []
    for motion, index in POSES:
        place = Loop(puppet.clips[motion], index)
        cells += [(name, bgr(puppet.draw(place, Look(viseme.mouth)))) for name, viseme in VISEMES.items()]
    sheet(folder / f"visemes-{how}.png", cells, 5)
    rest = Loop(puppet.clips["idle"], 0)
    mouths = [(name, cell[area]) for name, cell in cells[:15]]
    zoom = 300 / (2 * rx)
    sheet(folder / f"mouths-{how}.png", mouths, 5, zoom)
    order = list(mouths)
    random.Random(how).shuffle(order)  # noqa: S311  # an order, and no secret
    sheet(folder / f"tiles-{how}.png", [(str(n + 1), cell) for n, (_, cell) in enumerate(order)], 5, zoom)
    (folder / f"tiles-{how}.txt").write_text(" ".join(f"{n + 1}={name}" for n, (name, _) in enumerate(order)))
    face = np.s_[max(y - 6 * ry // 2, 0) : y + 3 * ry // 2, max(x - 2 * rx, 0) : x + 2 * rx]
    sentence = asyncio.run(spoken(PortraitFace(puppet)))
    sheet(
        folder / f"sentence-{how}.png",
        [(caption, cell[face]) for caption, cell in sentence[:24]],
        8,
        256 / (4 * rx),
    )
    loops = [
        (f"{name} {i}", bgr(clip.frames[i]))
        for name, clip in puppet.clips.items()
        for i in range(5, len(clip), 20)
    ]
    sheet(folder / f"loops-{how}.png", loops, 5, 256 / avatar.width)
    cv2.imwrite(str(folder / f"rest-{how}.png"), bgr(rest.pixels))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for chosen in sys.argv[2:] or ["none", *DISTORTIONS]:
        draw(target, cast("Distortion", chosen))
