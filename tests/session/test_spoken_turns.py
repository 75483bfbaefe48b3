"""What a turn says, and what it shows of what it says."""

from tests.session.room import ANY, SECOND, room
from visavis.session.events import AnswerDelta, Caption


async def test_captions_and_history_show_the_text_as_it_was_written() -> None:
    async with room() as here:
        text = "It costs **$3.50** at 14:30. Dr. Who pays 5%."
        here.session.say(text, ANY)
        await here.clock.advance(10 * SECOND)

    assert here.voice.said == [
        "It costs three dollars and fifty cents at fourteen thirty.",
        "Doctor Who pays five percent.",
    ]
    captions = [event.text for event in here.events if isinstance(event, Caption)]
    assert captions == ["It costs **$3.50** at 14:30. ", "Dr. Who pays 5%."]
    assert here.ended() == [("completed", text, text)]


async def test_what_was_heard_ends_before_a_figure_that_was_not_said_to_its_end() -> None:
    async with room() as here:
        here.session.say("It costs $3.50 today.", ANY)
        await here.clock.advance(round(SECOND * 0.05 * len("It costs three dol")))
        here.session.interrupt()

    assert here.ended()[0][2] == "It costs"


async def test_what_a_model_thinks_is_neither_said_nor_shown() -> None:
    async with room() as here:
        here.model.deltas = ("<thi", "nk>Let me see. It is two.</th", "ink>\n\nIt is ", "2.")
        here.session.chat("How many?", ANY)
        await here.clock.advance(3 * SECOND)

    assert here.voice.said == ["It is two."]
    assert "".join(event.delta for event in here.events if isinstance(event, AnswerDelta)) == "It is 2."
    assert [event.text for event in here.events if isinstance(event, Caption)] == ["It is 2."]
    assert here.ended() == [("completed", "It is 2.", "It is 2.")]


async def test_code_and_tables_are_shown_and_not_said() -> None:
    async with room() as here:
        text = "Do this:\n```python\nprint(1)\n```\n| a | b |\n|---|---|\nDone."
        here.session.say(text, ANY)
        await here.clock.advance(3 * SECOND)

    assert here.voice.said == ["Do this:", "Done."]
    assert "".join(event.text for event in here.events if isinstance(event, Caption)) == text
    assert here.ended() == [("completed", text, text)]
