"""Whatever is sent, the answer is a 4xx with `{"detail": "…"}`, never a 5xx, and never repeats secrets."""

import json
from typing import Any

import httpx
import pytest

from visavis.testing.fake_pool import FakeSession

JSON = {"content-type": "application/json"}
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"

BODIES: list[tuple[str, str, bytes, int]] = [
    ("speak", "nothing", b"", 400),
    ("speak", "no field", b"{}", 400),
    ("speak", "null", b'{"text": null}', 400),
    ("speak", "empty", b'{"text": ""}', 400),
    ("speak", "blank", b'{"text": " \\n\\t "}', 400),
    ("speak", "only control characters", b'{"text": "\\u0000\\u0001\\u007f"}', 400),
    ("speak", "number", b'{"text": 5}', 400),
    ("speak", "not a number", b'{"text": NaN}', 400),
    ("speak", "infinity", b'{"text": Infinity}', 400),
    ("speak", "true", b'{"text": true}', 400),
    ("speak", "list", b'{"text": ["a"]}', 400),
    ("speak", "object", b'{"text": {"a": 1}}', 400),
    ("speak", "body is a list", b'["text"]', 400),
    ("speak", "body is a string", b'"text"', 400),
    ("speak", "body is null", b"null", 400),
    ("speak", "body is a number", b"17", 400),
    ("speak", "invalid json", b'{"text": ', 400),
    ("speak", "single quotes", b"{'text': 'a'}", 400),
    ("speak", "trailing rubbish", b'{"text": "a"} x', 400),
    ("speak", "invalid utf-8", b'{"text": "\xff\xfe"}', 400),
    ("speak", "utf-16 rubbish", b"\xff\xfe{\x00", 400),
    ("speak", "lone surrogate", b'{"text": "\\ud800"}', 400),
    ("speak", "surrogates the wrong way round", b'{"text": "\\udc00\\ud800"}', 400),
    ("speak", "deeply nested", b"[" * 30_000, 400),
    ("speak", "a huge number", b'{"text": ' + b"9" * 10_000 + b"}", 400),
    ("speak", "a huge exponent", b'{"text": 1e999999}', 400),
    ("speak", "too long", json.dumps({"text": "a" * 1001}).encode(), 413),
    ("speak", "100 kB", json.dumps({"text": "a" * 100_000}).encode(), 413),
    ("speak", "voice is a number", b'{"text": "a", "voice": 1}', 400),
    ("speak", "voice with a null byte", b'{"text": "a", "voice": "\\u0000"}', 400),
    ("speak", "voice with a line break", b'{"text": "a", "voice": "x\\ny"}', 400),
    ("speak", "over-long voice", json.dumps({"text": "a", "voice": "v" * 201}).encode(), 400),
    ("speak", "unknown provider", b'{"text": "a", "tts_provider": "edge"}', 400),
    ("speak", "provider is a list", b'{"text": "a", "tts_provider": []}', 400),
    ("speak", "model is an object", b'{"text": "a", "tts_model": {}}', 400),
    ("chat", "no field", b'{"text": "a"}', 400),
    ("chat", "empty", b'{"prompt": ""}', 400),
    ("chat", "number", b'{"prompt": 1.5}', 400),
    ("chat", "too long", json.dumps({"prompt": "\u4f60" * 1001}).encode(), 413),
    ("chat", "unknown provider", b'{"prompt": "a", "tts_provider": "sambert"}', 400),
    ("webrtc/offer", "nothing", b"", 400),
    ("webrtc/offer", "no type", json.dumps({"sdp": SDP}).encode(), 400),
    ("webrtc/offer", "no sdp", b'{"type": "offer"}', 400),
    ("webrtc/offer", "empty sdp", b'{"type": "offer", "sdp": ""}', 400),
    ("webrtc/offer", "malformed sdp", b'{"type": "offer", "sdp": "rubbish"}', 400),
    ("webrtc/offer", "answer", json.dumps({"sdp": SDP, "type": "answer"}).encode(), 400),
    ("webrtc/offer", "upper-case type", json.dumps({"sdp": SDP, "type": "OFFER"}).encode(), 400),
    ("webrtc/offer", "sdp is a list", b'{"type": "offer", "sdp": ["v=0"]}', 400),
    (
        "webrtc/offer",
        "viewer with a slash",
        json.dumps({"sdp": SDP, "type": "offer", "viewer": "a/b"}).encode(),
        400,
    ),
    ("webrtc/offer", "100 kB", json.dumps({"sdp": SDP + "a" * 100_000, "type": "offer"}).encode(), 413),
    ("", "create without a model", b'{"avatar_id": "ada"}', 400),
    ("", "create without an avatar", b'{"model": "portrait"}', 400),
    ("", "avatar is a number", b'{"avatar_id": 3, "model": "portrait"}', 400),
    ("", "avatar with a null byte", b'{"avatar_id": "ada\\u0000", "model": "portrait"}', 400),
    ("", "avatar is a path", b'{"avatar_id": "../../etc", "model": "portrait"}', 400),
    ("", "over-long avatar", json.dumps({"avatar_id": "a" * 5000, "model": "portrait"}).encode(), 400),
    ("", "unknown model", b'{"avatar_id": "ada", "model": "wav2lip"}', 400),
    ("", "model is null", b'{"avatar_id": "ada", "model": null}', 400),
    ("", "prompt is a list", b'{"avatar_id": "ada", "model": "mock", "llm_system_prompt": []}', 400),
    (
        "",
        "prompt too long",
        json.dumps({"avatar_id": "ada", "model": "mock", "llm_system_prompt": "p" * 1001}).encode(),
        413,
    ),
]


