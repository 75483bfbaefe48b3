"""What one turn gives to be played: its sound, the pictures that go with it, and cues along the way."""

import asyncio
from collections import deque
from collections.abc import Callable

from visavis.media.chunk import AVChunk
from visavis.media.pictures import Picture
from visavis.media.samples import SampleBuffer, Samples
from visavis.media.timeline import PACKET, from_seconds

SOUND_LEAD = from_seconds(2.0)
"""How far the voice may be ahead of what is heard: rides out a slow upstream, bounds memory."""

PICTURE_LEAD = from_seconds(0.24)
"""How far the face may be ahead: six pictures at 25 fps, 2.3 MiB at 512 x 512."""


class Utterance:
    """One turn's media, filled by the turn and emptied by the playout. Times are turn time: 0 is its first sample.

    The voice's own sound comes in by `sound`, what the face made of it by `show`. The face's is played; the
    voice's steps in when the face is late. Once dropped, everything given to it is ignored, so that nothing
    of an interrupted turn can be heard.
    """

    def __init__(self, generation: int, look_ahead: int | None, real_time: bool) -> None:
        self.generation = generation
        self.heard = 0
        """Samples that were played."""
        self.taken = 0
        """Where the packet that is being played begins."""
        self.length = 0
        """Samples the voice has given."""
        self.dropped = False
        self.real_time = real_time
        self.on_picture: Callable[[int], None] | None = None
        """Called with the turn time of each picture as it is about to be sent."""
        self._look_ahead = look_ahead
        self._raw = SampleBuffer()
        self._drawn = SampleBuffer()
        self._pictures: deque[tuple[int, Picture]] = deque()
        self._cues: deque[tuple[int, Callable[[], None]]] = deque()
        self._finished = False
        self._flowing = False
        self._waited = 0
        self._moved = asyncio.Event()
        self._filled = asyncio.Event()
        self._played = asyncio.Event()

    async def sound(self, pcm: Samples) -> None:
        """Add the voice's next samples (48 kHz); waits while it is two seconds ahead."""
        while not self.dropped and self._raw.end - self.heard > SOUND_LEAD:
            await self._wait_for_move()
        if not self.dropped:
            self._raw.write(self._raw.end, pcm)
            self.length += len(pcm)
            self._filled.set()

    async def show(self, chunk: AVChunk) -> None:
        """Add what the face made; waits while it is a quarter of a second ahead."""
        while not self.dropped and chunk.start - self.heard > PICTURE_LEAD:
            await self._wait_for_move()
        if not self.dropped:
            self._drawn.write(chunk.start, chunk.pcm)
            self._pictures.extend(chunk.pictures)
            self._filled.set()

    def cue(self, at: int, call: Callable[[], None]) -> None:
        """Call `call` when sample `at` is played; cues are given in order of time."""
        self._cues.append((at, call))

    def abandon_face(self) -> None:
        """The face has fallen behind for good: the voice's own sound goes on without it."""
        self._look_ahead = None

    def finish(self) -> None:
        """The voice has said everything."""
        self._finished = True
        self._filled.set()

    async def played(self) -> None:
        """Return when the last sample was played, or the utterance was dropped."""
        await self._played.wait()

    # What follows is for the playout.

    def take(self) -> Samples | None:
        """The next packet of sound, or None if it has to wait. The last one is padded with silence."""
        count = min(PACKET, self._raw.end - self.heard) if self._finished else PACKET
        end = self.heard + count
        if count <= 0 or self._raw.end < end:
            self._flowing, self._waited = False, 0
            return None
        if self._look_ahead is not None and self._drawn.end < end and not self._face_is_late():
            return None
        source = self._drawn if self._look_ahead is not None and self._drawn.end >= end else self._raw
        source.skip_to(self.heard)
        pcm = source.read(PACKET)
        self._raw.skip_to(end)
        self._drawn.skip_to(end)
        self._flowing, self._waited = True, 0
        self.taken, self.heard = self.heard, end
        self._moved.set()
        return pcm

    def ready(self) -> bool:
        """Whether `take` and `due` would give all there is for the next packet: asked where nobody hurries."""
        end = self.heard + PACKET
        have = self._raw.end if self._look_ahead is None else self._drawn.end
        return have >= end or (self._finished and have >= self._raw.end)

    def _face_is_late(self) -> bool:
        """Whether to go on without the face: at once in mid-speech, after its look-ahead at a start."""
        if not self.real_time:
            return False
        if self._flowing:
            return True
        self._waited += PACKET
        return self._waited > (self._look_ahead or 0)

    def due(self, before: int) -> list[tuple[int, Picture]]:
        """Take the pictures that start before turn time `before`."""
        out = []
        while self._pictures and self._pictures[0][0] < before:
            out.append(self._pictures.popleft())
            if self.on_picture is not None:
                self.on_picture(out[-1][0])
        return out

    def fire_cues(self, before: int) -> None:
        """Call the cues before turn time `before`."""
        while self._cues and self._cues[0][0] < before:
            self._cues.popleft()[1]()

    @property
    def complete(self) -> bool:
        """Whether everything there will ever be has been taken."""
        return self._finished and self.heard >= self._raw.end

    def end(self) -> None:
        """The last sample has been played."""
        self.taken = self.heard
        self.fire_cues(self.heard + 1)
        self._played.set()
        self._moved.set()

    def drop(self) -> None:
        """Forget everything; whoever waits to add more goes on and is ignored."""
        self.dropped = True
        self._pictures.clear()
        self._cues.clear()
        self._raw = SampleBuffer()
        self._drawn = SampleBuffer()
        self._played.set()
        self._moved.set()
        self._filled.set()

    async def filled(self) -> None:
        """Wait until something was added."""
        self._filled.clear()
        await self._filled.wait()

    async def _wait_for_move(self) -> None:
        self._moved.clear()
        await self._moved.wait()
