"""An avatar's still picture, and the loop of nothing else: for faces that do not move by themselves."""

import hashlib
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from visavis.avatar import Avatar
from visavis.errors import InvalidInput
from visavis.media.pictures import BGR, I420, LoopClip


def still(avatar: Avatar) -> BGR:
    """The avatar's still picture at its size, sides made even; `InvalidInput` if it has none."""
    path = avatar.reference()
    found = None if path is None else cv2.imread(str(path), cv2.IMREAD_COLOR)
    if found is None:
        raise InvalidInput(f"avatar {avatar.id!r} has no reference or preview picture that can be read")
    size = avatar.width // 2 * 2, avatar.height // 2 * 2
    if (found.shape[1], found.shape[0]) != size:
        found = cv2.resize(found, size, interpolation=cv2.INTER_AREA)
    return found.astype(np.uint8, copy=False)


def still_loop(avatar: Avatar) -> LoopClip:
    """A second of the still picture; its frames share their pixels."""
    bgr = still(avatar)
    picture: I420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
    count = max(round(avatar.fps), 1)
    height, width = bgr.shape[:2]
    frames = np.broadcast_to(picture, (count, *picture.shape))
    rate = f"{float(avatar.fps):.5g}fps"
    key = f"{avatar.id}-still-{width}x{height}-{rate}-{hashlib.sha256(picture.data).hexdigest()[:16]}"
    return LoopClip(key, cast("Sequence[I420]", frames), width, height, avatar.fps, count)
