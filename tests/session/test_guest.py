"""A guest: what comes in from a room becomes turns, and the visit ends as it should."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from tests.session.room import SECOND, Room, room, until
from visavis.media.samples import Samples
from visavis.session.events import (
    FirstFrame,
    MediaStarted,
    Metered,
    RoomJoined,
    RoomLeft,
    Terminated,
    TurnEnded,
    TurnStarted,
    Warned,
)
from visavis.session.guest import MESSAGES, Guest, Terms
from visavis.testing.recording import RecordingTransport
from visavis.transport import Intake, RoomFailed, Visitor

PATIENT = Terms(idle_timeout=600, max_duration=600)


class Parlour(RecordingTransport):
    """A room as a test says."""

    def __init__(self, *, fails: str = "", alone: bool = False) -> None:
        super().__init__()
        self.frames = 7
        self.alone = alone
        self.unsent = 0
        self.told: list[tuple[str, object]] = []
        self.joined = asyncio.Event()
        self.ears = asyncio.Event()
        self.ears.set()
        self.visitor: Visitor | None = None
        self._fails = fails

    async def join(self, visitor: Visitor) -> str:
        if self._fails:
            raise RoomFailed(self._fails)
        self.visitor = visitor
        visitor.shown()
        self.joined.set()
        return "avatar"

    async def until_heard(self) -> None:
        await self.ears.wait()

    def started(self, sender: str) -> None:
        self.told.append((sender, "started"))

    def finished(self, sender: str, seconds: float, *, interrupted: bool) -> None:
        self.told.append((sender, (round(seconds, 3), interrupted)))

    def opened(self, rate: int = SECOND, *, continuous: bool = False) -> Intake:
        assert self.visitor is not None
        return self.visitor.open("agent", rate, continuous=continuous)


@asynccontextmanager
async def visiting(parlour: Parlour, terms: Terms = PATIENT) -> AsyncIterator[Room]:
    async with room(make_guest=lambda host: Guest(host, parlour, terms)) as made:
        assert made.session.guest is not None
        made.session.guest.start()
        yield made


@asynccontextmanager
async def inside(parlour: Parlour, terms: Terms = PATIENT) -> AsyncIterator[Room]:
    async with visiting(parlour, terms) as made:
        await until(made.session.events, RoomJoined)
        yield made


def tone(seconds: float, rate: int = SECOND) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * 300 * times)).astype(np.int16)


async def test_given_an_utterance_when_it_was_played_then_its_sender_is_told_of_its_beginning_and_length() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        intake = parlour.opened(24_000)
        intake.push(tone(1, 24_000))
        intake.end()
        await made.clock.advance(2 * SECOND)
        await until(made.session.events, TurnEnded)
        await made.clock.advance(0)
        assert parlour.told == [("agent", "started"), ("agent", (1.0, False))]


async def test_given_a_stream_without_sound_when_it_is_open_then_there_is_no_turn() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        parlour.opened().end()
        await made.clock.advance(SECOND)
        assert not made.of(TurnStarted)


async def test_given_sound_that_goes_on_when_it_comes_then_it_is_heard_before_its_end() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        parlour.opened().push(tone(0.2))
        await made.clock.advance(SECOND // 10)
        await until(made.session.events, MediaStarted)
        assert np.abs(made.out.sound).max() > 1000


async def test_given_nobody_can_hear_it_yet_when_sound_comes_then_its_beginning_waits() -> None:
    parlour = Parlour()
    parlour.ears.clear()
    async with inside(parlour) as made:
        intake = parlour.opened()
        intake.push(tone(0.2))
        intake.end()
        await made.clock.advance(SECOND)
        assert not made.out.sound.any()
        parlour.ears.set()
        await made.clock.advance(SECOND)
        await until(made.session.events, TurnEnded)
        await made.clock.advance(0)
        assert parlour.told == [("agent", "started"), ("agent", (0.2, False))]


async def test_given_nobody_can_hear_it_yet_when_it_is_cleared_then_nothing_was_played() -> None:
    parlour = Parlour()
    parlour.ears.clear()
    async with inside(parlour) as made:
        parlour.opened().push(tone(0.2))
        await made.clock.advance(SECOND)
        assert parlour.visitor is not None
        parlour.visitor.clear()
        assert parlour.told == [("agent", (0.0, True))]


async def test_given_speech_when_it_is_cleared_then_nothing_of_it_leaves_and_the_position_is_what_had_left() -> (
    None
):
    parlour = Parlour()
    async with inside(parlour) as made:
        intake = parlour.opened()
        intake.push(tone(5))
        await made.clock.advance(SECOND)
        parlour.unsent = SECOND // 100
        heard = made.session.heard
        assert heard > 0
        assert parlour.visitor is not None
        parlour.visitor.clear()
        assert parlour.told == [("agent", "started"), ("agent", (round(heard / SECOND - 0.01, 3), True))]
        played = len(made.out.chunks)
        await made.clock.advance(SECOND)
        assert all(not chunk.pcm.any() for chunk in made.out.chunks[played:])
        assert not made.session.busy


async def test_given_two_utterances_when_the_second_comes_early_then_it_follows_the_first() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        for seconds in (0.4, 0.2):
            intake = parlour.opened()
            intake.push(tone(seconds))
            intake.end()
        await made.clock.advance(SECOND)
        assert parlour.told == [
            ("agent", "started"),
            ("agent", (0.4, False)),
            ("agent", "started"),
            ("agent", (0.2, False)),
        ]


async def test_given_utterances_that_wait_when_cleared_then_each_is_reported_once() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        for _ in range(3):
            parlour.opened().push(tone(1))
        assert parlour.visitor is not None
        parlour.visitor.clear()
        await made.clock.advance(SECOND)
        assert parlour.told == [("agent", (0.0, True))] * 3


async def test_given_a_stream_that_was_cleared_when_it_goes_on_then_it_is_heard_again() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        intake = parlour.opened()
        intake.push(tone(1))
        assert parlour.visitor is not None
        parlour.visitor.clear()
        intake.push(tone(0.3))
        intake.end()
        await made.clock.advance(SECOND)
        assert parlour.told[-1] == ("agent", (0.3, False))


async def test_given_somebody_else_interrupts_when_it_speaks_then_the_sender_is_told() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        parlour.opened().push(tone(5))
        await made.clock.advance(SECOND)
        heard = made.session.heard
        made.session.interrupt()
        await made.clock.advance(0)
        assert parlour.told[-1] == ("agent", (round(heard / SECOND, 3), True))


async def test_given_sound_without_an_end_when_there_is_silence_in_it_then_no_turn_is_held_open() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        intake = parlour.opened(16_000, continuous=True)
        silence = np.zeros(16_000, dtype=np.int16)
        for pcm in (silence, tone(1, 16_000), silence, silence, tone(1, 16_000), silence):
            for start in range(0, 16_000, 320):
                intake.push(pcm[start : start + 320])
                await made.clock.advance(SECOND // 50)
        await made.clock.advance(SECOND)
        assert not made.session.busy
        assert len(made.of(TurnStarted)) == 2
        loud = np.abs(made.out.sound.astype(int)) > 1000
        assert loud.sum() == pytest.approx(2 * np.count_nonzero(np.abs(tone(1).astype(int)) > 1000), rel=0.02)


async def test_given_more_sound_than_can_wait_when_it_comes_then_it_is_dropped_and_told_once() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        intake = parlour.opened(8000)
        for _ in range(400):
            intake.push(np.zeros(8000, dtype=np.int16))
        assert [event.code for event in made.events if isinstance(event, Warned)] == ["too_far_ahead"]


async def test_given_a_room_that_cannot_be_joined_when_visited_then_the_session_fails_with_its_code() -> None:
    async with visiting(Parlour(fails="transport.token_expired")) as made:
        await until(made.session.events, Terminated)
        assert made.events[-3:] == [
            RoomLeft("transport.token_expired", MESSAGES["transport.token_expired"]),
            *made.events[-2:-1],
            Terminated("failed"),
        ]
        assert not made.of(FirstFrame)


@pytest.mark.parametrize(("code", "reason"), [("", "room_left"), ("transport.removed", "failed")])
async def test_given_a_room_that_goes_away_when_visited_then_the_session_ends(code: str, reason: str) -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        assert parlour.visitor is not None
        parlour.visitor.left(code)
        assert (await until(made.session.events, Terminated)) == Terminated(reason)  # type: ignore[arg-type]  # of the parameters
        left = next(event for event in made.events if isinstance(event, RoomLeft))
        assert left.code == code
        metered = [event for event in made.events if isinstance(event, Metered)]
        assert metered[-1].frames == 7
        assert parlour.closed


@pytest.mark.parametrize(
    ("terms", "reason"),
    [(Terms(0.05, 600), "idle"), (Terms(600, 0.05), "expired"), (Terms(0.05, 600, 0.01), "idle")],
)
async def test_given_a_limit_when_it_is_reached_then_the_guest_leaves(terms: Terms, reason: str) -> None:
    async with visiting(Parlour(alone=True), terms) as made:
        assert (await until(made.session.events, Terminated)) == Terminated(reason)  # type: ignore[arg-type]  # of the parameters


async def test_given_it_is_closed_from_outside_when_in_a_room_then_it_leaves_it_first() -> None:
    parlour = Parlour()
    async with inside(parlour) as made:
        await made.session.close()
        kinds = [type(event) for event in made.events]
        assert kinds.index(RoomLeft) < kinds.index(Terminated)
        assert made.events[-1] == Terminated("closed")
        assert parlour.closed


async def test_given_nobody_comes_when_it_may_hum_then_it_hums_until_somebody_does() -> None:
    parlour = Parlour(alone=True)
    async with inside(parlour, Terms(600, 600, tone_after=0.01)) as made:
        await until(made.session.events, TurnStarted)
        await made.clock.advance(SECOND)
        spectrum = np.abs(np.fft.rfft(made.out.sound[-SECOND // 2 :].astype(float)))
        assert 2 * int(spectrum.argmax()) == pytest.approx(220, abs=4)
        parlour.alone = False
        ended = await until(made.session.events, TurnEnded)
        assert isinstance(ended, TurnEnded)
        assert ended.reason == "interrupted"
        assert not [told for told in parlour.told if told[0] != ""]
