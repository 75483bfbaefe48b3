"""The portrait's `Face`: chooses the loop's frame, and the mouth on it, for each picture of a session."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from visavis.errors import StageFailed
from visavis.face import Mood
from visavis.face.portrait.loudness import Loudness, stillness
from visavis.face.portrait.pose import REST, Look, Mouth
from visavis.face.portrait.puppet import Puppet
from visavis.face.portrait.track import AHEAD, BEHIND, Track
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live, Loop, LoopClip, Picture
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import SAMPLE_RATE, frame_start, from_seconds
from visavis.tts import Speech

RELAX = 0.42
"""What is left of an open mouth one picture later when nobody speaks: it closes within three."""
CLOSED = 0.12
"""The opening from which it goes on to closed at once."""
TAKE_OVER = 3
"""Pictures over which a new utterance takes the mouth over from an earlier one."""
KEPT = from_seconds(0.2)
"""How much of the past a mouth may depend on, and more."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a live picture shows: a frame of a loop, and the mouth on it."""

    place: Loop
    mouth: Mouth


class PortraitFace:
    """One session's view of a puppet. Keeps nothing from call to call: the picture before says it all."""

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet
        self.mood: Mood = "idle"
        self._idle = puppet.clips["idle"]
        self._speak = puppet.clips.get("speak-a", self._idle)
        self._clips = {clip.key: clip for clip in puppet.clips.values()}
        self.width = self._idle.width
        self.height = self._idle.height
        self.fps = self._idle.fps
        self._middle = frame_start(1, self.fps) // 2
        # A picture shows the mouth of the middle of its time.
        self.look_ahead = self._middle + AHEAD

    def rest(self, after: Picture | None) -> Picture:
        """Close the mouth within three pictures, then go on with the loop; at a key index, the idle one."""
        if after is None:
            return Loop(self._idle, 0)
        moment = self._moment(after)
        place = self._next(moment.place, self._idle)
        return place if moment.mouth is REST else self._picture(place, _relaxed(moment.mouth))

    async def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        """One chunk for each picture, as soon as there is enough speech for it."""
        moment = None if after is None else self._moment(after)
        place = None if moment is None else moment.place
        before = REST if moment is None else moment.mouth
        heard = _Heard(speech)
        count = 0
        while True:
            start, stop = frame_start(count, self.fps), frame_start(count + 1, self.fps)
            await heard.until(max(start + self.look_ahead, stop))
            pcm = heard.between(start, stop)
            if not len(pcm):
                return
            place = Loop(self._idle, 0) if place is None else self._next(place, self._speak)
            mouth = heard.mouth(start + self._middle)
            if count < TAKE_OVER and not before.at_rest:
                mouth = before.mixed(mouth, (count + 1) / (TAKE_OVER + 1))
            yield AVChunk(start, pcm, ((start, self._picture(place, mouth)),), silent=not pcm.any())
            heard.forget(start)
            count += 1
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Nothing to let go of: puppets are shared."""

    def _moment(self, picture: Picture) -> Moment:
        """What `picture` shows; the start of the idle loop if it is another face's."""
        moment = picture.state if isinstance(picture, Live) else Moment(picture, REST)
        if isinstance(moment, Moment) and moment.place.clip.key in self._clips:
            return moment
        return Moment(Loop(self._idle, len(self._idle) - 1), REST)

    def _next(self, place: Loop, wanted: LoopClip) -> Loop:
        """The frame that follows, in the `wanted` clip if one can go over to it there."""
        index = (place.index + 1) % len(place.clip)
        return Loop(wanted if index % wanted.key_interval == 0 else place.clip, index)

    def _picture(self, place: Loop, mouth: Mouth) -> Picture:
        if mouth.at_rest:
            return place
        return Live(self._puppet.draw(place, Look(mouth)), Moment(place, mouth))


def _relaxed(mouth: Mouth) -> Mouth:
    left = mouth.weights() * RELAX
    return Mouth.of(left) if np.abs(left).max() >= CLOSED else REST


class _Heard:
    """The speech of one utterance as far as it was read, and the mouth that goes with it."""

    def __init__(self, speech: AsyncIterator[Speech]) -> None:
        self._speech = speech
        self._pcm: Samples = EMPTY
        self._start = 0
        self._ended = False
        self._marked = False
        self._track = Track()
        self._loudness = Loudness()

    async def until(self, time: int) -> None:
        """Read on until the speech up to media time `time` is there, or all there is."""
        while not self._ended and self._start + len(self._pcm) < time:
            piece = await anext(self._speech, None)
            if piece is None:
                self._ended = True
                self._track.end(self._start + len(self._pcm))
                return
            if piece.sample_rate != SAMPLE_RATE:
                raise StageFailed("face", f"a face needs speech at {SAMPLE_RATE} Hz, not {piece.sample_rate}")
            self._marked = self._marked or piece.marked
            self._track.add(piece.marks)
            self._pcm = np.concatenate((self._pcm, piece.pcm))

    def between(self, start: int, stop: int) -> Samples:
        """The sound from `start` to `stop`, as much of it as was read and is kept."""
        return self._pcm[max(start - self._start, 0) : max(stop - self._start, 0)]

    def forget(self, time: int) -> None:
        """Let go of what nobody looks back at from `time` on."""
        old = time - KEPT - self._start
        if old > KEPT:
            self._pcm = self._pcm[old:]
            self._start += old

    def mouth(self, time: int) -> Mouth:
        """The mouth at media time `time`; to be called with rising times."""
        if not self._marked:
            return self._loudness.mouth(self.between(time - BEHIND // 2, time + BEHIND // 2))
        mouth = self._track.mouth(time)
        quiet = stillness(self.between(time - BEHIND, time + AHEAD))
        return mouth.mixed(REST, quiet) if quiet and not mouth.at_rest else mouth
