"""Draw the layers of the stock avatars, which the portrait face composes.

    python art/render.py [--into folder] [avatar-id …]

Each layer becomes one RGBA picture at twice the avatar's size, cropped to what it covers; lids become one picture
for each step of closing. `rig.json` says where each belongs. Then the still pictures are made of them.

For a quick look while drawing: `ART_SCALE=1 python art/render.py --into /tmp/look samuel` leaves the stock as it
is, and draws one pixel where four are kept.
"""

import importlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from portraits.clothes import Cover
from portraits.form import SCALE
from portraits.person import LIDS, layers

from visavis.avatar import bundle
from visavis.face.portrait.rig import Rig

ART = Path(__file__).parent
STOCK = ART.parent / "src" / "visavis" / "avatar" / "stock"
PEOPLE = {"demo-avatar": "vera", "samuel": "samuel", "kenji": "kenji", "ines": "ines"}
"""Avatar ids and the modules of `portraits` that draw them."""
OPAQUE = "background"


def bgra(layer: Cover) -> np.ndarray:
    """Eight bits, straight alpha."""
    paint, cover = layer
    pixels = np.dstack((paint, cover)) * 255
    pixels[cover < 1 / 510] = 0
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def crop(picture: np.ndarray) -> tuple[int, int, np.ndarray]:
    """The part that is not empty, with the position of its top-left corner."""
    rows, columns = (np.nonzero(picture[:, :, 3].any(axis=axis))[0] for axis in (1, 0))
    top, left = max(int(rows[0]) - 2, 0), max(int(columns[0]) - 2, 0)
    return left, top, picture[top : int(rows[-1]) + 3, left : int(columns[-1]) + 3]


def write(path: Path, picture: np.ndarray) -> None:
    """Save as PNG, as small as it gets."""
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_STRATEGY, 1]):
        raise SystemExit(f"could not write {path.name}")


def main(avatar: str, folder: Path) -> None:
    """Write the layers, `rig.json` and the still pictures of one avatar."""
    target = folder / avatar
    if folder != STOCK:
        target.mkdir(parents=True, exist_ok=True)
        (target / "manifest.json").write_bytes((STOCK / avatar / "manifest.json").read_bytes())
    drawn = layers(importlib.import_module(f"portraits.{PEOPLE[avatar]}").PERSON)
    for old in target.glob("*.png"):
        old.unlink()
    places: dict[str, list[dict[str, int | str]]] = {}
    for name, states in drawn.items():
        for number, state in enumerate(states):
            picture = bgra(state)
            if name == OPAQUE:
                small = cv2.resize(picture, None, fx=1 / SCALE, fy=1 / SCALE, interpolation=cv2.INTER_AREA)
                cv2.imwrite(str(target / "background.jpg"), small[:, :, :3], [cv2.IMWRITE_JPEG_QUALITY, 95])
                continue
            left, top, part = crop(picture)
            file = f"{name}-{number}.png" if len(states) > 1 else f"{name}.png"
            write(target / file, part)
            places.setdefault(name, []).append({"file": file, "x": left, "y": top})
    wide = sum(at < 0 for at in LIDS)
    rig = {"scale": SCALE, "background": "background.jpg", "lids_wide": wide, "layers": places}
    (target / "rig.json").write_text(json.dumps(rig, indent=1) + "\n", "utf-8")

    still = Rig(bundle.read(target)).still()
    write(target / "reference.png", still)
    write(target / "preview.png", still)


if __name__ == "__main__":
    wanted, place = sys.argv[1:], STOCK
    if wanted[:1] == ["--into"]:
        place, wanted = Path(wanted[1]), wanted[2:]
    for each in wanted or PEOPLE:
        main(each, place)
