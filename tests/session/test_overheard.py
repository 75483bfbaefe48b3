"""What is played is told to the canceller as it is played; what the source hears is cleaned."""

import numpy as np
import pytest

from tests.session.room import ANY, SECOND, Room, room
from visavis.media.samples import Samples
from visavis.session.ear import WINDOW
from visavis.session.events import StageChanged, TurnStarted
from visavis.session.listening import Hear, Listening

LOUD = np.full(WINDOW, 5000, dtype=np.int16)


class Mute:
    """A canceller that lets nothing through and remembers what was played."""

    def __init__(self) -> None:
        self.reference: list[Samples] = []

    def played(self, pcm: Samples) -> None:
        self.reference.append(pcm)

    def clean(self, pcm: Samples) -> Samples:
        return np.zeros_like(pcm)


class Microphone:
    """A source that gives what the test says."""

    def __init__(self, here: Room) -> None:
        self.closed = False
        here.session.listen_to(self._opened)

    def _opened(self, hear: Hear) -> "Microphone":
        self.hear = hear
        return self

    async def close(self) -> None:
        self.closed = True


def listening(here: Room) -> Listening:
    assert here.session.listening is not None
    return here.session.listening


async def speak(here: Room, microphone: Microphone) -> None:
    """Half a second of speech."""
    await listening(here).ear()
    for _ in range(16):
        microphone.hear(LOUD)
        await here.clock.advance(3 * WINDOW)


async def test_everything_that_is_played_is_the_reference_silence_too() -> None:
    canceller = Mute()
    async with room(canceller=canceller) as here:
        here.session.say("Good morning.", ANY)
        await here.clock.advance(2 * SECOND)

    told = np.concatenate(canceller.reference)
    assert np.array_equal(told, here.out.sound)
    assert 0 < np.count_nonzero(told) < len(told)
    assert here.out.closed
    assert here.out.flushes == 0


async def test_what_the_source_hears_is_cleaned_and_what_is_pushed_is_not() -> None:
    async with room(canceller=Mute()) as here:
        microphone = Microphone(here)
        await speak(here, microphone)
        assert StageChanged("listening") not in here.events
        here.listener.final = "hello there"
        await here.session.hear(np.tile(LOUD, 16), True)
        await here.clock.advance(SECOND)

    assert [event.text for event in here.events if isinstance(event, TurnStarted)] == ["hello there"]
    assert microphone.closed


async def test_without_a_canceller_there_is_nothing_in_between() -> None:
    async with room() as here:
        assert here.parts.output is here.out
        await speak(here, Microphone(here))
        assert StageChanged("listening") in here.events


async def test_while_sound_is_pushed_the_source_is_not_heard() -> None:
    async with room() as here:
        microphone = Microphone(here)
        here.listener.final = "hello there"
        await here.session.hear(LOUD[:500], False)
        await speak(here, microphone)
        await here.session.hear(LOUD[:100], True)
        await here.clock.advance(SECOND)

    assert here.listener.heard == [600]
    assert [event.text for event in here.events if isinstance(event, TurnStarted)] == ["hello there"]


async def test_who_stops_pushing_has_said_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.session.listening.PATIENCE", 0)
    async with room() as here:
        here.listener.final = "hello there"
        await here.session.hear(LOUD, False)
        await here.clock.advance(2 * SECOND)
        assert [event.text for event in here.events if isinstance(event, TurnStarted)] == ["hello there"]
        await speak(here, Microphone(here))
        assert here.of(StageChanged).count(StageChanged("listening")) == 2
