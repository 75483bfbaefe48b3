"""One test per row of OpenTalking's endpoint summary (seed 001), each with the smallest request that is right."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.api.contract.scene import (
    CLONE,
    PICTURE,
    SDP,
    SOUND,
    Prepare,
    Scene,
    bundle,
    clone,
    custom_avatar,
    heard,
    nothing,
    recorded,
    recording,
    rendered,
    upload,
)
from tests.api.sockets import SAMPLES, connected
from visavis.session.events import ClipWritten
from visavis.testing.fake_pool import FakeSession

S = "/sessions/{session_id}"
JSON = "application/json"
AUDIO = {"audio": ("a.wav", SOUND)}


@dataclass(frozen=True)
class Row:
    """A row, and what has to come of it."""

    method: str
    path: str
    keys: frozenset[str] = frozenset()
    """Of the answer, or of each item of a list."""
    values: dict[str, Any] = field(default_factory=dict)
    """That the contract fixes."""
    sent: dict[str, Any] = field(default_factory=dict)
    prepare: Prepare = nothing
    kind: str = JSON


def keys(*names: str) -> frozenset[str]:
    return frozenset(names)


SUMMARY = keys("id", "name", "model_type", "width", "height", "is_custom")
SAVED = {"saved": True}
ROWS = [
    Row("GET", "/health", keys("stt_provider", "tts_provider", "default_model"), {"status": "ok"}),
    Row("GET", "/healthz", values={"status": "ok"}),
    Row("GET", "/queue/status", values={"slot_occupied": False, "queue_size": 0}),
    Row("GET", "/models", keys("models", "statuses", "default_model")),
    Row("GET", "/avatars", SUMMARY),
    Row("GET", "/avatars/{avatar_id}", SUMMARY | {"metadata", "fps"}, {"id": "ada"}),
    Row("GET", "/avatars/{avatar_id}/preview", kind="image/png"),
    Row(
        "POST",
        "/avatars/custom",
        SUMMARY,
        {"is_custom": True, "name": "Eve"},
        {"data": {"name": "Eve", "base_avatar_id": "ada"}, "files": {"image": ("e.png", PICTURE)}},
    ),
    Row("DELETE", "/avatars/{avatar_id}", values={"deleted": True, "status": "deleted"}, prepare=custom_avatar),
    Row(
        "POST",
        "/sessions",
        keys("session_id"),
        {"status": "created"},
        {"json": {"avatar_id": "ada", "model": "mock"}},
    ),
    Row(
        "POST",
        "/sessions/customize",
        keys("image_updated"),
        SAVED | {"avatar_id": "ada"},
        {
            "data": {"avatar_id": "ada", "llm_system_prompt": "Be brief."},
            "files": {"reference_image": ("a.png", PICTURE)},
        },
    ),
    Row(
        "POST",
        "/sessions/customize/prompt",
        values=SAVED | {"avatar_id": "ada"},
        sent={"json": {"avatar_id": "ada", "llm_system_prompt": "Be brief."}},
    ),
    Row(
        "POST",
        "/sessions/customize/reference",
        values=SAVED | {"avatar_id": "ada", "image_updated": True},
        sent={"data": {"avatar_id": "ada"}, "files": {"reference_image": ("a.png", PICTURE)}},
    ),
    Row("GET", S, keys("session_id", "avatar_id", "model", "voice"), {"state": "created"}),
    Row("POST", f"{S}/start", values={"status": "running"}),
    Row("POST", f"{S}/speak", keys("session_id", "status"), sent={"json": {"text": "Welcome."}}),
    Row("POST", f"{S}/chat", keys("session_id", "status"), sent={"json": {"prompt": "Hello?"}}),
    Row(
        "POST",
        f"{S}/transcribe",
        values={"transcript": "what was said"},
        sent={"files": {"audio": ("a.pcm", SAMPLES)}},
    ),
    Row("POST", f"{S}/speak_audio", keys("session_id", "status", "text"), sent={"files": AUDIO}),
    Row("POST", f"{S}/speak_flashtalk_audio", keys("session_id", "status"), sent={"files": AUDIO}),
    Row("POST", f"{S}/interrupt", values={"interrupted": True}),
    Row("POST", f"{S}/webrtc/offer", keys("sdp"), {"type": "answer"}, {"json": {"sdp": SDP, "type": "offer"}}),
    Row("POST", f"{S}/flashtalk-recording/start", values={"state": "recording"}),
    Row("POST", f"{S}/flashtalk-recording/stop", keys("state", "status"), prepare=recording),
    Row(
        "GET",
        f"{S}/flashtalk-recording",
        keys("artifact_url", "duration_ms"),
        {"state": "complete"},
        prepare=recorded,
    ),
    Row("POST", f"{S}/flashtalk-offline-bundle", keys("job_id"), {"status": "pending"}, prepare=heard),
    Row(
        "GET",
        f"{S}/flashtalk-offline-bundle/{{job_id}}",
        keys("job_id", "status", "progress", "error"),
        prepare=bundle,
    ),
    Row("GET", f"{S}/flashtalk-offline-bundle/{{job_id}}/download", kind="video/mp4", prepare=rendered),
    Row("DELETE", S, values={"status": "terminated"}),
    Row("GET", f"{S}/events", kind="text/event-stream"),
    Row("POST", "/tts/preview", sent={"json": {"text": "Welcome."}}, kind="audio/wav"),
    Row("GET", "/voices", keys("items")),
    Row(
        "POST",
        "/voices/clone",
        keys("entry_id", "voice_id", "display_label", "provider", "target_model", "message"),
        {"ok": True},
        {"data": CLONE, "files": AUDIO},
    ),
    Row("DELETE", "/voices/{entry_id}", values={"deleted": True, "ok": True}, prepare=clone),
    Row("GET", "/voice-uploads/{token}", kind="audio/wav", prepare=upload),
]


def test_the_table_is_complete() -> None:
    assert len({(row.method, row.path) for row in ROWS}) == 35, "36 with the WebSocket"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
async def test_row(scene: Scene, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    await row.prepare(scene)
    if row.path == "/tts/preview":
        fake_a_clip(scene, monkeypatch)
    if row.path.endswith("/events"):
        # A stream that ends: the client of this test reads whole answers.
        await scene.session.interrupt()
        await scene.session.close()
    answer = await scene.client.request(row.method, scene.path(row.path), **row.sent)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == row.kind
    if row.kind != JSON:
        assert answer.content
        return
    body = answer.json()
    for item in body if isinstance(body, list) else [body]:
        assert row.keys <= item.keys()
        assert row.values.items() <= item.items()


def fake_a_clip(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake's voice-only session write what real ones write."""
    path = scene.settings.data_dir / "clip.wav"
    path.write_bytes(SOUND)
    begin = FakeSession._begin

    def begun(session: FakeSession, *what: Any) -> Any:
        accepted = begin(session, *what)
        session.happen(ClipWritten(accepted.turn, 1, "Welcome.", str(path)))
        session.finish()
        return accepted

    monkeypatch.setattr(FakeSession, "_begin", begun)


async def test_row_ws_speak_audio_stream(scene: Scene, port: int) -> None:
    async with connected(port, scene.session.id) as connection:
        await connection.accepted()
        await connection.say(type="config", sample_rate=16_000)
        assert await connection.told() == {"type": "ack"}
        await connection.sound(SAMPLES)
        await connection.say(type="eos")
        assert await connection.closed() == 1000


@pytest.mark.parametrize("path", ["customize", "customize/prompt", "customize/reference"])
async def test_customisation_also_by_session(scene: Scene, path: str) -> None:
    sent: dict[str, Any] = {"json": {"llm_system_prompt": "Be brief."}}
    if path.endswith("reference"):
        sent = {"files": {"reference_audio": ("a.wav", SOUND)}}
    answer = await scene.client.post(scene.path(f"{S}/{path}"), **sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["saved"] is True
