"""Tools that a model calls while it answers; what they do is decided by the test."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Literal

import pytest

from tests.session.room import ANY, SECOND, room
from visavis.errors import InvalidInput, StageFailed
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool, ToolCall
from visavis.session.answering import MAX_ROUNDS, Answering
from visavis.session.events import AnswerDelta, Failed, TurnStarted
from visavis.session.history import History
from visavis.session.toolbox import MAX_RESULT, Toolbox
from visavis.tools import ToolFunction, tool


class Shop:
    """Tools that note who called them."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.pot_ordered = asyncio.Event()

    def tools(self) -> Sequence[ToolFunction]:
        @tool(read_only=True, timeout=60)
        async def price(item: str) -> str:
            """Tell what an item costs."""
            self.called.append(f"price {item}")
            await self.gate.wait()
            return f"{item}: 3 euros"

        @tool(read_only=False, timeout=60)
        async def order(item: str) -> str:
            """Order an item."""
            self.called.append(f"order {item}")
            await asyncio.sleep(0)
            self.called.append(f"ordered {item}")
            if item == "pot":
                self.pot_ordered.set()
            return "done"

        @tool(read_only=True, timeout=0.001)
        async def hangs() -> str:
            """Hang."""
            await asyncio.Event().wait()
            return "never"

        @tool(read_only=True, timeout=60)
        async def breaks(secret: str) -> str:
            """Break."""
            raise RuntimeError(f"a defect with {secret}")

        @tool(read_only=True, timeout=60)
        async def talks() -> str:
            """Talk."""
            return "word " * 2000

        return (price, order, hangs, breaks, talks)


class CallingModel:
    """Gives one script an answer; keeps calling with the last one when they have run out."""

    def __init__(self, *scripts: Sequence[Delta]) -> None:
        self.scripts = list(scripts)
        self.asked: list[Sequence[Message]] = []
        self.tools: list[Sequence[Tool]] = []

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        self.asked.append(messages)
        self.tools.append(tools)
        for delta in self.scripts[min(len(self.asked), len(self.scripts)) - 1]:
            yield delta


PRICE = ToolCall("call_1", "price", '{"item": "tea"}')


def committed() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


def unseen(passages: Sequence[Passage]) -> None:
    """Nobody wants to know what an answer rests on."""


def answering(model: CallingModel, shop: Shop, max_chars: int = 1000) -> Answering:
    return Answering(model, None, Toolbox(shop.tools()), History("Be brief."), max_chars)


async def told(model: CallingModel, shop: Shop) -> str:
    return "".join([text async for text in answering(model, shop).answer("How much is tea?", committed(), unseen)])


async def results(*calls: ToolCall) -> list[str]:
    return [message.content for message in await Toolbox(Shop().tools()).run(calls)]


async def test_given_a_tool_call_when_answering_then_the_model_goes_on_from_its_result() -> None:
    model = CallingModel([TextDelta("Let me see."), PRICE], [TextDelta("Tea is "), TextDelta("three euros.")])
    shop = Shop()
    assert await told(model, shop) == "Let me see. Tea is three euros."
    assert shop.called == ["price tea"]
    assert [tool.name for tool in model.tools[0]] == ["price", "order", "hangs", "breaks", "talks"]
    assert model.asked[1] == [
        Message("system", "Be brief."),
        Message("user", "How much is tea?"),
        Message("assistant", "Let me see.", tool_calls=(PRICE,)),
        Message("tool", "tea: 3 euros", tool_call_id="call_1"),
    ]


