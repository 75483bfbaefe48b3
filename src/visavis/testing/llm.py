"""The contract of chat models, as a check that any provider can be put through."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from visavis.knowledge import Passage
from visavis.llm import ChatModel, Delta, Message, TextDelta, ToolCall
from visavis.testing.contract import require

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MESSAGES = (Message("system", "Answer in one short sentence."), Message("user", "Say hello."))

PASSAGES = (Passage("Say hello to every visitor.", "manners.md", 1.0),)


async def check_chat_model(model: ChatModel) -> None:
    """Raise `ContractBroken` if `model` does not keep the contract of `ChatModel`.

    Asks it some six times; a model behind a network is really called.
    """
    await _check_answer(model)
    await asyncio.gather(*(_check_answer(model) for _ in range(3)))
    await _check_closing(model)
    await _check_cancelling(model)
    await _check_answer(model)


async def _check_answer(model: ChatModel) -> None:
    messages = list(MESSAGES)
    deltas = [delta async for delta in model.answer(messages, (), PASSAGES)]
    require(messages == list(MESSAGES), "the model has changed the messages it was given")
    require(len(deltas) > 0, "the model answers nothing")
    for delta in deltas:
        require(isinstance(delta, TextDelta | ToolCall), f"{type(delta).__name__} is not a Delta")
        require(not isinstance(delta, TextDelta) or delta.text != "", "a TextDelta is empty")
    require(not any(isinstance(delta, ToolCall) for delta in deltas), "the model calls tools it was not given")


async def _check_closing(model: ChatModel) -> None:
    """An answer that is closed early ends at once."""
    async with aclosing(cast("AsyncGenerator[Delta, None]", model.answer(MESSAGES))) as answer:
        async for _ in answer:
            break


async def _check_cancelling(model: ChatModel) -> None:
    """A task that reads an answer can be cancelled."""
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in model.answer(MESSAGES):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    require(isinstance(outcome, asyncio.CancelledError), f"a cancelled answer ends with {outcome!r}")
