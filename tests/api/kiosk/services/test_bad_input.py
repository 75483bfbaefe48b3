"""Whatever is sent to the services, the answer is a 4xx in the dialect of the path."""

import json
from typing import Any

import httpx
import pytest

from visavis.testing.kiosk_stubs.speech import tone, wav_file

JSON = {"content-type": "application/json"}
QUERY, AGENT, CONTEXT = "/api/v1/query", "/api/v1/agent/chat", "/api/v1/context"
CHAT, SPEECH, SENTENCES = "/v1/chat/completions", "/v1/audio/speech", "/v1/audio/speech/stream"
HEAR, LINES = "/v1/audio/transcriptions", "/v1/audio/transcriptions/stream"


def said(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


TEXTS: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no object", b"[]"),
    ("null", b"null"),
    ("broken", b'{"a": '),
    ("invalid utf-8", b'{"a": "\xff"}'),
    ("deep", b"[" * 20_000),
    ("no field", b"{}"),
]

BODIES: list[tuple[str, str, bytes, int]] = [
    *((path, name, body, 422) for path in (QUERY, AGENT, CONTEXT) for name, body in TEXTS),
    *((path, name, body, 400) for path in (CHAT, SPEECH, SENTENCES) for name, body in TEXTS),
    (QUERY, "empty", said(transcription=""), 422),
    (QUERY, "blank", said(transcription=" \n"), 422),
    (QUERY, "number", said(transcription=5), 422),
    (QUERY, "too long", said(transcription="a" * 10_001), 422),
    (QUERY, "lone surrogate", b'{"transcription": "\\ud800"}', 422),
    (QUERY, "nothing to be seen", b'{"transcription": "\\u0000"}', 422),
    (QUERY, "context too long", said(transcription="a", context_text="a" * 10_001), 422),
    (QUERY, "top_k 0", said(transcription="a", top_k=0), 422),
    (QUERY, "top_k 21", said(transcription="a", top_k=21), 422),
    (QUERY, "top_k huge", b'{"transcription": "a", "top_k": 1e400}', 422),
    (QUERY, "unknown role", said(transcription="a", history=[{"role": "system", "content": "a"}]), 422),
    (QUERY, "no role", said(transcription="a", history=[{"content": "a"}]), 422),
    (QUERY, "empty message", said(transcription="a", history=[{"role": "user", "content": ""}]), 422),
    (QUERY, "long message", said(transcription="a", history=[{"role": "user", "content": "a" * 10_001}]), 422),
    (QUERY, "history is a text", said(transcription="a", history="a"), 422),
    (QUERY, "2 MB", said(transcription="a" * 2_000_000), 413),
    (AGENT, "blank", said(transcription=" "), 422),
    (AGENT, "session is a list", said(transcription="a", session_id=[]), 422),
    (CONTEXT, "blank", said(text="\t"), 422),
    (CONTEXT, "source too long", said(text="a", source="s" * 257), 422),
    (CONTEXT, "source empty", said(text="a", source=""), 422),
    (CONTEXT, "source with a null byte", b'{"text": "a", "source": "a\\u0000"}', 422),
    (CONTEXT, "metadata is a list", said(text="a", metadata=[]), 422),
    (CONTEXT, "metadata not plain", b'{"text": "a", "metadata": {"a": NaN}}', 422),
    (CONTEXT, "metadata huge", said(text="a", metadata={"a": "a" * 20_000}), 422),
    (CONTEXT, "22 MB", b'{"text": "' + b"a" * 22_000_000 + b'"}', 413),
    (CHAT, "no messages", said(messages=[]), 400),
    (CHAT, "no user", said(messages=[{"role": "system", "content": "a"}]), 400),
    (CHAT, "blank question", said(messages=[{"role": "user", "content": " "}]), 400),
    (CHAT, "no text", said(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), 400),
    (CHAT, "unknown role", said(messages=[{"role": "cook", "content": "a"}]), 400),
    (CHAT, "content is a number", said(messages=[{"role": "user", "content": 1}]), 400),
    (CHAT, "temperature", said(messages=[{"role": "user", "content": "a"}], temperature=3), 400),
    (CHAT, "question too long", said(messages=[{"role": "user", "content": "a" * 10_001}]), 413),
    (
        CHAT,
        "prompt too long",
        said(messages=[{"role": "system", "content": "a" * 10_001}, {"role": "user", "content": "a"}]),
        413,
    ),
    (CHAT, "stream too long", said(stream=True, messages=[{"role": "user", "content": "a" * 10_001}]), 413),
    *(
        (path, name, body, 400)
        for path in (SPEECH, SENTENCES)
        for name, body in (
            ("empty", said(input="")),
            ("marks only", said(input="?!...")),
            ("nothing spoken", said(input="```\nx = 1\n```")),
            ("too long", said(input="a" * 5001)),
            ("lone surrogate", b'{"input": "a\\ud800"}'),
            ("input is a number", said(input=1)),
            ("unknown format", said(input="a", response_format="mp3")),
            ("no language", said(input="a", language="of the birds")),
            ("unknown language", said(input="a", language="tlh")),
            ("language is a number", said(input="a", language=1)),
            ("voice with a null byte", b'{"input": "a", "voice": "\\u0000"}'),
            ("voice too long", said(input="a", voice="v" * 201)),
        )
    ),
    (SPEECH, "json stream", said(input="a", stream=True, response_format="json"), 400),
    (SPEECH, "100 kB", said(input="a" * 100_000), 413),
]