async def test_given_chinese_before_the_calls_when_answering_then_no_space_is_put_in() -> None:
    model = CallingModel([TextDelta("我看一下。"), PRICE], [TextDelta("三欧元。")])
    assert await told(model, Shop()) == "我看一下。三欧元。"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("nothing", "{}", "error: there is no tool 'nothing'"),
        ("hangs", "{}", "error: the tool took too long"),
        ("breaks", '{"secret": "xyz"}', "error: the tool failed"),
        ("price", '{"item": 3}', "error: wrong arguments: Expected `str`, got `int` - at `$.item`"),
    ],
)
async def test_given_a_call_that_goes_wrong_when_run_then_the_model_is_told_and_the_others_are_run(
    name: str, arguments: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert await results(ToolCall("a", name, arguments), PRICE) == [told, "tea: 3 euros"]
    assert "xyz" not in caplog.text
    assert "tea" not in caplog.text


async def test_given_a_long_result_when_run_then_it_is_cut() -> None:
    (result,) = await results(ToolCall("a", "talks", "{}"))
    assert len(result) == MAX_RESULT


async def test_given_several_calls_when_run_then_reading_ones_run_at_once_and_others_in_order() -> None:
    shop = Shop()
    shop.gate.clear()
    calls = [
        PRICE,
        ToolCall("2", "order", '{"item": "cup"}'),
        ToolCall("3", "order", '{"item": "pot"}'),
        ToolCall("4", "price", '{"item": "cake"}'),
    ]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(Toolbox(shop.tools()).run(calls))
        await shop.pot_ordered.wait()
        assert [call for call in shop.called if call.startswith("price")] == ["price tea", "price cake"]
        shop.gate.set()
    orders = [call for call in shop.called if call.startswith("order")]
    assert orders == ["order cup", "ordered cup", "order pot", "ordered pot"]
    assert [message.tool_call_id for message in running.result()] == ["call_1", "2", "3", "4"]


async def test_given_a_model_that_goes_in_circles_when_answering_then_the_stage_fails() -> None:
    model, shop = CallingModel([PRICE]), Shop()
    with pytest.raises(StageFailed) as failure:
        await told(model, shop)
    assert failure.value.stage == "llm"
    assert len(shop.called) == MAX_ROUNDS


async def test_given_as_many_rounds_as_allowed_when_answering_then_the_answer_is_given() -> None:
    model = CallingModel(*[[PRICE]] * MAX_ROUNDS, [TextDelta("Three.")])
    assert await told(model, Shop()) == "Three."


class Commitment(asyncio.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.awaited.set()
        return await super().wait()


async def test_given_an_answer_that_is_not_committed_when_it_calls_then_nothing_is_run_before() -> None:
    model, shop, commitment = (
        CallingModel([TextDelta("Well."), PRICE], [TextDelta("Three.")]),
        Shop(),
        Commitment(),
    )
    texts: list[str] = []

    async def read() -> None:
        texts.extend(
            [text async for text in answering(model, shop).answer("How much is tea?", commitment, unseen)]
        )

    async with asyncio.TaskGroup() as group:
        group.create_task(read())
        await commitment.awaited.wait()
        assert (shop.called, len(model.asked)) == ([], 1)
        commitment.set()
    assert "".join(texts) == "Well. Three."
    assert shop.called == ["price tea"]


async def test_given_a_prepared_turn_when_it_is_committed_then_its_tools_are_run() -> None:
    model, shop = CallingModel([PRICE], [TextDelta("Three euros.")]), Shop()
    async with room(chat=model, toolbox=Toolbox(shop.tools())) as here:
        here.session.prepare("How much is tea?")
        await here.clock.advance(SECOND)
        assert (shop.called, len(model.asked)) == ([], 1)
        assert here.session.commit()
        await here.clock.advance(2 * SECOND)

    assert shop.called == ["price tea"]
    assert [(reason, heard) for reason, _, heard in here.ended()] == [("completed", "Three euros.")]


async def test_given_a_prepared_turn_when_it_is_discarded_then_its_tools_are_never_run() -> None:
    model, shop = CallingModel([PRICE]), Shop()
    async with room(chat=model, toolbox=Toolbox(shop.tools())) as here:
        here.session.prepare("How much is tea?")
        await here.clock.advance(SECOND)
        here.session.discard()
        await here.clock.advance(SECOND)

    assert (shop.called, here.of(TurnStarted)) == ([], [])


async def test_given_a_tool_in_progress_when_the_turn_is_interrupted_then_it_is_cancelled() -> None:
    model, shop = CallingModel([PRICE], [TextDelta("Three euros.")]), Shop()
    shop.gate.clear()
    async with room(chat=model, toolbox=Toolbox(shop.tools())) as here:
        here.session.chat("How much is tea?", ANY)
        await here.clock.advance(SECOND)
        assert shop.called == ["price tea"]
        assert here.session.interrupt()
        shop.gate.set()
        await here.clock.advance(SECOND)

    assert len(model.asked) == 1
    assert here.of(AnswerDelta) == []


async def test_given_a_model_that_goes_in_circles_when_asked_then_the_turn_fails_and_the_session_goes_on() -> None:
    model, shop = CallingModel([PRICE]), Shop()
    async with room(chat=model, toolbox=Toolbox(shop.tools())) as here:
        here.session.chat("How much is tea?", ANY)
        await here.clock.advance(SECOND)
        here.session.say("Sorry.", ANY)
        await here.clock.advance(SECOND)

    (failed,) = [event for event in here.events if isinstance(event, Failed)]
    assert (failed.stage, failed.code) == ("llm", "stage_failed")
    assert [reason for reason, _, _ in here.ended()] == ["failed", "completed"]


def test_given_two_tools_of_one_name_when_put_together_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput):
        Toolbox([*Shop().tools(), *Shop().tools()])
