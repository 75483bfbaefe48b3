"""`/v1/chat/completions`: questions in OpenAI's shape."""

from typing import Any

import httpx

from tests.api.kiosk.services.conftest import events, served
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import Failure, RagStub, tokens
from visavis.testing.openai_stub import OpenAIStub

PATH = "/v1/chat/completions"
BAKERY = {"text": "The bakery is near the front entrance."}


def asked(*contents: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content} for content in contents], **more}


async def test_an_answer_in_one_piece(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/context", json=BAKERY)
    answer = await client.post(PATH, json=asked("Where is the bakery?", model="smart-kiosk-rag", temperature=0.0))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["object"], body["model"]) == ("chat.completion", "smart-kiosk-rag")
    assert body["id"].startswith("chatcmpl-")
    (choice,) = body["choices"]
    assert (choice["index"], choice["finish_reason"], choice["message"]["role"]) == (0, "stop", "assistant")
    assert "front entrance" in choice["message"]["content"]
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] > 0


async def test_an_answer_in_pieces(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/context", json=BAKERY)
    answer = await client.post(PATH, json=asked("Where is the bakery?", model="any", stream=True))
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, *said, last, done = events(answer.text)
    assert done == "[DONE]"
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "front entrance" in "".join(chunk["choices"][0]["delta"]["content"] for chunk in said)
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert {(chunk["object"], chunk["model"], chunk["id"]) for chunk in (first, *said, last)} == {
        ("chat.completion.chunk", "any", first["id"])
    }


async def test_the_last_user_message_is_the_question_and_the_last_system_message_the_prompt(
    settings: Settings,
) -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Be long."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi!"},
        {"role": "system", "content": "Be brief."},
        {"role": "tool", "content": "12:00"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "And"}, {"type": "image_url"}, {"type": "text", "text": "now?"}],
        },
    ]
    async with OpenAIStub() as stub:
        model = {"llm_base_url": stub.base_url, "llm_model": "stub-model", "llm_api_key": "stub-key"}
        async with served(settings.model_copy(update=model)) as (client, _):
            assert (await client.post(PATH, json={"messages": messages})).status_code == 200
        sent = stub.requests[-1].messages
    assert sent[0]["content"].startswith("Be brief.")
    assert [message["content"] for message in sent[1:]] == ["Hello", "Hi!", "And\nnow?"]


async def test_a_model_that_fails_is_told_in_openais_words(settings: Settings) -> None:
    async with RagStub() as stub:
        chosen = settings.model_copy(update={"llm": "rag", "rag_url": stub.url})
        async with served(chosen) as (client, _):
            stub.then(Failure(500), tokens("Cof", error="out of beans"))
            whole = await client.post(PATH, json=asked("Coffee?"))
            pieces = await client.post(PATH, json=asked("Coffee?", stream=True))
    assert whole.status_code == 502
    error = whole.json()["error"]
    assert (error["type"], error["code"], error["param"]) == ("server_error", "upstream_failed", None)
    *_, token, failure, done = events(pieces.text)
    assert token["choices"][0]["delta"] == {"content": "Cof"}
    assert "out of beans" in failure["error"]["message"]
    assert done == "[DONE]"
