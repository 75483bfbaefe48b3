"""A session, its model behind a socket, and the tool that is built in."""

import re
from pathlib import Path
from typing import Any

import pytest

from visavis.errors import InvalidInput
from visavis.llm import ToolCall
from visavis.pool import Chat, NewSession
from visavis.pool.inline import InlinePool
from visavis.session.events import TurnEnded
from visavis.settings import Settings
from visavis.testing.openai_stub import Answer, OpenAIStub

CALL = ToolCall("call_7", "current_time", '{"timezone": "UTC"}')
MOCK = NewSession("demo-avatar", model="mock")


async def ended(pool: InlinePool, request: NewSession, prompt: str) -> TurnEnded:
    handle = await pool.create(request)
    await handle.chat(Chat(prompt))
    async for record in handle.events():
        if isinstance(record.event, TurnEnded):
            return record.event
    raise AssertionError("the turn did not end")


def settings(data_dir: Path, stub: OpenAIStub, **more: Any) -> Settings:
    known = {"llm_base_url": stub.base_url, "llm_api_key": stub.api_key, "llm_model": stub.model}
    return Settings(data_dir=data_dir, **(known | more))


async def test_given_an_enabled_tool_when_the_model_calls_it_then_the_answer_rests_on_its_result(
    tmp_path: Path,
) -> None:
    async with OpenAIStub() as stub:
        stub.then(Answer([], [CALL]), Answer(["It is noon."]))
        async with InlinePool(settings(tmp_path, stub, tools="clock"), warm=False) as pool:
            turn = await ended(pool, MOCK, "What time is it?")
        first, second = stub.requests

    assert (turn.reason, turn.text, turn.heard) == ("completed", "It is noon.", "It is noon.")
    assert [tool["function"]["name"] for tool in first.body["tools"]] == ["current_time"]
    asked, told = second.messages[-2:]
    assert asked["tool_calls"][0]["id"] == told["tool_call_id"] == "call_7"
    assert re.fullmatch(r"\w+day, [\d-]+ [\d:]+ UTC", told["content"])


async def test_given_no_enabled_tool_when_the_model_is_asked_then_it_is_offered_none(tmp_path: Path) -> None:
    async with OpenAIStub() as stub:
        async with InlinePool(settings(tmp_path, stub), warm=False) as pool:
            await ended(pool, MOCK, "Hi.")
        assert "tools" not in stub.requests[0].body


async def test_given_tools_that_are_not_installed_when_a_session_is_made_then_it_is_refused(
    tmp_path: Path,
) -> None:
    async with InlinePool(Settings(data_dir=tmp_path, tools="nothing"), warm=False) as pool:
        with pytest.raises(InvalidInput, match="unknown tools provider 'nothing'; installed: clock"):
            await pool.create(MOCK)
