"""Short films of a face that moves a little, as a telephone records them."""

import math
from pathlib import Path

import av
import cv2
import numpy as np

from tests.avatar.faces import LIPS, Pixels, Points, astronaut


def nodding(number: int) -> tuple[Pixels, Points]:
    """Picture `number` of the film and where the lips are in it."""
    angle, x, y = 3 * math.sin(number / 9), 6 * math.sin(number / 13), 3 * math.cos(number / 11)
    matrix = np.asarray(cv2.getRotationMatrix2D((224, 250), angle, 1.0), dtype=np.float64)
    matrix[:, 2] += np.array((x, y))
    picture = cv2.warpAffine(astronaut(), matrix, (512, 512), borderMode=cv2.BORDER_REFLECT)
    lips = (LIPS - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
    return picture.astype(np.uint8, copy=False), lips


def write(path: Path, pictures: list[Pixels], fps: int = 25) -> Path:
    """Write a film; the container is the one that its name says."""
    with av.open(str(path), "w") as file:
        codec, more = ("libvpx", {"b": "2M"}) if path.suffix == ".webm" else ("libx264", {"preset": "ultrafast"})
        stream = file.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        stream.options = {"crf": "18", **more}
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
    return path
