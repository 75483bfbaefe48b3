"""Sheets to look at: what a drawn avatar does, as PNG pictures.

    python art/contact_sheet.py folder [avatar-id …]

For each avatar, in a folder of its own: `visemes-1.png` to `-3.png` (the 15 visemes in three poses of the head,
full size), `tiles.png` (the same mouths, shuffled and without names; `tiles.txt` has them), `sentence.png` (24
consecutive pictures of a sentence), `expressions.png`, and a sheet of frames for each motion.
"""

import asyncio
import random
import sys
from pathlib import Path

import numpy as np
from sheets import Picture, bgr, sheet, spoken

from visavis.avatar import Avatar, Catalogue
from visavis.face.portrait.expression import FEELINGS
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.motion import MOTIONS
from visavis.face.portrait.pose import PLAIN, Look, Pose
from visavis.face.portrait.puppet import Drawn
from visavis.face.portrait.rig import Rig
from visavis.face.portrait.visemes import VISEMES
from visavis.settings import Settings

POSES = (Pose(), Pose(turn=1, nod=0.5, tilt=2, gaze_x=0.5), Pose(turn=-1, nod=-0.6, tilt=-2, gaze_x=-0.5))
FACE = np.s_[90:400, 136:376]
LIPS = np.s_[272:352, 196:316]


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
