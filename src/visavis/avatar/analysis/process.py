"""The process that looks at what strangers send: `examination` starts it.

It is given a kind, the file, a directory for what it makes, and a JSON object. Its answer is one line of JSON:
what it found, or a `refusal`, or a `failure` of this machine.
"""

import json
import math
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visavis.errors import InvalidInput
from visavis.media.foreign_process import MEMORY, decoded

CPU_SECONDS = {"picture": 25, "film": 100}

LARGEST = 2400
"""Pixels of the longer side of a photo; more of them tell nothing about a face."""


def picture(source: Path, target: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The portrait in a photo: `reference.png`, its size and its landmarks."""
    import cv2
    import numpy as np

    from visavis.avatar.analysis import framing
    from visavis.avatar.analysis.landmarks import corrected
    from visavis.avatar.analysis.locate import locate

    found = decoded(source)
    height, width = found.shape[:2]
    if (scale := LARGEST / max(height, width)) < 1:
        size = round(width * scale), round(height * scale)
        found = cv2.resize(found, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        height, width = found.shape[:2]
    told = wanted.get("points")
    # Who says where eyes and lips are needs nobody to find them.
    face = corrected(None, told, width, height) if told else None
    if face is None and wanted["face"] != "no":
        try:
            face = locate(found)
        except InvalidInput:
            if wanted["face"] == "yes":
                raise
        else:
            face = corrected(face, told, width, height) if told else face
    most = int(wanted["width"]), int(wanted["height"])
    frame = framing.frame(face if wanted.get("cut", True) else None, width, height, most)
    if wanted.get("keep", True):
        _write(target / "reference.png", frame.cut(found))
    animation = face.moved(frame.matrix()).animation(frame.width, frame.height) if face else None
    return {"width": frame.width, "height": frame.height, "animation": animation}


def film(source: Path, target: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The portrait in a film: `frames/`, where the mouth is in each of them, and the first as `reference.png`."""
    import cv2

    from visavis.avatar.analysis.film import FPS, shots

    cv2.setNumThreads(1)
    frames = target / "frames"
    frames.mkdir()
    mouths: list[dict[str, Any]] = []
    animation: dict[str, Any] = {}
    width = height = 0
    for number, shot in enumerate(shots(source, (int(wanted["width"]), int(wanted["height"])))):
        if not number:
            height, width = shot.picture.shape[:2]
            animation = shot.face.animation(width, height)
            _write(target / "reference.png", shot.picture)
        name = f"frame_{number:05d}.jpg"
        _write(frames / name, shot.picture, [cv2.IMWRITE_JPEG_QUALITY, 94])
        left, right = shot.face.outer_lip[0], shot.face.outer_lip[8]
        across, middle = right - left, (left + right) / 2
        ry = (shot.face.outer_lip[:, 1].max() - shot.face.outer_lip[:, 1].min()) / 2
        mouths.append(
            {
                "frame": name,
                "mouth_center": [round(middle[0] / width, 5), round(middle[1] / height, 5)],
                "mouth_rx": round(math.hypot(*across) / 2 / width, 5),
                "mouth_ry": round(ry / height, 5),
                "angle": round(math.degrees(math.atan2(across[1], across[0])), 3),
            }
        )
    (frames / "mouth_metadata.json").write_text(json.dumps({"frames": mouths}), "utf-8")
    return {"width": width, "height": height, "animation": animation, "fps": FPS, "frames": len(mouths)}


def _write(path: Path, pixels: Any, options: list[int] | None = None) -> None:
    import cv2

    written, content = cv2.imencode(path.suffix, pixels, options or [])
    if not written:
        raise InvalidInput("the image can't be decoded")
    path.write_bytes(content.tobytes())


def main(kind: str, source: str, target: str, wanted: str) -> dict[str, Any]:
    """Do what was asked for."""
    seconds = CPU_SECONDS[kind]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    work = {"picture": picture, "film": film}[kind]
    try:
        return work(Path(source), Path(target), json.loads(wanted))
    except InvalidInput as error:
        return {"refusal": error.message}
    except MemoryError:
        return {"refusal": "it takes too much memory to decode"}
    except OSError as error:
        return {"failure": error.strerror}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
