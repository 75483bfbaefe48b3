"""The process that decodes what strangers send: `visavis.media.foreign` starts it, and says what for.

Its answer is one line of JSON: what it found, or a `refusal`, or a `failure` of this machine.
"""

import json
import resource
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visavis.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    from visavis.media.pictures import BGR

MEMORY = 2 * 1024**3
"""Bytes of addresses, of which the libraries take a quarter: several times the largest picture that is let in."""

CPU_SECONDS = 25

SHORTEST_SIDE = 128
"""Pixels; a smaller picture is enlarged."""


def decoded(source: Path) -> "BGR":
    """The picture in a file: the way it is to be held is applied, and see-through parts become light grey."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    data = np.frombuffer(source.read_bytes(), np.uint8)
    try:
        found = cv2.imdecode(data, cv2.IMREAD_COLOR)
        layers = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        raise InvalidInput("the image can't be decoded") from None
    if found is None or layers is None:
        raise InvalidInput("the image can't be decoded")
    if layers.ndim == 3 and layers.shape[2] == 4 and layers.shape[:2] == found.shape[:2]:
        largest = 65535 if layers.dtype == np.uint16 else 255
        alpha = layers[:, :, 3:].astype(np.float32) / largest
        found = (found * alpha + 232 * (1 - alpha)).astype(np.uint8)
    return found.astype(np.uint8, copy=False)


def picture(source: Path, target: Path, max_width: int, max_height: int) -> dict[str, Any]:
    """Write a picture anew, within the given size."""
    import cv2

    found = decoded(source)
    height, width = found.shape[:2]
    scale = min(max_width / width, max_height / height, max(1.0, SHORTEST_SIDE / min(width, height)))
    size = max(round(width * scale) // 2 * 2, 16), max(round(height * scale) // 2 * 2, 16)
    if size != (width, height):
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        found = cv2.resize(found, size, interpolation=how).astype("uint8", copy=False)
    written, png = cv2.imencode(".png", found)
    if not written:
        raise InvalidInput("the image can't be decoded")
    target.write_bytes(png.tobytes())
    return {"width": size[0], "height": size[1]}


def sound(source: Path, target: Path, sample_rate: int, longest: float) -> dict[str, Any]:
    """Write sound anew, as a WAV file of 16 bit mono."""
    from visavis.media.recordings import read_file

    pcm = read_file(source, longest, sample_rate)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(pcm.tobytes())
    return {"seconds": len(pcm) / sample_rate}


def main(kind: str, source: str, target: str, first: str, second: str) -> dict[str, Any]:
    """Do what was asked for."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        if kind == "picture":
            return picture(Path(source), Path(target), int(first), int(second))
        return sound(Path(source), Path(target), int(first), float(second))
    except (InvalidInput, TooLarge) as error:
        return {"refusal": error.message}
    except MemoryError:
        return {"refusal": "it takes too much memory to decode"}
    except OSError as error:
        return {"failure": error.strerror}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
