"""What a session says to its first viewer."""

from tests.session.room import ANY, SECOND, room
from visavis.llm import Message
from visavis.session.events import Failed, StateChanged, Terminated, TurnStarted
from visavis.session.parts import Limits


async def test_given_a_greeting_when_viewers_come_and_go_then_it_is_said_once() -> None:
    async with room(greeting="Welcome!") as here:
        await here.session.offer("main", "sdp")
        here.out.viewers = 1
        here.session.attendance.joined("main")
        await here.clock.advance(SECOND)
        here.out.viewers = 0
        here.session.attendance.left("main")
        here.out.viewers = 1
        here.session.attendance.joined("main")
        here.session.attendance.joined("other")
        await here.clock.advance(SECOND)

    assert here.ended() == [("completed", "Welcome!", "Welcome!")]
    assert here.voice.said == ["Welcome!"]


async def test_given_a_greeting_when_the_client_starts_the_session_after_it_then_it_may() -> None:
    async with room(greeting="Welcome!") as here:
        here.session.attendance.joined("main")
        await here.clock.advance(SECOND // 4)
        here.session.start()
        await here.clock.advance(SECOND)

    assert here.of(StateChanged)[:2] == [StateChanged("created"), StateChanged("running")]
    assert [reason for reason, _, _ in here.ended()] == ["completed"]


async def test_given_a_greeting_when_somebody_was_quicker_then_it_is_dropped() -> None:
    async with room(greeting="Welcome!") as here:
        here.session.say("Already here.", ANY)
        here.session.attendance.joined("main")
        await here.clock.advance(SECOND)
        here.session.attendance.joined("other")
        await here.clock.advance(SECOND)

    assert [text for _, text, _ in here.ended()] == ["Already here."]


async def test_given_a_greeting_when_the_user_answers_then_the_model_knows_of_it() -> None:
    async with room(greeting="Welcome!") as here:
        here.session.attendance.joined("main")
        await here.clock.advance(SECOND)
        here.session.chat("Thanks.", ANY)
        await here.clock.advance(2 * SECOND)

    assert here.model.asked[0][1:] == [Message("assistant", "Welcome!"), Message("user", "Thanks.")]


async def test_given_no_greeting_when_a_viewer_comes_then_nothing_is_said() -> None:
    async with room() as here:
        here.session.attendance.joined("main")
        await here.clock.advance(SECOND)
    assert here.of(TurnStarted) == []


async def test_given_a_greeting_that_can_not_be_said_when_a_viewer_comes_then_the_session_stays() -> None:
    async with room(greeting="Welcome!", limits=Limits(text_chars=3, peer_grace=60, idle_timeout=60)) as here:
        here.session.attendance.joined("main")
        assert [event.code for event in here.events if isinstance(event, Failed)] == ["too_large"]
        assert here.of(Terminated) == []
