"""The RAG service as a chat model, against a strict stub of it, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from visavis.errors import InvalidInput, StageFailed, UpstreamFailed
from visavis.knowledge import Passage
from visavis.llm import Message, TextDelta, Tool
from visavis.llm.rag import RagModel, RagProvider
from visavis.outbound import Outbound
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import Answer, Behaviour, Failure, RagStub, tokens
from visavis.testing.llm import check_chat_model

HI = [Message("system", "Be brief."), Message("user", "What is on the menu?")]


@asynccontextmanager
async def model(stub: RagStub, timeout: float = 30.0) -> AsyncIterator[RagModel]:
    outbound = Outbound.for_configured(Settings(), stub.url)
    try:
        yield RagModel(outbound, stub.url, timeout)
    finally:
        await outbound.aclose()


async def text(model: RagModel, messages: list[Message] = HI) -> list[str]:
    return [delta.text async for delta in model.answer(messages) if isinstance(delta, TextDelta)]


def raw(*lines: str) -> Answer:
    return Answer([f"{line}\n".encode() for line in lines])


async def test_given_an_answer_when_asked_then_its_tokens_come_one_by_one() -> None:
    gate = asyncio.Event()
    async with RagStub() as stub, model(stub) as chat:
        stub.then(Answer(tokens("Cof", "fee ", "and tea.").pieces, gates={1: gate}))
        answer = chat.answer(HI)
        assert await anext(answer) == TextDelta("Cof")
        gate.set()
        assert [delta async for delta in answer] == [TextDelta("fee "), TextDelta("and tea.")]
        (request,) = stub.requests
        assert request.transcription == "What is on the menu?"
        assert request.history == []


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with RagStub() as stub, model(stub) as chat:
        await check_chat_model(chat)


async def test_given_a_conversation_when_asked_then_what_both_have_said_before_is_sent_and_nothing_else() -> None:
    conversation = [
        Message("system", "Be brief."),
        Message("user", "Hello"),
        Message("assistant", ""),
        Message("tool", "12:00", tool_call_id="1"),
        Message("assistant", "Hi! It is noon."),
        Message("user", "And the menu?"),
    ]
    async with RagStub() as stub, model(stub) as chat:
        passages = [Passage("Soup.", "menu.md", 1.0)]
        tools = [Tool("weather", "Tells the weather.", {"type": "object"})]
        assert [delta async for delta in chat.answer(conversation, tools, passages)]
        (request,) = stub.requests
        assert request.transcription == "And the menu?"
        assert request.history == [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi! It is noon."},
        ]


@pytest.mark.parametrize("messages", [[], HI[:1], [Message("user", "")]])
async def test_given_no_question_when_asked_then_the_stage_fails_and_nobody_is_called(
    messages: list[Message],
) -> None:
    async with RagStub() as stub, model(stub) as chat:
        with pytest.raises(StageFailed, match="no question"):
            await text(chat, messages)
        assert stub.connections == 0


async def test_given_answers_one_after_another_when_asked_then_one_connection_serves_them() -> None:
    async with RagStub() as stub, model(stub) as chat:
        for _ in range(3):
            assert await text(chat)
        assert stub.connections == 1


async def test_given_an_empty_answer_when_asked_then_nothing_comes() -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then("empty")
        assert await text(chat) == []


async def test_given_what_the_protocol_ignores_when_it_comes_then_it_is_ignored() -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then(
            raw(
                ": a comment",
                "event: token",
                'data:{"token": "no space"}',
                ' data: {"token": "a space before"}',
                'data: {"event": "sources", "sources": [], "answer": "all of it"}',
                'data: {"token": 5}',
                'data: {"token": ""}',
                'data: ["token"]',
                "data: null",
                'data: {"token": "Tea."}\r',
                "data: [DONE]",
                'data: {"token": "late"}',
            )
        )
        assert await text(chat) == ["Tea."]


async def test_given_the_end_without_a_line_end_when_it_comes_then_it_is_the_end() -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then(Answer([b'data: {"token": "Tea."}\n\ndata: [DO', b"NE]"]))
        assert await text(chat) == ["Tea."]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Failure(401), r"refused the key; check its key \(status 401\)$"),
        (Failure(404), "check its address"),
        (Failure(422, "Bad: What is on the menu?"), r"refused the request \(status 422\): Bad: …$"),
        (Failure(429), "try again later"),
        (Failure(500, ""), r"has failed; try again later \(status 500\)$"),
        (Failure(302), "status 302"),
        ("cut", "broke off"),
        ("rubbish", "does not have"),
        ("huge", "far too much"),
        (tokens("One", "two", done=False), "broke off"),
        (tokens("One", error="No model at http://inner.test:1/secret"), "reported an error: No model at …$"),
        (tokens("One", error="x" * 1000), "reported an error: …$"),
        (raw('data: {"error": {"secret": 1}}'), "reported an error$"),
        (raw("data: " + "[" * 100_000), "does not have"),
        (raw("<html>A secret login page</html>"), "broke off"),
        (Answer([]), "broke off"),
    ],
)
async def test_given_a_bad_service_when_asked_then_the_error_is_typed_and_tells_no_secret(
    behaviour: Behaviour, words: str
) -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await text(chat)
        message = failed.value.message
        assert failed.value.stage == "llm"
        assert not [private for private in ("secret", "inner", "127.0.0.1", "menu") if private in message]
        assert len(message) < 300
        assert await text(chat), "the next answer works"
        assert len(stub.requests) == 2, "a request is never sent again"


async def test_given_an_answer_that_breaks_off_when_read_then_what_came_before_is_there() -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then(Answer(tokens("One ", "two", done=False).pieces, ending="cut"))
        answer = chat.answer(HI)
        assert [await anext(answer), await anext(answer)] == [TextDelta("One "), TextDelta("two")]
        with pytest.raises(UpstreamFailed, match="broke off"):
            await anext(answer)


async def test_given_a_stalled_service_when_asked_then_it_fails_after_the_timeout() -> None:
    async with RagStub() as stub, model(stub, timeout=0.05) as chat:
        stub.then("stall")
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await text(chat)


async def test_given_no_service_when_asked_then_the_error_says_what_to_check() -> None:
    async with RagStub() as stub:
        configured = RagProvider(Settings(rag_url=stub.url))
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check VISAVIS_RAG_URL"):
            await text(configured.model())
        await configured.aclose()


async def test_given_a_host_that_nobody_named_when_asked_then_it_is_refused() -> None:
    async with RagStub() as stub:
        with pytest.raises(UpstreamFailed, match="VISAVIS_OUTBOUND_ALLOW"):
            await text(RagModel(Outbound(Settings()), stub.url))
        assert stub.connections == 0


async def test_given_a_reader_that_stops_when_closed_then_the_service_sees_it_leave() -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then(Answer(gates={1: asyncio.Event()}))
        answer = chat.answer(HI)
        await anext(answer)
        await answer.aclose()  # type: ignore[attr-defined]  # an async generator
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned


async def test_given_a_task_that_waits_when_cancelled_then_the_service_sees_it_leave() -> None:
    async with RagStub() as stub, model(stub) as chat:
        stub.then("stall")
        task = asyncio.create_task(text(chat))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


def test_given_no_settings_when_asked_what_is_missing_then_it_names_them() -> None:
    nothing = RagProvider(Settings())
    assert "VISAVIS_RAG_URL" in str(nothing.missing())
    with pytest.raises(InvalidInput, match="VISAVIS_RAG_URL"):
        nothing.model()
    assert "http://" in str(RagProvider(Settings(rag_url="localhost:1")).missing())


async def test_given_the_registry_when_asked_for_rag_then_it_is_this_provider_and_it_answers() -> None:
    async with RagStub() as stub:
        found = provider("llm", "rag", Settings(rag_url=stub.url))
        assert isinstance(found, RagProvider)
        assert await text(found.model()) == list(stub.texts)
        await found.aclose()
