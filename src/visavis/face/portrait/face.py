"""The portrait's `Face`: chooses the loop's frame, and the look on it, for each picture of a session."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import numpy as np

from visavis.face import Mood
from visavis.face.portrait.choosing import Choosing
from visavis.face.portrait.expression import NEUTRAL, Feeling
from visavis.face.portrait.heard import LOOK_AHEAD, Heard
from visavis.face.portrait.motion import Motion
from visavis.face.portrait.pose import PLAIN, REST, Look, Mouth
from visavis.face.portrait.puppet import Puppet
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Alpha, Live, Loop, Picture
from visavis.media.timeline import frame_start
from visavis.tts import Speech

RELAX = 0.42
"""What is left of an open mouth one picture later when nobody speaks: it closes within three."""
CLOSED = 0.12
"""The opening from which it goes on to closed at once."""
SINK = 0.6
"""What is left of raised brows one picture later when nobody speaks."""
FADE = 0.0014
"""What is left of an expression a second after the last word: it is gone after 0.6."""
TAKE_OVER = 3
"""Pictures over which a new utterance takes the mouth over from an earlier one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a picture shows: a frame of a loop, and the face on it."""

    place: Loop
    said: Look = PLAIN
    """What speech moves."""
    feeling: Feeling = NEUTRAL
    """What shows besides."""

    @property
    def look(self) -> Look:
        """Both together."""
        return self.feeling.over(self.said)


class PortraitFace:
    """One session's view of a puppet."""

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet
        self.mood: Mood = "idle"
        self._idle = puppet.clips["idle"]
        self.width = self._idle.width
        self.height = self._idle.height
        self.fps = self._idle.fps
        self._middle = frame_start(1, self.fps) // 2
        # A picture shows the mouth of the middle of its time.
        self.look_ahead = self._middle + LOOK_AHEAD
        self._fade = FADE ** float(1 / self.fps)
        self._choosing = Choosing()
        # It will speak: by then it may be drawn.
        puppet.clips.get("speak-a")

    def rest(self, after: Picture | None) -> Picture:
        """Close the mouth within three pictures, let the expression fade, then show the loops themselves."""
        if after is None:
            return Loop(self._idle, 0)
        moment = self._moment(after)
        place = self._next(moment.place, lambda second, now: self._choosing.resting(second, now, self.mood))
        if isinstance(after, Loop):
            return place
        return self._picture(Moment(place, _relaxed(moment.said), self._faded(moment.feeling)))

    async def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        """One chunk for each picture, as soon as there is enough speech for it."""
        before = None if after is None else self._moment(after)
        place = None if before is None else before.place
        said = PLAIN if before is None else before.said
        heard = Heard(speech, NEUTRAL if before is None else before.feeling)
        choosing = Choosing(0 if place is None else place.index)
        count = 0
        while True:
            start, stop = frame_start(count, self.fps), frame_start(count + 1, self.fps)
            await heard.until(max(start + self.look_ahead, stop))
            pcm = heard.between(start, stop)
            if not len(pcm):
                return
            place = Loop(self._idle, 0) if place is None else self._next(place, choosing.speaking)
            look, feeling = heard.at(start + self._middle)
            if count < TAKE_OVER and not said.at_rest:
                look = _between(said, look, (count + 1) / (TAKE_OVER + 1))
            picture = self._picture(Moment(place, look, feeling))
            yield AVChunk(start, pcm, ((start, picture),), silent=not pcm.any())
            heard.forget(start)
            count += 1
            await asyncio.sleep(0)

    def alpha(self, picture: Picture) -> Alpha:
        """Where the person is in a picture of its own: see `Cutout`."""
        return self._puppet.alpha(self._moment(picture).place)

    async def close(self) -> None:
        """Nothing to let go of: puppets are shared."""

    def _moment(self, picture: Picture) -> Moment:
        """What `picture` shows; the end of the idle loop if it is another face's."""
        moment = picture.state if isinstance(picture, Live) else Moment(picture)
        if isinstance(moment, Moment) and self._motion(moment.place) is not None:
            return moment
        return Moment(Loop(self._idle, len(self._idle) - 1))

    def _motion(self, place: Loop) -> Motion | None:
        """The motion of a place; None if it is none of this puppet's."""
        return next((name for name, clip in self._puppet.clips.items() if clip.key == place.clip.key), None)

    def _next(self, place: Loop, choose: Callable[[int, Motion], Motion]) -> Loop:
        """The frame that follows; at a key index, in the motion that is chosen there, if it is drawn yet."""
        index = (place.index + 1) % len(place.clip)
        second, within = divmod(index, self._idle.key_interval)
        if within:
            return Loop(place.clip, index)
        chosen = choose(second, self._motion(place) or "idle")
        clips = self._puppet.clips
        clip = clips.get(chosen) or (clips.get("speak-a") if chosen == "speak-b" else None) or self._idle
        return Loop(clip, index)

    def _picture(self, moment: Moment) -> Picture:
        look = moment.look
        if look.at_rest:
            return moment.place
        return Live(self._puppet.draw(moment.place, look), moment)

    def _faded(self, feeling: Feeling) -> Feeling:
        left = NEUTRAL.mixed(feeling, self._fade)
        return NEUTRAL if left.at_rest else left


def _relaxed(look: Look) -> Look:
    left = look.mouth.weights() * RELAX
    mouth = Mouth.of(left) if np.abs(left).max() >= CLOSED else REST
    return Look(mouth, look.brow * SINK, look.lids * SINK)


def _between(one: Look, other: Look, amount: float) -> Look:
    return Look(
        one.mouth.mixed(other.mouth, amount),
        one.brow + (other.brow - one.brow) * amount,
        one.lids + (other.lids - one.lids) * amount,
    )
