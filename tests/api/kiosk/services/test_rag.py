"""Questions: `/api/v1/query`, `/api/v1/agent/chat`, and what is told of them."""

import asyncio

import httpx
import pytest

from tests.api.kiosk.services.conftest import WatchedPool, application, events, listening, served
from visavis.pool.inline import InlinePool
from visavis.session.events import Terminated, TurnEnded
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import Answer, Failure, RagStub, tokens
from visavis.testing.openai_stub import OpenAIStub

BAKERY = {
    "text": "The bakery is near the front entrance. It opens at seven in the morning.",
    "source": "store-manual",
    "metadata": {"department": "bakery"},
}
WHERE = "Where is the bakery?"


@pytest.fixture
async def stocked(client: httpx.AsyncClient) -> httpx.AsyncClient:
    assert (await client.post("/api/v1/context", json=BAKERY)).status_code == 200
    return client


def with_rag(settings: Settings, stub: RagStub) -> Settings:
    return settings.model_copy(update={"llm": "rag", "rag_url": stub.url})


async def test_a_question_is_answered_in_tokens(stocked: httpx.AsyncClient, pool: InlinePool) -> None:
    answer = await stocked.post("/api/v1/query", json={"transcription": WHERE})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith('data: {"token": "')
    *said, done = events(answer.text)
    assert done == "[DONE]"
    assert all(list(event) == ["token"] for event in said)
    assert "near the front entrance" in "".join(event["token"] for event in said)
    assert pool.sessions() == []


async def test_sources_come_before_the_end(stocked: httpx.AsyncClient) -> None:
    answer = await stocked.post("/api/v1/query", json={"transcription": WHERE, "include_sources": True})
    *said, sources, done = events(answer.text)
    assert done == "[DONE]"
    assert (sources["event"], sources["answer"]) == ("sources", "".join(event["token"] for event in said).strip())
    (source,) = sources["sources"]
    assert source.keys() == {"source", "score", "metadata", "content"}
    assert (source["source"], source["metadata"]) == ("store-manual", {"department": "bakery"})
    assert "front entrance" in source["content"]
    assert source["score"] > 0


async def test_top_k_bounds_the_sources(stocked: httpx.AsyncClient) -> None:
    for number in range(4):
        more = {"text": f"The bakery number {number} sells bread.", "source": f"s{number}"}
        await stocked.post("/api/v1/context", json=more)
    question = {"transcription": "What does the bakery sell?", "include_sources": True, "top_k": 2}
    *_, sources, _ = events((await stocked.post("/api/v1/query", json=question)).text)
    assert len(sources["sources"]) == 2


async def test_a_question_that_leans_on_the_history_is_understood(stocked: httpx.AsyncClient) -> None:
    history = [{"role": "user", "content": WHERE}, {"role": "assistant", "content": "Near the front entrance."}]
    question = {"transcription": "And when does it open?", "history": history}
    answer = await stocked.post("/api/v1/query", json=question)
    assert "seven" in answer.text


async def test_the_shelf_answers_alone_once_it_has_something(client: httpx.AsyncClient) -> None:
    async def sources() -> set[str]:
        question = {"transcription": "What is Visavis?", "include_sources": True}
        *_, told, _ = events((await client.post("/api/v1/query", json=question)).text)
        return {source["source"] for source in told["sources"]}

    before = await sources()
    assert before
    await client.post("/api/v1/context", json=BAKERY)
    assert not await sources() & before
    await client.delete("/api/v1/context")
    assert await sources() == before


async def test_the_built_in_answerer_reads_the_context(client: httpx.AsyncClient) -> None:
    question = {"transcription": "Where is the cloakroom?", "context_text": "The cloakroom is in the basement."}
    answer = await client.post("/api/v1/query", json=question | {"include_sources": True})

    told = "".join(event["token"] for event in events(answer.text) if "token" in event)
    assert "basement" in told
    (sources,) = [event["sources"] for event in events(answer.text) if "sources" in event]
    assert sources[0]["content"] == "The cloakroom is in the basement."


async def test_context_and_history_reach_a_model_with_a_prompt(settings: Settings) -> None:
    async with OpenAIStub() as stub:
        model = {"llm_base_url": stub.base_url, "llm_model": "stub-model", "llm_api_key": "stub-key"}
        chosen = settings.model_copy(update=model)
        async with served(chosen) as (client, _):
            question = {
                "transcription": "Where do I go?",
                "context_text": "The customer stands near produce.",
                "history": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}],
            }
            answer = await client.post("/api/v1/query", json=question)
        assert events(answer.text)[-1] == "[DONE]"
        messages = stub.requests[-1].messages
    assert settings.system_prompt in messages[0]["content"]
    assert "The customer stands near produce." in messages[0]["content"]
    assert [message["content"] for message in messages[1:]] == ["Hello", "Hi!", "Where do I go?"]


