"""Loops that were encoded once, kept as files and memory-mapped: what an idle session sends."""

import asyncio
import mmap
import os
import struct
import tempfile
from pathlib import Path

import av

from visavis.media.encoding import EncodedPicture, PictureEncoder, VideoCodec, baseline_level
from visavis.media.pictures import LoopClip

READY = 256
"""Encoded loops that a process keeps open, 200 kB each: more than 32 sessions with seven motions each play."""

MAX_KBPS = 400
"""A loop's mean bit rate, at most."""

HEADER = struct.Struct("<8s5I")
"""Magic, width, height, frames, key interval, bytes of all packets."""

ENTRY = struct.Struct("<QI?")
"""Of one packet: offset in the file, bytes, whether it is a key frame."""

MAGIC = b"vvloop1\n"


class EncodedLoop:
    """The packets of one clip in one codec, in a file: packet i can be decoded after i - 1, and 0 after the last.

    There is a key frame at every multiple of the clip's `key_interval`. Raises `ValueError` if the file
    isn't the whole encoding of this clip.
    """

    def __init__(self, clip: LoopClip, path: Path) -> None:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < HEADER.size:
                raise ValueError("the file is too short")
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, *shape, size = HEADER.unpack_from(self._bytes)
        packets = HEADER.size + len(clip) * ENTRY.size
        if magic != MAGIC or tuple(shape) != _shape(clip) or len(self._bytes) != packets + size:
            raise ValueError("the file is not of this clip")
        self._entries = [ENTRY.unpack_from(self._bytes, HEADER.size + i * ENTRY.size) for i in range(len(clip))]

    def packet(self, index: int) -> EncodedPicture:
        """Frame `index`, encoded."""
        offset, size, key = self._entries[index]
        return EncodedPicture(self._bytes[offset : offset + size], key)

    def __len__(self) -> int:
        return len(self._entries)


class LoopStore:
    """The encoded loops of a process, kept in a directory that other processes share."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ready: dict[tuple[str, VideoCodec], EncodedLoop] = {}
        self._building: dict[tuple[str, VideoCodec], asyncio.Task[EncodedLoop]] = {}

    def peek(self, clip: LoopClip, codec: VideoCodec) -> EncodedLoop | None:
        """The encoded loop, if this process has it already."""
        return self._ready.get((clip.key, codec))

    async def encoded(self, clip: LoopClip, codec: VideoCodec) -> EncodedLoop:
        """The encoded loop: from the directory, or encoded now, in a thread, once however many ask."""
        name = (clip.key, codec)
        if loop := self._ready.get(name):
            return loop
        if not (task := self._building.get(name)):
            task = asyncio.create_task(asyncio.to_thread(self._load, clip, codec), name=f"encode loop {clip.key}")
            self._building[name] = task
            task.add_done_callback(lambda done: self._built(name, done))
        # Someone who gives up must not take the loop away from the others who wait for it.
        return await asyncio.shield(task)

    def _built(self, name: tuple[str, VideoCodec], task: asyncio.Task[EncodedLoop]) -> None:
        del self._building[name]
        if not task.cancelled() and not task.exception():
            self._ready[name] = task.result()
            while len(self._ready) > READY:
                # Whoever still sends it has the loop itself, or has it read again.
                del self._ready[next(iter(self._ready))]

    def _load(self, clip: LoopClip, codec: VideoCodec) -> EncodedLoop:
        path = self._directory / f"{clip.key}.{codec.lower()}.loop"
        try:
            return EncodedLoop(clip, path)
        except (FileNotFoundError, ValueError):
            encode_loop(clip, codec, path)
            return EncodedLoop(clip, path)


def encode_loop(clip: LoopClip, codec: VideoCodec, path: Path) -> None:
    """Encode every frame of a clip and write the file at once: nobody ever sees half of it."""
    encoder = loop_encoder(clip, codec)
    packets = []
    for index, pixels in enumerate(clip.frames):
        pts = int(index * 90_000 / clip.fps)
        packets.append(encoder.encode(pixels, pts, index % clip.key_interval == 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as file:
        try:
            file.write(HEADER.pack(MAGIC, *_shape(clip), sum(len(packet.data) for packet in packets)))
            offset = HEADER.size + len(packets) * ENTRY.size
            for packet in packets:
                file.write(ENTRY.pack(offset, len(packet.data), packet.key))
                offset += len(packet.data)
            file.writelines(packet.data for packet in packets)
            file.close()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def loop_encoder(clip: LoopClip, codec: VideoCodec) -> PictureEncoder:
    """An encoder for even quality below `MAX_KBPS`, 2 to 6 ms per picture.

    VP8 stays within a narrow range of quantisers: with a wide one its key frames are visibly softer than
    their neighbours (38 against 44 dB), and a loop would pulse once a second.
    """
    if codec == "VP8":
        context = av.CodecContext.create("libvpx", "w")
        context.qmin, context.qmax = 20, 30
        options = {
            "deadline": "good",
            "cpu-used": "4",
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
            "crf": "24",
            "bufsize": str(MAX_KBPS * 2000),
        }
    else:
        context = av.CodecContext.create("libx264", "w")
        context.profile = "Baseline"
        options = {
            "preset": "fast",
            "tune": "zerolatency",
            "sc_threshold": "0",
            "crf": "27",
            "maxrate": str(MAX_KBPS * 1000),
            "bufsize": str(MAX_KBPS * 1000),
            **baseline_level(clip.width, clip.height, clip.fps),
        }
    encoder = PictureEncoder(context, clip.width, clip.height, clip.fps, MAX_KBPS)
    context.options = options
    context.open()
    return encoder


def _shape(clip: LoopClip) -> tuple[int, int, int, int]:
    return clip.width, clip.height, len(clip), clip.key_interval