def _refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["detail"]
    assert isinstance(answer.json()["detail"], str)
    assert len(answer.json()["detail"]) < 300


@pytest.mark.parametrize(
    ("path", "content", "status"), [(p, c, s) for p, _, c, s in BODIES], ids=[f"{p}-{n}" for p, n, _, _ in BODIES]
)
async def test_bad_bodies(
    client: httpx.AsyncClient, session: FakeSession, path: str, content: bytes, status: int
) -> None:
    url = f"/sessions/{session.id}/{path}" if path else "/sessions"
    _refused(await client.post(url, content=content, headers=JSON), status)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "/",
        "application/json2",
        "\u00e9",
    ],
)
async def test_bodies_of_another_type(client: httpx.AsyncClient, session: FakeSession, content_type: str) -> None:
    headers = {b"content-type": content_type.encode("latin-1")}
    _refused(
        await client.post(f"/sessions/{session.id}/speak", content=b'{"text": "a"}', headers=headers),
        400,
    )


@pytest.mark.parametrize(
    "session_id",
    [
        "unknown",
        "00000000-0000-4000-8000-000000000000",
        "a.b",
        "..%2f..%2fetc",
        "%2e%2e",
        "%00",
        "%ff",
        "%F0%9F%98%80",
        "a%20b",
        "a;b",
        "x" * 3000,
        "{}",
        "%25%32%65",
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/events", None),
        ("POST", "/start", None),
        ("POST", "/interrupt", None),
        ("POST", "/speak", {"text": "a"}),
        ("POST", "/chat", {"prompt": "a"}),
        ("POST", "/webrtc/offer", {"sdp": SDP, "type": "offer"}),
    ],
)
async def test_unknown_sessions(
    client: httpx.AsyncClient, session_id: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = await client.request(method, f"/sessions/{session_id}{path}", json=body)
    _refused(answer, 405 if answer.status_code == 405 and session_id == "%2e%2e" else 404)


async def test_a_broken_session_id_is_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sessions/%3Cscript%3E")
    assert "script" not in answer.text


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 5000, ""])
async def test_bad_event_positions(client: httpx.AsyncClient, session: FakeSession, after: str) -> None:
    _refused(await client.get(f"/sessions/{session.id}/events", params={"after": after}), 400)


async def test_details_are_readable(client: httpx.AsyncClient, session: FakeSession) -> None:
    async def detail(content: bytes) -> str:
        answer = await client.post(f"/sessions/{session.id}/speak", content=content, headers=JSON)
        text: str = answer.json()["detail"]
        return text

    assert await detail(b"{}") == "text: field required"
    assert await detail(b'{"text": 1}') == "text: must be a string"
    assert await detail(b'{"text": " "}') == "text: must not be empty"
    assert await detail(b"{") == "body: not valid JSON"
    assert await detail(b"[]") == "body: must be a JSON object, sent as application/json"
    assert await detail(b'{"text": 1, "voice": 2}') == "text: must be a string; voice: must be a string"
    assert await detail(b'{"text": "' + b"a" * 1001 + b'"}') == "text: at most 1000 characters"


