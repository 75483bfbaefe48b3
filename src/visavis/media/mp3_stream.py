"""An MP3 file or stream that is decoded while it is still coming: no file, no process, no thread.

Sources: ISO/IEC 11172-3 and 13818-3 (frames), id3.org (tags), the Xing and LAME "Info" frame as FFmpeg reads it.
FFmpeg's parser finds the frames and its decoder decodes them; a frame gives its sound with its last byte.
"""

import struct
from typing import TYPE_CHECKING

import numpy as np

from visavis.media.samples import EMPTY, Samples

if TYPE_CHECKING:
    from av import Packet
    from av.stream import Stream

MAX_RUBBISH = 4096
"""Bytes in a row that are no sound, beyond which it is no MP3: some times the longest frame."""

MAX_TAG = 1024 * 1024
"""Bytes of an ID3 tag before the sound: room for a cover."""

DECODER_DELAY = 529
"""Samples by which decoders are late, besides what the encoder says of itself (LAME's technical FAQ)."""


class Mp3Error(ValueError):
    """What comes is no MP3, or not one that is understood here, or not all of it came."""


class Mp3Stream:
    """Takes the bytes in any pieces and gives their sound as int16 mono; two channels are mixed.

    Where the stream says how much silence its encoder put before the sound, that is left out; what is put
    after the sound is not.
    """

    def __init__(self) -> None:
        from av import AudioCodecContext, CodecContext

        decoder = CodecContext.create("mp3", "r")
        assert isinstance(decoder, AudioCodecContext)  # noqa: S101  # for the type checker
        self._decoder = decoder
        self.sample_rate = 0
        """Hz; 0 until the first sound has come."""
        self._head: bytes | None = b""
        """The first bytes, until it is known whether they are a tag; None then."""
        self._skip = 0
        self._rubbish = 0
        self._frames = 0
        self._delay = 0

    def push(self, data: bytes) -> Samples:
        """Take the next bytes; give the sound that is complete with them, perhaps none. Raises `Mp3Error`."""
        if data := self._without_tag(data):
            return self._decoded(self._decoder.parse(data))
        return EMPTY

    def finish(self) -> Samples:
        """The stream has ended; give the rest. Raises `Mp3Error` if there was no sound in it."""
        head, self._head = self._head, None
        packets = self._decoder.parse(head) if head else []
        pcm = self._decoded([*packets, *self._decoder.parse(None)])
        if not self.sample_rate:
            raise Mp3Error(
                "it ends before its sound begins" if self._skip or not self._rubbish else "it is no MP3"
            )
        return pcm

    def _without_tag(self, data: bytes) -> bytes:
        if self._head is not None:
            data = self._head + data
            if b"ID3".startswith(data[:3]) and len(data) < 10:
                self._head = data
                return b""
            self._head = None
            if data.startswith(b"ID3"):
                size = 0
                for byte in data[6:10]:
                    size = size << 7 | byte & 0x7F
                if size > MAX_TAG:
                    raise Mp3Error("it has too much before its sound")
                self._skip = 10 + size + (10 if data[5] & 0x10 else 0)
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        return data[skipped:]

    def _decoded(self, packets: "list[Packet[Stream]]") -> Samples:
        from av import InvalidDataError

        parts: list[Samples] = []
        for packet in packets:
            raw = bytes(packet)
            if not self._frames and (said := _encoder_delay(raw)) is not None:
                self._frames += 1
                self._delay = said
                continue
            try:
                frames = self._decoder.decode(packet) if raw else []
            except InvalidDataError as error:
                self._rubbish += len(raw)
                if self._rubbish > MAX_RUBBISH:
                    raise Mp3Error("it is no MP3" if not self._frames else "it is damaged") from error
                continue
            for frame in frames:
                self._rubbish = 0
                self._frames += 1
                if self.sample_rate not in (0, frame.sample_rate):
                    raise Mp3Error("its sample rate changes")
                self.sample_rate = frame.sample_rate
                channels = frame.to_ndarray()
                parts.append((channels.sum(axis=0, dtype=np.int32) // len(channels)).astype(np.int16))
        pcm = np.concatenate(parts) if parts else EMPTY
        late = min(self._delay, len(pcm))
        self._delay -= late
        return pcm[late:]


def _encoder_delay(frame: bytes) -> int | None:
    """Samples of silence before the sound, if this is the frame that only tells of the others; else None."""
    if len(frame) < 40 or frame[0] != 0xFF:
        return None
    low_rate = not frame[1] & 0x08
    mono = frame[3] >> 6 == 3
    # The header, and the side information, which is empty.
    at = 4 + ((9 if mono else 17) if low_rate else (17 if mono else 32))
    if frame[at : at + 4] not in (b"Xing", b"Info"):
        return None
    (flags,) = struct.unpack_from(">I", frame, at + 4)
    at += 8 + 4 * bool(flags & 1) + 4 * bool(flags & 2) + 100 * bool(flags & 4) + 4 * bool(flags & 8)
    encoder = frame[at : at + 24]
    if len(encoder) < 24 or not encoder[:4].isalnum():
        return 0
    return (encoder[21] << 4 | encoder[22] >> 4) + DECODER_DELAY
