"""The playout: sends each session's sound and pictures at their own time, whatever the producers do."""

import asyncio
from collections import deque

import numpy as np

from visavis.face import Face, Mood
from visavis.media.chunk import AVChunk
from visavis.media.clock import Clock
from visavis.media.pictures import Picture
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import PACKET, frame_start, from_seconds
from visavis.session.utterance import Utterance
from visavis.transport import Transport

MAX_BURST = from_seconds(0.1)
"""After a stall longer than this the schedule moves on by it: nothing is sent in a rush to catch up."""

_SILENCE: Samples = np.zeros(PACKET, dtype=np.int16)


class Playout:
    """Plays one utterance at a time, silence and the face at rest otherwise.

    `position` is the session's media time. A clock that runs in real time is followed strictly: sound is
    never dropped, a picture that is a frame late is. A free-running clock waits for every picture instead,
    and stands still while there is nothing to play.
    """

    def __init__(self, clock: Clock, face: Face | None, transport: Transport) -> None:
        self.position = 0
        """Media time of the next sound packet."""
        self.paused = False
        self.late_pictures = 0
        """Pictures that were not sent because their time had passed."""
        self._clock = clock
        self._face = face
        self._transport = transport
        self._period = frame_start(1, face.fps) if face else 0
        self._utterance: Utterance | None = None
        self._shown: Picture | None = None
        self._next_picture = 0
        self._pictures: deque[tuple[int, Picture]] = deque()
        self._tail = 0
        self._begun = asyncio.Event()
        self._still = asyncio.Event()

    @property
    def shown(self) -> Picture | None:
        """The picture being shown."""
        return self._shown

    def show(self, mood: Mood) -> None:
        """Tell the face what to do while nothing is said."""
        if self._face is not None:
            self._face.mood = mood

    def prepare(self, generation: int) -> Utterance:
        """Room for one turn's media, which is filled as far as its bounds allow and not played yet."""
        look_ahead = self._face.look_ahead if self._face else None
        return Utterance(generation, look_ahead, self._clock.real_time)

    def attach(self, utterance: Utterance) -> None:
        """Play `utterance` from now on; an earlier one is dropped."""
        if self._utterance is not None:
            self.flush()
        self._utterance = utterance
        self._begun.set()

    def begin(self, generation: int) -> Utterance:
        """Prepare and attach in one."""
        utterance = self.prepare(generation)
        self.attach(utterance)
        return utterance

    def flush(self) -> None:
        """Drop the utterance and everything that has not left yet. When this returns nothing of it will."""
        if self._utterance is not None:
            self._utterance.drop()
            self._utterance = None
        self._pictures.clear()
        self.paused = False
        self._transport.flush()

    def pause(self) -> bool:
        """Hold the utterance at the present sample; False if there is none."""
        if self._utterance is None or self.paused:
            return False
        self.paused = True
        return True

    def resume(self) -> bool:
        """Go on from that sample; False if nothing is held."""
        held, self.paused = self.paused, False
        return held

    async def linger(self, samples: int) -> None:
        """Play this much rest, with a free-running clock, which otherwise stands still without a turn.

        Returns early if nothing is played any more.
        """
        self._tail = samples
        self._still.clear()
        self._begun.set()
        await self._still.wait()

    def restart_loop(self) -> None:
        """Begin the idle loop anew, at its first key frame: nobody has been watching."""
        if self._utterance is None:
            self._shown = None

    async def run(self) -> None:
        """Play until cancelled."""
        try:
            await self._run()
        finally:
            self._still.set()

    async def _run(self) -> None:
        zero = self._clock.now() - self.position
        while True:
            due = self._next_due()
            await self._clock.sleep_until(zero + due)
            late = self._clock.now() - zero - due
            if self._clock.real_time and late > MAX_BURST:
                zero += late
                late = 0
            if due == self.position:
                if not self._clock.real_time:
                    await self._until_something_to_play()
                self._play_packet(late)
            else:
                self._transport.play(AVChunk(due, EMPTY, self._pictures_at(due, late)))

    def _next_due(self) -> int:
        if self._face is None:
            return self.position
        return min(self.position, self._pictures[0][0] if self._pictures else self._next_picture)

    async def _until_something_to_play(self) -> None:
        while True:
            utterance = self._utterance
            if utterance is None or utterance.complete:
                if self._tail > 0 or utterance is not None:
                    return
                self._still.set()
                self._begun.clear()
                await self._begun.wait()
            elif utterance.ready():
                return
            else:
                await utterance.filled()

    def _play_packet(self, late: int) -> None:
        start = self.position
        pcm = self._take_sound()
        self.position += PACKET
        if pcm is None:
            self._tail = max(0, self._tail - PACKET)
        self._transport.play(
            AVChunk(
                start,
                pcm if pcm is not None else _SILENCE,
                self._pictures_at(start, late),
                silent=pcm is None,
            )
        )

    def _take_sound(self) -> Samples | None:
        utterance = self._utterance
        if utterance is None or self.paused:
            return None
        if utterance.complete:
            self._utterance = None
            utterance.end()
            return None
        before = utterance.heard
        pcm = utterance.take()
        if pcm is None:
            return None
        utterance.fire_cues(utterance.heard)
        for start, picture in utterance.due(before + PACKET):
            self._pictures.append((max(self.position + start - before, self.position), picture))
        return pcm

    def _pictures_at(self, time: int, late: int) -> tuple[tuple[int, Picture], ...]:
        """The picture to send at `time`: the utterance's if one is due, the face at rest if it is time."""
        if self._face is None:
            return ()
        picture: Picture | None = None
        while self._pictures and self._pictures[0][0] <= time:
            self.late_pictures += picture is not None
            picture = self._pictures.popleft()[1]
        if picture is None:
            if time < self._next_picture:
                return ()
            if self._pictures:
                self._next_picture = self._pictures[0][0]
                return ()
        self._next_picture = time + self._period
        if self._clock.real_time and late > self._period:
            self.late_pictures += 1
            return ()
        self._shown = picture or self._face.rest(self._shown)
        return ((time, self._shown),)
