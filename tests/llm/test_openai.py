"""The chat provider against a strict stub of the protocol, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.llm import Message, TextDelta, Tool, ToolCall
from visavis.llm.openai import OpenAIModel, OpenAIProvider
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.llm import check_chat_model
from visavis.testing.openai_stub import Answer, Failure, OpenAIStub, Rubbish

HI = [Message("system", "Be brief."), Message("user", "Hi")]
CALL = ToolCall("call_1", "weather", '{"city": "北京"}')
WEATHER = Tool("weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})


def settings(stub: OpenAIStub, **more: Any) -> Settings:
    known = {"llm_base_url": stub.base_url, "llm_api_key": stub.api_key, "llm_model": stub.model}
    return Settings(**(known | more))


@asynccontextmanager
async def model(stub: OpenAIStub, **more: Any) -> AsyncIterator[OpenAIModel]:
    provider = OpenAIProvider(settings(stub, **more))
    try:
        yield provider.model()
    finally:
        await provider.aclose()


async def text(model: OpenAIModel) -> list[str]:
    return [delta.text async for delta in model.answer(HI) if isinstance(delta, TextDelta)]


async def test_given_a_streamed_answer_when_asked_then_its_deltas_come_one_by_one() -> None:
    gate = asyncio.Event()
    async with OpenAIStub() as stub, model(stub) as chat:
        stub.then(Answer(["Hel", "lo ", "there."], gates={1: gate}))
        answer = chat.answer(HI)
        assert await anext(answer) == TextDelta("Hel")
        gate.set()
        assert [delta async for delta in answer] == [TextDelta("lo "), TextDelta("there.")]
        assert stub.requests[0].messages == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ]


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        await check_chat_model(chat)


async def test_given_tool_calls_in_fragments_when_asked_then_they_come_whole_and_last() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        stub.then(Answer(["Let me see."], tool_calls=[CALL, ToolCall("call_2", "time", "{}")]))
        deltas = [delta async for delta in chat.answer(HI, [WEATHER])]
        assert deltas == [TextDelta("Let me see."), CALL, ToolCall("call_2", "time", "{}")]
        assert stub.requests[0].body["tools"][0]["function"]["name"] == "weather"


async def test_given_a_conversation_with_tools_when_asked_then_calls_and_results_are_sent() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        history = [*HI, Message("assistant", "", (CALL,)), Message("tool", "Sunny", tool_call_id="call_1")]
        assert [delta async for delta in chat.answer(history)]
        sent = stub.requests[0].messages
        assert sent[2]["tool_calls"][0]["function"] == {"name": "weather", "arguments": CALL.arguments}
        assert sent[3] == {"role": "tool", "content": "Sunny", "tool_call_id": "call_1"}


async def test_given_answers_one_after_another_when_asked_then_one_connection_serves_them() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        for _ in range(3):
            assert await text(chat)
        assert stub.connections == 1


async def test_given_a_reader_that_stops_when_closed_then_the_server_sees_it_leave() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        stub.then(Answer(["One", "two"], gates={1: asyncio.Event()}))
        answer = chat.answer(HI)
        await anext(answer)
        await answer.aclose()  # type: ignore[attr-defined]  # an async generator
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned
        assert await text(chat)


async def test_given_a_task_that_waits_when_cancelled_then_the_server_sees_it_leave() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        stub.then(Answer([], ending="stall"))
        task = asyncio.create_task(text(chat))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Failure(401), "VISAVIS_LLM_API_KEY"),
        (Failure(403), "VISAVIS_LLM_API_KEY"),
        (Failure(404), "VISAVIS_LLM_BASE_URL"),
        (Failure(418), "status 418"),
        (Failure(429), "try again later"),
        (Failure(500), "status 500"),
        (Failure(302), "status 302"),
        (Answer(["Hel"], ending="cut"), "broke off"),
        (Answer(["Hel"], ending="error"), "reported an error"),
        (Rubbish(), "not what the protocol says"),
        (Rubbish("<html>A login page</html>"), "broke off"),
        (Rubbish('data: {"choices": "secret upstream words"}\n\n'), "not what the protocol says"),
        (Rubbish("data: [1]\n\n"), "not what the protocol says"),
    ],
)
async def test_given_a_bad_upstream_when_asked_then_the_error_is_typed_and_tells_no_secret(
    behaviour: Failure | Answer | Rubbish, words: str
) -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed) as failed:
            await text(chat)
        message = failed.value.message
        assert failed.value.stage == "llm"
        assert words in message
        assert "secret" not in message
        assert stub.api_key not in message
        assert await text(chat), "the next answer works"


async def test_given_a_stalled_upstream_when_asked_then_it_fails_after_the_timeout() -> None:
    async with OpenAIStub() as stub, model(stub, llm_timeout=0.05) as chat:
        stub.then(Answer(["Hel"], ending="stall"))
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await text(chat)


async def test_given_a_finished_answer_without_done_when_asked_then_it_is_accepted() -> None:
    async with OpenAIStub() as stub, model(stub) as chat:
        stub.then(Answer(["Hi."], ending="no-done"))
        assert await text(chat) == ["Hi."]


async def test_given_no_server_when_asked_then_the_error_says_what_to_check() -> None:
    async with OpenAIStub() as stub:
        gone = settings(stub)
    provider = OpenAIProvider(gone)
    with pytest.raises(UpstreamFailed, match="cannot be reached"):
        await text(provider.model())
    await provider.aclose()


async def test_given_options_when_asked_then_they_are_sent_as_json_and_cannot_change_the_rest() -> None:
    options = {"openai": {"temperature": "0.3", "reasoning_effort": "low", "stream": "false"}}
    async with OpenAIStub() as stub, model(stub, options=options) as chat:
        assert await text(chat)
        body = stub.requests[0].body
        assert (body["temperature"], body["reasoning_effort"], body["stream"]) == (0.3, "low", True)


def test_given_no_settings_when_asked_what_is_missing_then_it_names_them() -> None:
    nothing = OpenAIProvider(Settings())
    assert "VISAVIS_LLM_BASE_URL" in str(nothing.missing())
    with pytest.raises(InvalidInput, match="VISAVIS_LLM_BASE_URL"):
        nothing.model()
    assert "http://" in str(OpenAIProvider(Settings(llm_base_url="localhost:1")).missing())
    no_model = Settings(llm_base_url="http://localhost:1/v1")
    assert "VISAVIS_LLM_MODEL" in str(OpenAIProvider(no_model).missing())


def test_given_the_registry_when_asked_for_openai_then_it_is_this_provider() -> None:
    assert isinstance(provider("llm", "openai", Settings()), OpenAIProvider)