def refused(answer: httpx.Response, path: str, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    if path.startswith("/v1/"):
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
        assert answer.json()["error"]["type"] == "invalid_request_error"
    else:
        assert list(answer.json()) == ["detail"]
    assert len(answer.text) < 5000


@pytest.mark.parametrize(
    ("path", "content", "status"), [(p, c, s) for p, _, c, s in BODIES], ids=[f"{p}-{n}" for p, n, _, _ in BODIES]
)
async def test_bad_bodies(client: httpx.AsyncClient, path: str, content: bytes, status: int) -> None:
    refused(await client.post(path, content=content, headers=JSON), path, status)


GOOD = ("a.wav", wav_file(tone(0.2, 16_000), 16_000), "audio/wav")

FORMS: list[tuple[str, dict[str, Any], dict[str, str], int]] = [
    ("no file", {}, {"model": "whisper-1"}, 400),
    ("file is a text", {}, {"file": "a"}, 400),
    ("empty", {"file": ("a.wav", b"")}, {}, 400),
    ("rubbish", {"file": ("a.wav", b"RIFF rubbish")}, {}, 400),
    ("no sound", {"file": ("a.png", b"\x89PNG\r\n\x1a\n")}, {}, 400),
    ("temperature", {"file": GOOD}, {"temperature": "2"}, 400),
    ("temperature is a text", {"file": GOOD}, {"temperature": "hot"}, 400),
    ("language", {"file": GOOD}, {"language": "of the birds"}, 400),
    ("session is a path", {"file": GOOD}, {"session_id": "../../etc"}, 400),
    ("session too long", {"file": GOOD}, {"session_id": "a" * 129}, 400),
    ("26 MB", {"file": ("a.wav", bytes(26 * 1024 * 1024))}, {}, 413),
]


@pytest.mark.parametrize("path", [HEAR, LINES])
@pytest.mark.parametrize(("files", "data", "status"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
async def test_bad_forms(
    client: httpx.AsyncClient, path: str, files: dict[str, Any], data: dict[str, str], status: int
) -> None:
    if files:
        answer = await client.post(path, files=files, data=data)
    else:
        answer = await client.post(path, files={"other": b""}, data=data)
    refused(answer, path, status)


@pytest.mark.parametrize("data", [{"response_format": "docx"}, {"stream": "perhaps"}])
async def test_bad_fields_of_transcriptions(client: httpx.AsyncClient, data: dict[str, str]) -> None:
    refused(await client.post(HEAR, files={"file": GOOD}, data=data), HEAR, 400)


@pytest.mark.parametrize("path", [HEAR, LINES, f"{CONTEXT}/file"])
async def test_what_is_no_form_is_refused(client: httpx.AsyncClient, path: str) -> None:
    for headers in (
        JSON,
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "multipart/form-data"},
    ):
        answer = await client.post(path, content=b"rubbish", headers=headers)
        refused(answer, path, 400 if path.startswith("/v1/") else 422)