async def test_what_fails_in_the_answer_is_told_in_it(settings: Settings) -> None:
    async with RagStub() as stub, served(with_rag(settings, stub)) as (client, pool):
        stub.then(tokens("Cof", "fee", error="out of beans"))
        answer = await client.post("/api/v1/query", json={"transcription": "Coffee?", "include_sources": True})
        assert answer.status_code == 200
        first, second, error, done = events(answer.text)
        assert (first, second, done) == ({"token": "Cof"}, {"token": "fee"}, "[DONE]")
        assert "out of beans" in error["error"]
        stub.then(Failure(500))
        answer = await client.post("/api/v1/query", json={"transcription": "Coffee?"})
        error, done = events(answer.text)
        assert (answer.status_code, list(error), done) == (200, ["error"], "[DONE]")
        assert pool.sessions() == []


async def test_a_full_pool_refuses_before_it_begins(settings: Settings) -> None:
    async with RagStub() as stub:
        chosen = with_rag(settings, stub).model_copy(update={"max_sessions": 1})
        gate = asyncio.Event()
        stub.then(Answer(tokens("Hi").pieces, gates={0: gate}))
        async with served(chosen) as (client, pool):
            first = asyncio.create_task(client.post("/api/v1/query", json={"transcription": "One?"}))
            await pool.created.wait()
            second = await client.post("/api/v1/query", json={"transcription": "Two?"})
            gate.set()
            assert (await first).status_code == 200
    assert (second.status_code, list(second.json())) == (503, ["detail"])
    assert "retry-after" in second.headers


async def test_a_client_that_goes_ends_the_session(settings: Settings) -> None:
    async with RagStub() as stub:
        chosen = with_rag(settings, stub)
        stub.then(Answer(tokens("Cof", "fee").pieces, gates={1: asyncio.Event()}))
        async with WatchedPool(chosen) as pool, listening(application(pool, chosen)) as url:
            async with (
                httpx.AsyncClient() as client,
                client.stream("POST", f"{url}/api/v1/query", json={"transcription": "Coffee?"}) as answer,
            ):
                assert await anext(answer.aiter_lines()) == 'data: {"token": "Cof"}'
                (session,) = pool.sessions()
            async with asyncio.timeout(10):
                happened = [record.event async for record in session.events()]
    assert isinstance(happened[-1], Terminated)
    assert [event.reason for event in happened if isinstance(event, TurnEnded)] == ["interrupted"]


async def test_a_client_that_goes_before_the_answer_ends_the_session(settings: Settings) -> None:
    async with RagStub() as stub:
        chosen = with_rag(settings, stub)
        stub.then("stall")
        async with WatchedPool(chosen) as pool, listening(application(pool, chosen)) as url:
            async with httpx.AsyncClient() as client:
                asking = asyncio.create_task(
                    client.post(f"{url}/api/v1/agent/chat", json={"transcription": "Coffee?"}, timeout=60)
                )
                await pool.created.wait()
                (session,) = pool.sessions()
                asking.cancel()
                await asyncio.wait([asking])
            async with asyncio.timeout(10):
                happened = [record.event async for record in session.events()]
    assert isinstance(happened[-1], Terminated)


async def test_the_agent_answers_in_one_piece(stocked: httpx.AsyncClient) -> None:
    question = {"transcription": WHERE, "session_id": "kiosk-1", "user_id": "ann", "history": []}
    answer = await stocked.post("/api/v1/agent/chat", json=question)
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"reply", "tool_calls"}
    assert "near the front entrance" in body["reply"]
    assert body["tool_calls"] == []


async def test_an_agent_whose_model_fails_is_a_bad_gateway(settings: Settings) -> None:
    async with RagStub() as stub, served(with_rag(settings, stub)) as (client, _):
        stub.then(Failure(500))
        answer = await client.post("/api/v1/agent/chat", json={"transcription": "Coffee?"})
    assert answer.status_code == 502
    assert "RAG service" in answer.json()["detail"]


async def test_model_info_and_performance(stocked: httpx.AsyncClient, settings: Settings) -> None:
    assert (await stocked.get("/api/v1/performance")).json()["latency"]["llm"]["last_ms"] is None
    await stocked.post("/api/v1/query", json={"transcription": WHERE})
    latency = (await stocked.get("/api/v1/performance")).json()["latency"]
    assert latency["retrieval"]["last_ms"] > 0
    assert {"last_ms", "ttft_ms", "tokens_per_sec", "total_tokens"} <= latency["llm"].keys()
    answer = await stocked.get("/api/v1/model-info")
    assert {
        "llm_device",
        "llm_weight_format",
        "embedding_device",
        "top_k",
        "document_count",
    } <= answer.json().keys()
    assert str(settings.data_dir) not in answer.text
