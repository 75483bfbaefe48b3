"""Rasterise the layers of an avatar's SVG into the pictures that the portrait face composes.

    python art/render.py [avatar-id]

Each `<g class="layer">` directly under the root becomes one RGBA picture at twice the avatar's size,
cropped to what it covers; a layer with `data-states="n"` becomes n pictures, taken at equal steps of
its animation. `rig.json` says where each belongs. Needs Chromium (the `CHROMIUM` variable names another
binary) and, for the still pictures, the package itself.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

ART = Path(__file__).parent
STOCK = ART.parent / "src" / "visavis" / "avatar" / "stock"
SCALE = 2
COLUMNS = 4
OPAQUE = "background"
"""The layer that covers everything; it never moves, so it is kept at its final size."""

PAGE = """<!doctype html><meta charset="utf-8"><style>*{{margin:0}}body{{width:{sheet}px}}
iframe{{border:0;display:block;float:left;background:transparent}}</style>{frames}"""
FRAME = """<iframe src="{name}" width="{side}" height="{side}"></iframe>"""


def layers(svg: str) -> list[tuple[str, int]]:
    """The layers of a drawing, back to front, with their number of states."""
    found = re.findall(r'<g id="([\w-]+)" class="layer"(?: data-states="(\d+)")?', svg)
    return [(name, int(states or 1)) for name, states in found]


def single(svg: str, layer: str, state: float, side: int) -> str:
    """The drawing with one layer shown, its animation held at `state` (0 to 1)."""
    style = f"<style>.layer{{display:none}}#{layer}{{display:inline}}svg{{display:block}}</style>"
    script = (
        "<script>const s=document.documentElement;s.pauseAnimations();"
        f"s.setCurrentTime({min(state, 0.9999)});</script>"
    )
    svg = re.sub(r' width="\d+" height="\d+">', f' width="{side}" height="{side}">', svg, count=1)
    return svg.replace("</svg>", style + script + "</svg>")


def rasterise(svg: str, wanted: list[tuple[str, float]], side: int) -> list[npt.NDArray[np.uint8]]:
    """BGRA pictures (straight alpha, side x side) of the wanted (layer, state) pairs, in one browser run."""
    rows = -(-len(wanted) // COLUMNS)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        frames = []
        for index, (layer, state) in enumerate(wanted):
            (work / f"{index}.svg").write_text(single(svg, layer, state, side), "utf-8")
            frames.append(FRAME.format(name=f"{index}.svg", side=side))
        (work / "page.html").write_text(PAGE.format(sheet=side * COLUMNS, frames="".join(frames)), "utf-8")
        subprocess.run(  # noqa: S603  # a fixed program with our own files
            [
                os.environ.get("CHROMIUM", "chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--force-device-scale-factor=1",
                "--default-background-color=00000000",
                "--virtual-time-budget=4000",
                f"--window-size={side * COLUMNS},{side * rows}",
                f"--screenshot={work / 'sheet.png'}",
                (work / "page.html").as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        sheet = cv2.imread(str(work / "sheet.png"), cv2.IMREAD_UNCHANGED)
    if sheet is None or sheet.shape != (side * rows, side * COLUMNS, 4):
        raise SystemExit("the browser gave no usable picture")
    cells = [divmod(index, COLUMNS) for index in range(len(wanted))]
    return [sheet[r * side : (r + 1) * side, c * side : (c + 1) * side].astype(np.uint8) for r, c in cells]


def crop(picture: npt.NDArray[np.uint8]) -> tuple[int, int, npt.NDArray[np.uint8]]:
    """The part that is not empty, with the position of its top-left corner."""
    rows, columns = np.nonzero(picture[:, :, 3].any(axis=1))[0], np.nonzero(picture[:, :, 3].any(axis=0))[0]
    top, left = max(int(rows[0]) - 2, 0), max(int(columns[0]) - 2, 0)
    return left, top, picture[top : int(rows[-1]) + 3, left : int(columns[-1]) + 3]


def write(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Save as PNG, as small as it gets."""
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise SystemExit(f"could not write {path.name}")


def main(avatar: str) -> None:
    """Write the layers, `rig.json` and the still pictures of one avatar."""
    svg = (ART / avatar / f"{avatar}.svg").read_text("utf-8")
    target = STOCK / avatar
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    side = manifest["width"] * SCALE
    wanted: list[tuple[str, float]] = []
    for layer, states in layers(svg):
        wanted += [(layer, state / max(states - 1, 1)) for state in range(states)]
    places: dict[str, list[dict[str, int | str]]] = {}
    seen: dict[str, int] = {}
    for (layer, _), picture in zip(wanted, rasterise(svg, wanted, side), strict=True):
        number = seen[layer] = seen.get(layer, -1) + 1
        if layer == OPAQUE:
            small = cv2.resize(picture, None, fx=1 / SCALE, fy=1 / SCALE, interpolation=cv2.INTER_AREA)
            write(target / "background.png", small[:, :, :3].astype(np.uint8))
            continue
        left, top, part = crop(picture)
        name = f"{layer}-{number}.png" if dict(layers(svg))[layer] > 1 else f"{layer}.png"
        write(target / name, part)
        places.setdefault(layer, []).append({"file": name, "x": left, "y": top})
    rig = {"scale": SCALE, "background": "background.png", "layers": places}
    (target / "rig.json").write_text(json.dumps(rig, indent=1) + "\n", "utf-8")

    from visavis.avatar import bundle
    from visavis.face.portrait.rig import Rig

    still = Rig(bundle.read(target)).still()
    write(target / "reference.png", still)
    write(target / "preview.png", still)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo-avatar")
