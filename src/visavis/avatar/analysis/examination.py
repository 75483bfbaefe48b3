"""Looking at what strangers send: starts the processes that do, waits for them, and passes on what they refuse."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from visavis.errors import InvalidInput, Unavailable
from visavis.media import picture_header, sniff
from visavis.settings import Settings

MAX_IMAGE = 10 * 1024 * 1024
"""Bytes (contract opentalking 1.2)."""

MAX_VIDEO = 50 * 1024 * 1024
"""Bytes."""

TIMEOUT = {"picture": 30.0, "film": 120.0, "mesh": 60.0}
"""Seconds that each may take, in all."""

AT_ONCE = threading.BoundedSemaphore(2)
"""Processes at the same time; further files wait."""

MESH = Path(__file__).with_name("mesh.py")

Wish = Literal["yes", "maybe", "no"]
"""Whether there has to be a face; `maybe` takes a picture without one as it is."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What is in a picture or a film."""

    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    animation: dict[str, Any] | None
    """`metadata.animation`: where the parts of the face are; None if there is none."""
    landmarks: Literal["fitted", "mediapipe", "given", ""]
    """Who found them."""
    fps: int | None = None
    """Pictures per second of a film."""


def examine(
    settings: Settings,
    source: Path,
    target: Path,
    points: Mapping[str, Any] | None = None,
    face: Wish = "yes",
    *,
    cut: bool = True,
    keep: bool = True,
) -> Examined:
    """Look at the picture or film in `source`; what is made of it goes to the directory `target`.

    A picture becomes `reference.png` (unless `keep` is off), cut around its face if `cut`; a film `frames/`, too.
    `points` are parts of `metadata.animation` that somebody says are better. Blocks: a second for a
    picture, up to a minute for a film. Raises `InvalidInput` with what to do, `Unavailable`.
    """
    kind = _kind(source)
    wanted = {
        "width": settings.avatar_max_width,
        "height": settings.avatar_max_height,
        "points": points,
        "face": face,
        "cut": cut,
        "keep": keep,
    }
    if kind == "film" and (points or face == "no"):
        raise InvalidInput("points: a video's face is found anew in each picture; send a photo to say where it is")
    command = [sys.executable, "-m", "visavis.avatar.analysis.process", kind, str(source), str(target)]
    told = _answer(kind, [*command, json.dumps(wanted)])
    animation = told.get("animation")
    landmarks: Literal["fitted", "mediapipe", "given", ""] = "given" if points else "fitted" if animation else ""
    # A film's mouths were all measured by the same means: one of them by another would jump.
    if landmarks == "fitted" and kind == "picture" and keep and settings.photo_python:
        found = _answer("mesh", [settings.photo_python, "-I", str(MESH), str(target / "reference.png")])
        if found:
            animation, landmarks = _precise(found, int(told["width"]), int(told["height"])), "mediapipe"
    return Examined(int(told["width"]), int(told["height"]), animation, landmarks, told.get("fps"))


def _precise(found: Mapping[str, Any], width: int, height: int) -> dict[str, Any]:
    from visavis.avatar.analysis.landmarks import corrected

    face = corrected(None, found, width, height)
    if face is None:
        raise InvalidInput("the landmarks of this face make no sense; use another photo")
    return face.animation(width, height)


def _kind(source: Path) -> Literal["picture", "film"]:
    """What is in a file, by its header: nothing is decoded here."""
    size = source.stat().st_size
    with source.open("rb") as file:
        head = file.read(sniff.HEAD)
    if not picture_header.is_picture(head) and _is_film(head):
        if size > MAX_VIDEO:
            raise InvalidInput(f"the video is larger than {MAX_VIDEO // 1024**2} MiB; use a shorter one")
        return "film"
    if size > MAX_IMAGE:
        raise InvalidInput(f"the image is larger than {MAX_IMAGE // 1024**2} MiB; use a smaller one")
    picture_header.check(source.read_bytes())
    return "picture"


def _is_film(head: bytes) -> bool:
    return sniff.container(head) in ("mp4", "matroska") or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")


def _answer(kind: str, command: list[str]) -> dict[str, Any]:
    with AT_ONCE:
        try:
            done = subprocess.run(  # noqa: S603  # our own program, or the interpreter that the operator named
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT[kind],
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InvalidInput("it takes too long to look at; use a smaller or shorter one") from None
        except OSError:
            raise Unavailable("VISAVIS_PHOTO_PYTHON is not an interpreter that can be started here") from None
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        if kind == "mesh":
            raise Unavailable("the interpreter at VISAVIS_PHOTO_PYTHON can't use mediapipe 0.10.21") from None
        # Killed by a limit, or by what was in the file.
        raise InvalidInput("it can't be decoded") from None
    if refusal := told.get("refusal"):
        raise InvalidInput(str(refusal))
    if failure := told.get("failure"):
        raise Unavailable(f"what was sent can't be kept: {failure}; see to the disk")
    return told