FORM = {"content-type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n'

REQUESTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("transcribe", "json", {"json": {"audio": "a"}}, 400),
    (
        "transcribe",
        "a form without a boundary",
        {"content": PART, "headers": {"content-type": "multipart/form-data"}},
        400,
    ),
    ("transcribe", "a text for a file", {"data": {"audio": "text"}}, 400),
    ("transcribe", "a rate in words", {"files": {"audio": b"ab"}, "data": {"sample_rate": "many"}}, 400),
    ("transcribe", "a rate of nothing", {"files": {"audio": b"ab"}, "data": {"sample_rate": "0"}}, 400),
    ("transcribe", "a huge rate", {"files": {"audio": b"ab"}, "data": {"sample_rate": "9" * 400}}, 400),
    ("transcribe", "neither yes nor no", {"files": {"audio": b"ab"}, "data": {"trigger_chat": "maybe"}}, 400),
    ("speak_audio", "nothing", {}, 400),
    ("speak_audio", "a negative rate", {"files": {"audio": b"ab"}, "data": {"sample_rate": "-1"}}, 400),
    ("speak_audio", "a voice of two lines", {"files": {"file": b"ab"}, "data": {"voice": "a\nb"}}, 400),
    ("speak_flashtalk_audio", "empty", {"files": {"audio": b""}}, 400),
    ("flashtalk-offline-bundle", "empty", {"files": {"file": b""}}, 400),
    ("customize/prompt", "a list", {"json": []}, 400),
    ("customize/prompt", "a number", {"json": {"llm_system_prompt": 1}}, 400),
    ("customize/reference", "nothing", {"data": {}}, 400),
    ("customize/reference", "rubbish", {"files": {"reference_image": b"rubbish"}}, 400),
]


@pytest.mark.parametrize(
    ("path", "sent", "status"), [(p, s, c) for p, _, s, c in REQUESTS], ids=[f"{p}-{n}" for p, n, _, _ in REQUESTS]
)
async def test_bad_requests_of_a_session(
    client: httpx.AsyncClient, session: FakeSession, path: str, sent: dict[str, Any], status: int
) -> None:
    _refused(await client.post(f"/sessions/{session.id}/{path}", **sent), status)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/tts/preview", {"json": {}}, 400),
        ("POST", "/tts/preview", {"json": {"text": " "}}, 400),
        ("POST", "/tts/preview", {"json": {"text": "a", "provider": "parrot"}}, 400),
        ("POST", "/tts/preview", {"content": b"{", "headers": JSON}, 400),
        ("GET", "/voices?provider=" + "a" * 300, {}, 400),
        ("POST", "/voices/clone", {"data": {"provider": "dashscope"}}, 400),
        ("POST", "/voices/clone", {"json": {}}, 400),
        ("DELETE", "/voices/abc", {}, 400),
        ("DELETE", "/voices/" + "9" * 30, {}, 404),
        ("GET", "/voice-uploads/%2e%2e%2fvisavis.db", {}, 404),
        ("POST", "/avatars/custom", {"json": {"name": "Eve"}}, 400),
        ("POST", "/avatars/custom", {"data": {"name": "", "base_avatar_id": "ada"}}, 400),
        ("DELETE", "/avatars/..%2fada", {}, 404),
        ("GET", "/avatars/%00", {}, 404),
        ("POST", "/avatars/ada/prewarm", {"json": {"model": 1}}, 400),
        ("POST", "/sessions/customize", {"data": {"llm_system_prompt": "Be brief."}}, 400),
        ("POST", "/sessions/customize/prompt", {"json": {"avatar_id": "../ada"}}, 404),
    ],
)
async def test_bad_requests_of_other_routes(
    client: httpx.AsyncClient, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    _refused(await client.request(method, path, **sent), status)


# Starlette leaves the file of a part that never ends to the garbage collector, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_form_without_an_end(client: httpx.AsyncClient, session: FakeSession) -> None:
    answer = await client.post(f"/sessions/{session.id}/transcribe", content=PART + b"abc", headers=FORM)
    _refused(answer, 400)
