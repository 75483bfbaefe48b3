"""A synthetic room around a whole session: what is played comes back 80 ms later and 12 dB weaker.

The session's own turn-taking, playout and echo canceller, the real detector, and espeak's answers, by a clock that
the test moves. Only the recogniser is the test's: it understands words in whatever it is given.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import numpy as np
import pytest

from tests.media.test_echo import ANSWERS, said
from tests.session.rehearsed import Rehearsed
from tests.session.room import ANY, Room, room
from visavis.media.echo import AdaptiveCanceller, EchoCanceller, HalfDuplex
from visavis.media.samples import EMPTY, Resampler, Samples, rms
from visavis.media.timeline import HEARD_RATE, PACKET, SAMPLE_RATE, from_seconds, to_ms
from visavis.registry import provider
from visavis.session.events import StageChanged, TranscriptHeard, TurnStarted
from visavis.session.listening import Hear
from visavis.settings import Settings
from visavis.tts.espeak import EspeakProvider

DELAY = round(0.08 * HEARD_RATE)
ECHO = 10 ** (-12 / 20)
LOUDER = 10 ** (3 / 20)
NOISE = 32768 * 10 ** (-60 / 20)
HEARD_PACKET = PACKET * HEARD_RATE // SAMPLE_RATE

OBJECTIONS = [
    "Stop please, I have another question.",
    "Wait a moment, what about Sunday?",
    "No, I would like to know something else.",
    "Excuse me, where is the elevator?",
]


class Microphone:
    """Hears what the room gives back of the avatar, noise, and what the user says."""

    def __init__(self, here: Room) -> None:
        self._here = here
        self._down = Resampler(SAMPLE_RATE, HEARD_RATE)
        self._echo = np.zeros(DELAY)
        self._noise = np.random.default_rng(1)
        self._user = EMPTY
        self._seen = 0
        self.held = 0
        """Packets for which the avatar was held."""
        here.session.listen_to(self._opened)

    def _opened(self, hear: Hear) -> "Microphone":
        self._hear = hear
        return self

    async def close(self) -> None:
        pass

    def say(self, pcm: Samples) -> None:
        """The user begins to speak, now."""
        self._user = pcm

    async def packet(self) -> None:
        """20 ms pass."""
        here = self._here
        await here.clock.advance(PACKET)
        played = [chunk.pcm for chunk in here.out.chunks[self._seen :]]
        self._seen = len(here.out.chunks)
        self._echo = np.concatenate([self._echo, self._down.push(np.concatenate([EMPTY, *played])) * ECHO])
        heard = self._noise.normal(0, NOISE, HEARD_PACKET)
        heard[: len(self._echo)] += self._echo[:HEARD_PACKET]
        heard[: len(self._user)] += self._user[:HEARD_PACKET]
        self._echo, self._user = self._echo[HEARD_PACKET:], self._user[HEARD_PACKET:]
        self._hear(np.clip(heard, -32768, 32767).astype(np.int16))
        self.held += here.session.playout.paused

    async def passes(self, seconds: float) -> None:
        for _ in range(from_seconds(seconds) // PACKET):
            await self.packet()

    async def until(self, condition: Callable[[], object]) -> None:
        """20 ms after 20 ms pass until it is so; a minute is too long."""
        for _ in range(from_seconds(60) // PACKET):
            if condition():
                return
            await self.packet()
        pytest.fail("nothing of the kind has happened within a minute")

    async def turn_ends(self) -> None:
        await self.until(lambda: not self._here.session.busy)


@asynccontextmanager
async def echoing(canceller: EchoCanceller | None) -> AsyncIterator[tuple[Room, Microphone]]:
    async with room(canceller=canceller) as here:
        here.detector = provider("vad", "gate", Settings()).detector()
        here.listener.final = "stop that please"
        here.voices = Rehearsed(EspeakProvider(Settings()))
        assert here.session.listening is not None
        await here.session.listening.ear()
        microphone = Microphone(here)
        yield here, microphone


async def learn(here: Room, answer: str) -> float:
    """Let the model give this answer next. How loud its echo will be."""
    assert isinstance(here.voices, Rehearsed)
    here.model.deltas = (answer,)
    return rms(await here.voices.rehearse(answer)) * ECHO


@pytest.fixture(scope="module")
def objections() -> list[Samples]:
    """What two users say, from the first sound on."""
    spoken = [said(text, voice) for voice in ("rms", "awb") for text in OBJECTIONS]
    return [pcm[onset(pcm) :] for pcm in spoken]


def started(here: Room, turns: int) -> bool:
    return len(here.of(TurnStarted)) >= turns


def onset(pcm: Samples) -> int:
    """Where the first 10 ms are that are a tenth as loud as the loudest."""
    step = HEARD_RATE // 100
    levels = [rms(pcm[at : at + step]) for at in range(0, len(pcm), step)]
    return next(index for index, level in enumerate(levels) if level > max(levels) / 10) * step


async def test_without_a_canceller_the_avatar_stumbles_over_its_own_words() -> None:
    async with echoing(None) as (here, microphone):
        await learn(here, ANSWERS[0])
        here.session.chat("Question 0?", ANY)
        await microphone.turn_ends()

    assert microphone.held > 0
    assert here.listener.heard != []


@pytest.mark.parametrize("canceller", [AdaptiveCanceller, HalfDuplex])
async def test_in_twenty_answers_the_avatar_does_not_interrupt_itself(canceller: type[EchoCanceller]) -> None:
    async with echoing(canceller()) as (here, microphone):
        for number, answer in enumerate(ANSWERS):
            await learn(here, answer)
            here.session.chat(f"Question {number}?", ANY)
            await microphone.turn_ends()
            await microphone.passes(1)

    assert [reason for reason, _, _ in here.ended()] == ["completed"] * 20
    assert (microphone.held, here.listener.heard, here.of(TranscriptHeard)) == (0, [], [])


async def test_a_user_who_is_a_little_louder_than_the_echo_interrupts_every_answer(
    objections: list[Samples],
) -> None:
    silent_after = []
    async with echoing(AdaptiveCanceller()) as (here, microphone):
        echo = await learn(here, ANSWERS[0])
        here.session.chat("Question 0?", ANY)
        for number in range(20):
            await microphone.passes(1 + 0.1 * (number % 5))
            objection = objections[number % len(objections)]
            here.listener.final = f"question {number + 1}"
            began = here.clock.now()
            microphone.say((objection * (echo * LOUDER / rms(objection))).astype(np.int16))
            echo = await learn(here, ANSWERS[(number + 1) % len(ANSWERS)])
            await microphone.until(partial(started, here, number + 2))
            silent = next(chunk.start for chunk in here.out.chunks if chunk.silent and chunk.start > began)
            silent_after.append(to_ms(silent - began))

    assert [reason for reason, _, _ in here.ended()] == ["interrupted"] * 21
    assert [event.text for event in here.events if isinstance(event, TurnStarted)] == [
        "Question 0?",
        *(f"question {number}" for number in range(1, 21)),
    ]
    # Media time, so no machine is slow by it. Words that begin with a hiss, as "stop" does, take longer than most.
    assert np.median(silent_after) <= 200


async def test_half_duplex_hears_nobody_until_half_a_second_after_the_avatar(objections: list[Samples]) -> None:
    async with echoing(HalfDuplex()) as (here, microphone):
        echo = await learn(here, ANSWERS[0])
        here.session.chat("Question 0?", ANY)
        await microphone.passes(1)
        loud = np.concatenate(objections * 2) * (echo * LOUDER / rms(objections[0]))
        microphone.say(loud.astype(np.int16))
        await microphone.turn_ends()
        last = max(chunk.start for chunk in here.out.chunks if chunk.pcm.any()) + PACKET
        assert (microphone.held, here.listener.heard) == (0, [])
        await microphone.until(lambda: StageChanged("listening") in here.events)
        deaf = to_ms(here.clock.now() - last)

    assert 500 <= deaf <= 900
