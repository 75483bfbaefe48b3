"""`VideoStream`: the pictures of one session in one codec, encoded once for all of its viewers."""

import asyncio
import logging
from dataclasses import dataclass
from fractions import Fraction

import av

from visavis.media.encoding import EncodedPicture, VideoCodec
from visavis.media.loops import EncodedLoop, LoopStore
from visavis.media.pictures import Loop, LoopClip, Picture
from visavis.media.timeline import VIDEO_CLOCK, to_video_clock
from visavis.transport.bandwidth import Bandwidth
from visavis.transport.live_encoder import LiveEncoder
from visavis.transport.packet_track import PacketTrack, timed_packet

logger = logging.getLogger(__name__)

TIME_BASE = Fraction(1, VIDEO_CLOCK)

KEY_GAP = VIDEO_CLOCK * 3 // 10
"""A viewer that asks again within 0.3 s of a key frame most likely hasn't seen it yet (90 kHz)."""


@dataclass(slots=True)
class PictureCounts:
    """What became of the pictures that were played while somebody watched."""

    live: int = 0
    """Encoded for this session."""
    loop: int = 0
    """Sent as packets that were encoded before."""
    skipped: int = 0
    """Not sent: neither a packet nor the encoder was ready."""
    keys: int = 0
    """Key frames among those sent."""


class VideoStream:
    """Decides picture by picture between a loop's packet and the live encoder, and sends to every viewer.

    A packet of a loop can be decoded after the packet before it, or if it is a key frame. Everything else
    is encoded here; the first such picture after a loop is a key frame, and the way back into the loop
    leads through the loop's next key frame.
    """

    def __init__(
        self, codec: VideoCodec, loops: LoopStore, width: int, height: int, fps: Fraction, max_kbps: int
    ) -> None:
        self.codec = codec
        self.counts = PictureCounts()
        self.encoder = LiveEncoder(codec, width, height, fps)
        self._loops = loops
        self._loading: dict[str, asyncio.Task[EncodedLoop]] = {}
        self._tracks: set[PacketTrack] = set()
        self._bandwidth = Bandwidth(max_kbps)
        self._latest: tuple[int, Picture] | None = None
        self._at: Loop | None = None
        self._live = False
        self._key_wanted = False
        self._last_key = 0

    @property
    def viewers(self) -> int:
        """How many have subscribed, connected or not."""
        return len(self._tracks)

    def subscribe(self) -> PacketTrack:
        """A track for a new viewer."""
        track = PacketTrack("video", self._opened, self.want_key)
        self.add(track)
        return track

    def add(self, track: PacketTrack) -> None:
        """Send to this one, too. The live encoder is made meanwhile, so that it is there when needed."""
        self._tracks.add(track)
        self.encoder.prepare(self.encoder.kbps or self._bandwidth.kbps)
        if self._latest and isinstance(self._latest[1], Loop):
            self._load(self._latest[1].clip)

    def unsubscribe(self, track: PacketTrack) -> None:
        """The viewer has left; with the last one goes the encoder."""
        track.stop()
        self._tracks.discard(track)
        self._bandwidth.forget(track)
        if not self._tracks:
            self.encoder.release()
            self._at, self._live = None, False

    def send(self, start: int, picture: Picture) -> None:
        """Send the picture that is due now; `start` is its media time."""
        self._latest = (start, picture)
        if not any(track.is_open for track in self._tracks):
            self._at, self._live = None, False
            return
        pts = to_video_clock(start)
        encoded = self._from_loop(picture) or self._encoded(picture, pts)
        if encoded is None:
            self.counts.skipped += 1
            self._at, self._live = None, False
            return
        if encoded.key:
            self.counts.keys += 1
            self._key_wanted, self._last_key = False, pts
        packet = timed_packet(encoded.data, pts, TIME_BASE)
        for track in self._tracks:
            track.push(packet, encoded.key)

    def flush(self) -> None:
        """Drop what has not left yet."""
        for track in self._tracks:
            track.flush()

    def request_key(self) -> None:
        """A viewer can't decode (RTCP PLI or FIR, RFC 4585 and 5104)."""
        if self._latest and to_video_clock(self._latest[0]) - self._last_key >= KEY_GAP:
            self.want_key()

    def report(self, track: PacketTrack, kbps: float) -> None:
        """A viewer's estimate of its bandwidth. The slowest one decides for all."""
        self._bandwidth.report(track, kbps)
        if current := self.encoder.kbps:
            kbps_now = self._bandwidth.change(current, asyncio.get_running_loop().time())
            if kbps_now is not None:
                self.encoder.prepare(kbps_now)

    async def close(self) -> None:
        """Let every viewer go."""
        for track in list(self._tracks):
            self.unsubscribe(track)
        for task in self._loading.values():
            task.cancel()
        self._loading.clear()

    def _opened(self) -> None:
        """A viewer is connected: a lone one gets the present picture at once, not up to 40 ms later."""
        self._key_wanted = True
        if self._latest is not None and sum(track.is_open for track in self._tracks) == 1:
            self._at, self._live = None, False
            self.send(*self._latest)

    def want_key(self) -> None:
        """The next picture has to be a key frame, however near the last one is."""
        self._key_wanted = True

    def _from_loop(self, picture: Picture) -> EncodedPicture | None:
        if not isinstance(picture, Loop):
            return None
        loop = self._loops.peek(picture.clip, self.codec)
        if loop is None:
            self._load(picture.clip)
            return None
        if not picture.is_key and (self._key_wanted or not self._follows(picture)):
            return None
        self._at, self._live = picture, False
        self.counts.loop += 1
        return loop.packet(picture.index)

    def _follows(self, picture: Loop) -> bool:
        at = self._at
        return at is not None and at.index + 1 == picture.index and at.clip.key == picture.clip.key

    def _encoded(self, picture: Picture, pts: int) -> EncodedPicture | None:
        encoded = self.encoder.encode(picture.pixels, pts, self._key_wanted or not self._live)
        if encoded is not None:
            self._at, self._live = None, True
            self.counts.live += 1
        return encoded

    def _load(self, clip: LoopClip) -> None:
        """Have a loop encoded; until then its pictures are sent live."""
        if clip.key not in self._loading:
            task = asyncio.create_task(self._loops.encoded(clip, self.codec), name=f"load loop {clip.key}")
            self._loading[clip.key] = task
            task.add_done_callback(lambda done: self._loaded(clip.key, done))

    def _loaded(self, key: str, task: asyncio.Task[EncodedLoop]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, (OSError, av.FFmpegError)):
            # It stays in `_loading`: a full disk is not tried again 25 times a second.
            logger.error("the loop %s can't be kept as %s, so it is encoded live: %s", key, self.codec, error)
        elif error is not None:
            raise error
        else:
            del self._loading[key]
