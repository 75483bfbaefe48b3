"""One test per error that OpenTalking's documents or the contract name, and the states and queue of sessions."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.api.contract.scene import (
    CLONE,
    PICTURE,
    SDP,
    SOUND,
    Prepare,
    Scene,
    busy,
    ended,
    nothing,
    running,
)
from visavis.errors import StageFailed, Unavailable, UpstreamFailed

S = "/sessions/{session_id}"
GONE = "/sessions/00000000-0000-4000-8000-000000000000"
CREATE = {"avatar_id": "ada", "model": "portrait"}
OFFER = {"json": {"sdp": SDP, "type": "offer"}}
AUDIO = {"files": {"audio": ("a.wav", SOUND)}}


@dataclass(frozen=True)
class Error:
    """A request, and how it is refused."""

    status: int
    method: str
    path: str
    sent: dict[str, Any] = field(default_factory=dict)
    prepare: Prepare = nothing
    failure: Exception | None = None
    """What the pool or the session raises."""


def image(data: bytes, **form: str) -> dict[str, Any]:
    return {"data": {"name": "Eve", "base_avatar_id": "ada"} | form, "files": {"image": ("e.png", data)}}


def audio(data: bytes) -> dict[str, Any]:
    return {"files": {"audio": ("a.wav", data)}}


def cloned(data: bytes = SOUND, **form: str) -> dict[str, Any]:
    return {"data": CLONE | form, "files": {"audio": ("a.wav", data)}}


LOST = UpstreamFailed("tts", "the voice service answered 401: it takes another key")
DEAF = StageFailed("asr", "the recogniser failed")
ERRORS = [
    Error(404, "GET", "/avatars/nobody"),
    Error(404, "GET", "/avatars/nobody/preview"),
    Error(404, "GET", "/avatars/bare/preview"),
    Error(400, "POST", "/avatars/custom", image(b"")),
    Error(400, "POST", "/avatars/custom", image(b"no picture")),
    Error(404, "POST", "/avatars/custom", image(PICTURE, base_avatar_id="nobody")),
    Error(413, "POST", "/avatars/custom", image(bytes(10 * 1024 * 1024 + 1))),
    Error(403, "DELETE", "/avatars/ada"),
    Error(404, "DELETE", "/avatars/nobody"),
    Error(400, "POST", "/sessions", {"json": CREATE | {"avatar_id": "nobody"}}),
    Error(400, "POST", "/sessions", {"json": CREATE | {"model": "wav2lip"}}),
    Error(400, "POST", "/sessions", {"json": CREATE}, failure=Unavailable("model 'wav2lip' is not connected")),
    Error(400, "POST", "/sessions", {"json": CREATE | {"tts_provider": "parrot"}}),
    Error(502, "POST", "/sessions", {"json": CREATE}, failure=UpstreamFailed("face", "the face server is away")),
    Error(404, "GET", GONE),
    Error(404, "POST", f"{GONE}/start"),
    Error(409, "POST", f"{S}/start", prepare=running),
    Error(409, "POST", f"{S}/start", prepare=ended),
    Error(404, "DELETE", GONE),
    Error(404, "POST", f"{GONE}/chat", {"json": {"prompt": "Hello?"}}),
    Error(409, "POST", f"{S}/chat", {"json": {"prompt": "Hello?"}}, busy),
    Error(409, "POST", f"{S}/chat", {"json": {"prompt": "Hello?"}}, ended),
    Error(502, "POST", f"{S}/chat", {"json": {"prompt": "Hello?"}}, failure=LOST),
    Error(404, "POST", f"{GONE}/speak", {"json": {"text": "Hello."}}),
    Error(400, "POST", f"{S}/speak", {"json": {"text": ""}}),
    Error(400, "POST", f"{S}/speak", {"json": {"text": "Hello.", "tts_provider": "parrot"}}),
    Error(409, "POST", f"{S}/speak", {"json": {"text": "Hello."}}, ended),
    Error(502, "POST", f"{S}/speak", {"json": {"text": "Hello."}}, failure=LOST),
    Error(404, "POST", f"{GONE}/transcribe", AUDIO),
    Error(400, "POST", f"{S}/transcribe", audio(b"")),
    Error(400, "POST", f"{S}/transcribe"),
    Error(413, "POST", f"{S}/transcribe", audio(bytes(15 * 1024 * 1024 + 1))),
    Error(502, "POST", f"{S}/transcribe", AUDIO, failure=DEAF),
    Error(409, "POST", f"{S}/transcribe", AUDIO, ended),
    Error(404, "POST", f"{GONE}/interrupt"),
    Error(404, "POST", f"{GONE}/speak_audio", AUDIO),
    Error(400, "POST", f"{S}/speak_audio", audio(b"")),
    Error(413, "POST", f"{S}/speak_audio", audio(bytes(15 * 1024 * 1024 + 1))),
    Error(409, "POST", f"{S}/speak_audio", AUDIO, ended),
    Error(404, "POST", f"{GONE}/speak_flashtalk_audio", AUDIO),
    Error(400, "POST", f"{S}/speak_flashtalk_audio"),
    Error(404, "POST", f"{GONE}/customize/prompt", {"json": {"llm_system_prompt": "Be brief."}}),
    Error(400, "POST", "/sessions/customize/prompt", {"json": {"llm_system_prompt": "Be brief."}}),
    Error(404, "POST", "/sessions/customize/prompt", {"json": {"avatar_id": "nobody", "llm_system_prompt": ""}}),
    Error(
        400,
        "POST",
        "/sessions/customize/reference",
        {"data": {"avatar_id": "ada"}, "files": {"reference_image": ("a.png", b"")}},
    ),
    Error(
        413,
        "POST",
        "/sessions/customize/reference",
        {"data": {"avatar_id": "ada"}, "files": {"reference_image": ("a.png", PICTURE + bytes(10 * 1024 * 1024))}},
    ),
    Error(400, "POST", f"{S}/webrtc/offer", {"json": {"sdp": "rubbish", "type": "offer"}}),
    Error(404, "POST", f"{GONE}/webrtc/offer", OFFER),
    Error(409, "POST", f"{S}/webrtc/offer", OFFER, ended),
    Error(404, "POST", f"{GONE}/flashtalk-recording/start"),
    Error(409, "POST", f"{S}/flashtalk-recording/stop"),
    Error(404, "GET", f"{GONE}/flashtalk-recording"),
    Error(404, "POST", f"{GONE}/flashtalk-offline-bundle"),
    Error(409, "POST", f"{S}/flashtalk-offline-bundle"),
    Error(404, "GET", f"{S}/flashtalk-offline-bundle/00000000-0000-4000-8000-000000000000"),
    Error(404, "GET", f"{S}/flashtalk-offline-bundle/00000000-0000-4000-8000-000000000000/download"),
    Error(404, "GET", f"{GONE}/events"),
    Error(400, "POST", "/tts/preview", {"json": {"text": ""}}),
    Error(400, "POST", "/tts/preview", {"json": {"text": "a" * 1001}}),
    Error(502, "POST", "/tts/preview", {"json": {"text": "Hello."}}, failure=LOST),
    Error(400, "POST", "/voices/clone", cloned(provider="parrot")),
    Error(400, "POST", "/voices/clone", cloned(b"short")),
    Error(400, "POST", "/voices/clone", cloned(b"no sound " * 100)),
    Error(400, "POST", "/voices/clone", cloned(bytes(12 * 1024 * 1024 + 1))),
    Error(404, "DELETE", "/voices/4711"),
    Error(404, "GET", "/voice-uploads/" + "0" * 32),
    Error(404, "GET", "/voice-uploads/malformed"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{error.status} {error.method} {error.path}")
async def test_error(scene: Scene, error: Error) -> None:
    await error.prepare(scene)
    if error.path in ("/sessions", "/tts/preview"):
        scene.pool.failure = error.failure
    else:
        scene.session.failure = error.failure
    answer = await scene.client.request(error.method, scene.path(error.path), **error.sent)
    assert answer.status_code == error.status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["detail"]
    assert isinstance(answer.json()["detail"], str)
    if error.failure is not None:
        assert answer.json()["detail"] == str(error.failure)


async def test_deleting_is_repeatable(scene: Scene) -> None:
    for _ in range(3):
        answer = await scene.client.delete(scene.path(S))
        assert (answer.status_code, answer.json()["status"]) == (200, "terminated")
    assert (await scene.client.get(scene.path(S))).json()["state"] == "terminated"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("speak", {"json": {"text": "Hello."}}),
        ("chat", {"json": {"prompt": "Hello?"}}),
        ("speak_audio", AUDIO),
        ("speak_flashtalk_audio", AUDIO),
    ],
)
async def test_speech_starts_a_session(scene: Scene, path: str, sent: dict[str, Any]) -> None:
    assert (await scene.client.post(scene.path(f"{S}/{path}"), **sent)).status_code == 200
    assert (await scene.client.get(scene.path(S))).json()["state"] == "running"
    assert (await scene.client.post(scene.path(f"{S}/start"))).status_code == 409


async def test_speaking_is_barge_in_and_interrupting_is_fine_when_idle(scene: Scene) -> None:
    for _ in range(2):
        assert (await scene.client.post(scene.path(f"{S}/speak"), json={"text": "Hello."})).status_code == 200
    for _ in range(2):
        answer = await scene.client.post(scene.path(f"{S}/interrupt"))
        assert (answer.status_code, answer.json()["interrupted"]) == (200, True)


async def test_a_browser_of_a_configured_origin_may_ask(client: httpx.AsyncClient) -> None:
    ask = {"Origin": "https://kiosk.example", "Access-Control-Request-Method": "DELETE"}
    answer = await client.options("/sessions/x", headers=ask)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://kiosk.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    refused = await client.get("/healthz", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in refused.headers
