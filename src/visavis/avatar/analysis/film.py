"""A face through a short film: found once, then followed, so that in each picture a mouth can be put on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from visavis.avatar.analysis import framing
from visavis.avatar.analysis.landmarks import Landmarks, Points
from visavis.avatar.analysis.locate import locate
from visavis.errors import InvalidInput
from visavis.media.pictures import BGR

FPS = 25
"""Pictures of each second that are kept."""

LONGEST_FILE = 60.0
"""Seconds of a film that is taken."""

LONGEST, SHORTEST = 10.0, 1.0
"""Seconds of it that are used, and that it needs."""

SIDE = 720
"""Pixels of the longer side: more than that is seldom seen, and every picture is kept."""

SPARE = 1.3
"""How much larger the pictures are kept than they are shown: what is around head and shoulders is cut off."""

MAX_SIDE = 4096
"""Pixels of a film that is taken."""

TRIES = 5
"""Pictures at the beginning that a face is looked for in, half a second from one to the next."""

POINTS = 120
"""Places of the face that are followed."""

HELD = 0.35
"""The part of them that has to be found again; with fewer the face is lost."""

SMOOTH = 1.2
"""Pictures: a head does not jump, what is measured does."""


class Shot(NamedTuple):
    """One picture of the film."""

    picture: BGR
    face: Landmarks


def shots(source: Path, most: tuple[int, int]) -> Iterator[Shot]:
    """The pictures of a film from where its face is first seen to where it is lost. Raises `InvalidInput`."""
    size = min(most[0], SIDE), min(most[1], SIDE)
    pictures: list[BGR] = []
    for picture in _pictures(source, size):
        pictures.append(picture)
    least = round(SHORTEST * FPS)
    if len(pictures) < least:
        raise InvalidInput(f"the video is too short: it has to last {SHORTEST:.0f} s at least")
    first, face = _first(pictures)
    maps = _followed(pictures[first:], face)
    if len(maps) < least:
        raise InvalidInput(
            "the face can't be followed through the video; use one in which it stays in it and looks ahead"
        )
    kept = pictures[first : first + len(maps)]
    height, width = kept[0].shape[:2]
    frame = framing.frame(face, width, height, size)
    for picture, each in zip(kept, _smoothed(maps), strict=True):
        yield Shot(frame.cut(picture), face.moved(each).moved(frame.matrix()))


def _pictures(source: Path, most: tuple[int, int]) -> Iterator[BGR]:
    """25 pictures a second, at most ten seconds of them."""
    import av

    try:
        with av.open(str(source), "r") as file:
            if not file.streams.video:
                raise InvalidInput("the video has no pictures")
            stream = file.streams.video[0]
            # Before anything is decoded: what the header says.
            _refuse_long(float(file.duration or 0) / 1_000_000)
            if not (16 <= stream.width <= MAX_SIDE and 16 <= stream.height <= MAX_SIDE):
                raise InvalidInput(f"the video's sides must be 16 to {MAX_SIDE} pixels")
            stream.thread_count = 1
            begin, taken = None, 0
            for frame in file.decode(stream):
                now = float(frame.time or 0)
                begin = now if begin is None else begin
                if now - begin >= LONGEST or taken >= LONGEST * FPS:
                    return
                if frame.width > MAX_SIDE or frame.height > MAX_SIDE:
                    raise InvalidInput(f"the video's sides must be 16 to {MAX_SIDE} pixels")
                if now - begin + 1e-6 < taken / FPS:
                    continue
                picture = _upright(frame.to_ndarray(format="bgr24"), int(frame.rotation), most)
                # A film with fewer pictures shows some of them for longer.
                while taken / FPS <= now - begin + 1e-6 and taken < LONGEST * FPS:
                    yield picture
                    taken += 1
    except (av.FFmpegError, ValueError):
        raise InvalidInput("the video can't be decoded") from None


def _refuse_long(seconds: float) -> None:
    if seconds > LONGEST_FILE:
        raise InvalidInput(
            f"the video lasts {seconds / 60:.0f} min; at most {LONGEST_FILE:.0f} s are taken, and "
            f"{LONGEST:.0f} s of them are used"
        )


def _upright(picture: Any, rotation: int, most: tuple[int, int]) -> BGR:
    turns = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
    if (turn := turns.get(rotation % 360)) is not None:
        picture = cv2.rotate(picture, turn)
    height, width = picture.shape[:2]
    scale = min(SPARE * most[0] / width, SPARE * most[1] / height, 1.0)
    if scale < 1:
        picture = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, dtype=np.uint8)


def _first(pictures: list[BGR]) -> tuple[int, Landmarks]:
    refusal = InvalidInput("no face was found")
    for place in range(0, min(len(pictures) - 1, TRIES * FPS // 2), FPS // 2):
        try:
            return place, locate(pictures[place])
        except InvalidInput as error:
            refusal = error
    raise InvalidInput(f"in the first seconds of the video {refusal.message}")


def _followed(pictures: list[BGR], face: Landmarks) -> list[Points]:
    """For each picture the map (2 x 3) from where the face was in the first one; until it is lost."""
    first = cv2.cvtColor(pictures[0], cv2.COLOR_BGR2GRAY)
    mask = np.zeros(first.shape, np.uint8)
    cv2.fillPoly(mask, [face.face_oval.astype(np.int32)], (255,))
    # Mouth and lids move by themselves.
    for part in (face.outer_lip, *face.eye_outlines):
        middle = part.mean(0)
        cv2.fillPoly(mask, [(middle + 1.3 * (part - middle)).astype(np.int32)], (0,))
    least = max(face.eye_distance / 14, 2.0)
    start = cv2.goodFeaturesToTrack(first, POINTS, 0.005, least, mask=mask)
    if start is None or len(start) < 12:
        return []
    maps = [np.array(((1.0, 0, 0), (0, 1.0, 0)))]
    window = round(max(face.eye_distance / 2.5, 9)) | 1
    for picture in pictures[1:]:
        each = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        last = maps[-1]
        # Always from the first picture, where the face was found: errors do not add up.
        guess = (start.reshape(-1, 2) @ last[:, :2].T + last[:, 2]).astype(np.float32).reshape(-1, 1, 2)
        found, held, _ = cv2.calcOpticalFlowPyrLK(
            first, each, start, guess, winSize=(window, window), maxLevel=2, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
        )
        good = held.reshape(-1) == 1
        if good.sum() < HELD * len(start):
            break
        matrix, inliers = cv2.estimateAffinePartial2D(
            start[good], found[good], ransacReprojThreshold=max(face.eye_distance / 25, 1.0)
        )
        if matrix is None or inliers.sum() < HELD * len(start):
            break
        maps.append(np.asarray(matrix, dtype=np.float64))
    return maps


def _smoothed(maps: list[Points]) -> list[Points]:
    reach = 3
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * SMOOTH**2))
    rows = np.pad(np.array(maps).reshape(len(maps), 6), ((reach, reach), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(rows[:, i], kernel / kernel.sum(), "valid") for i in range(6)], axis=1)
    return list(smooth.reshape(-1, 2, 3))
