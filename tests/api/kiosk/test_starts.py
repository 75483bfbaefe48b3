"""How sessions begin: fields, defaults, room (contract kiosk 1.1, 1.2)."""

import re

import httpx
import pytest

from tests.api.kiosk.conftest import Kiosk, answer
from visavis.errors import AtCapacity, InvalidInput, TooLarge, Unavailable
from visavis.pool import Chat, Exchange, Listen, Offer, Plan, Upstreams
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession

MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
FILE = {"file": ("question.wav", b"RIFF....WAVE")}


async def test_a_microphone_session_begins_with_the_documented_defaults(kiosk: Kiosk) -> None:
    response = await kiosk.client.post("/api/v1/sessions/start", json={})
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["source_kind"]) == ("running", "microphone")
    assert MICROSECONDS.fullmatch(body["created_at"].removesuffix("+00:00"))
    session = kiosk.pool.get(body["session_id"])
    assert session.commands == [Listen(Plan("microphone", patience=60.0))]
    request = session.request
    assert (request.voice_only, request.clips, request.forgiving, request.avatar_id) == (True, True, True, "")
    assert (request.owner, request.tts_model, request.language, request.history) == ("owner", "", "", ())
    assert request.upstreams == Upstreams(tts_language="English")


async def test_every_field_reaches_the_engine(kiosk: Kiosk) -> None:
    session = await kiosk.start(
        "sessions/start",
        device="USB",
        sample_rate=48_000,
        chunk_seconds=30,
        silence_timeout_seconds=10,
        max_session_seconds=300,
        silence_threshold=32_767,
        language="zh_CN",
        temperature=1,
        analyzer_url="http://127.0.0.1:8010/v1/audio/transcriptions",
        rag_url="http://localhost:8020/api/v1/query",
        tts_url="http://127.0.0.1:8011/v1/audio/speech",
        tts_model="m",
        tts_voice="v",
        tts_language=None,
        tts_instructions="slowly",
        history=[{"role": "user", "content": "Hi.", "extra": "ignored"}],
        conversation_id="c",
        endpointing="voice",
        answer=False,
        something_else={"is": "ignored"},
    )
    assert session.commands == [
        Listen(
            Plan(
                source="microphone",
                device="USB",
                sample_rate=48_000,
                pace=1.0,
                endpointing="voice",
                threshold=32_767,
                silence=10.0,
                longest=300.0,
                chunk=30.0,
                patience=60.0,
                answer=False,
            )
        )
    ]
    assert session.request.upstreams == Upstreams(
        asr_url="http://127.0.0.1:8010/v1/audio/transcriptions",
        temperature=1.0,
        rag_url="http://localhost:8020/api/v1/query",
        tts_url="http://127.0.0.1:8011/v1/audio/speech",
        tts_language="",
        tts_instructions="slowly",
    )
    assert (session.request.tts_model, session.request.tts_voice, session.request.language) == ("m", "v", "zh-CN")
    assert session.request.history == (Exchange("user", "Hi."),)
    snapshot = await kiosk.get(session)
    assert (snapshot["device"], snapshot["conversation_id"]) == ("USB", "c")


async def test_the_lower_bounds_are_inclusive(kiosk: Kiosk) -> None:
    session = await kiosk.start(
        sample_rate=8000,
        chunk_seconds=0.5,
        silence_timeout_seconds=0.2,
        max_session_seconds=1,
        silence_threshold=1,
    )
    (command,) = session.commands
    assert isinstance(command, Listen)
    plan = command.plan
    assert (plan.sample_rate, plan.chunk, plan.silence, plan.longest, plan.threshold) == (8000, 0.5, 0.2, 1.0, 1)


async def test_a_file_session(kiosk: Kiosk, settings: Settings) -> None:
    response = await kiosk.client.post(
        "/api/v1/sessions/start-file",
        files=FILE,
        data={
            "sample_rate": "16000",
            "chunk_seconds": "4",
            "silence_timeout_seconds": "1.5",
            "max_session_seconds": "20",
            "silence_threshold": "900",
            "language": "en",
            "temperature": "0.0",
            "realtime_factor": "10.0",
            "device": "3",
            "conversation_id": "",
            "unknown": "ignored",
        },
    )
    assert response.status_code == 200, response.text
    assert (response.json()["status"], response.json()["source_kind"]) == ("running", "file")
    (command,) = kiosk.pool.get(response.json()["session_id"]).commands
    assert isinstance(command, Listen)
    assert command.plan == Plan("recording", pace=10.0, patience=60.0)
    assert command.upload
    assert list((settings.data_dir / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "pace"), [({}, 1.0), ({"realtime_factor": "0"}, 0.0), ({"realtime_factor": "100"}, 100.0)]
)
async def test_the_pace_of_a_file(kiosk: Kiosk, sent: dict[str, str], pace: float) -> None:
    response = await kiosk.client.post("/api/v1/sessions/start-file", files=FILE, data=sent)
    (command,) = kiosk.pool.get(response.json()["session_id"]).commands
    assert isinstance(command, Listen)
    assert command.plan.pace == pace


async def test_one_session_at_a_time(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    for path in ("sessions/start", "sessions/start-stream"):
        response = await kiosk.client.post(f"/api/v1/{path}", json={})
        assert (response.status_code, response.json()["detail"]) == (
            409,
            "Another audio session is already active",
        )
    response = await kiosk.client.post("/api/v1/sessions/start-file", files=FILE)
    assert response.status_code == 409
    response = await kiosk.client.post("/api/v1/query/text", json={"text": "When?"})
    assert response.status_code == 409
    answer(session)
    await kiosk.over(session)
    assert (await kiosk.client.post("/api/v1/sessions/start-file", files=FILE)).status_code == 200


async def test_a_session_that_failed_to_begin_leaves_room(kiosk: Kiosk, pool: FakePool) -> None:
    for failure, status in (
        (AtCapacity("full", 7), 503),
        (Unavailable("no recogniser"), 503),
        (InvalidInput("x"), 400),
    ):
        pool.failure = failure
        response = await kiosk.client.post("/api/v1/sessions/start-stream", json={})
        assert (response.status_code, response.json()) == (status, {"detail": str(failure)})
    assert (await kiosk.client.post("/api/v1/sessions/start-stream", json={})).status_code == 200


class TestSeveral:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"kiosk_sessions": 3})

    async def test_several_sessions_and_one_microphone(self, kiosk: Kiosk) -> None:
        await kiosk.start("sessions/start")
        response = await kiosk.client.post("/api/v1/sessions/start", json={})
        assert response.json() == {"detail": "Another microphone session is already active"}
        await kiosk.start()
        await kiosk.start()
        response = await kiosk.client.post("/api/v1/sessions/start-stream", json={})
        assert response.json() == {"detail": "Another audio session is already active"}


@pytest.mark.parametrize(
    "failure", [InvalidInput("there is no microphone 'x'"), Unavailable("PortAudio is missing")]
)
async def test_a_microphone_that_is_not_there(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async def refuse(self: FakeSession, command: Listen) -> None:
        raise failure

    monkeypatch.setattr(FakeSession, "listen", refuse)
    response = await kiosk.client.post("/api/v1/sessions/start", json={"device": "x"})
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["end_reason"], body["error"]) == ("failed", "error", str(failure))
    await kiosk.over(kiosk.pool.get(body["session_id"]))
    assert kiosk.pool.sessions() == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [(InvalidInput("the file can't be decoded as sound"), 422), (TooLarge("longer than 600 s"), 413)],
)
async def test_a_recording_that_is_rubbish(
    kiosk: Kiosk, settings: Settings, monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int
) -> None:
    async def refuse(self: FakeSession, command: Listen) -> None:
        raise failure

    monkeypatch.setattr(FakeSession, "listen", refuse)
    response = await kiosk.client.post("/api/v1/sessions/start-file", files=FILE)
    assert response.status_code == status
    assert str(failure) in response.text
    if status == 422:
        assert response.json()["detail"][0]["loc"] == ["body", "file"]
    assert kiosk.pool.sessions() == []
    assert list((settings.data_dir / "uploads").iterdir()) == []
    assert (await kiosk.client.get("/api/v1/sessions")).json() == {"sessions": []}


async def test_a_typed_question(kiosk: Kiosk) -> None:
    session = await kiosk.start("query/text", text="When do you close?")
    assert session.commands == [Chat("When do you close?")]
    assert (await kiosk.get(session))["transcript"] == "When do you close?"
    session.finish()
    body = await kiosk.over(session)
    assert (body["source_kind"], body["status"], body["end_reason"]) == ("text", "completed", "completed")


async def test_a_face(kiosk: Kiosk) -> None:
    session = await kiosk.start(avatar_id="ada")
    assert (session.request.voice_only, session.request.avatar_id) == (False, "ada")
    url = f"/api/v1/sessions/{session.id}/offer"
    response = await kiosk.client.post(url, json={"sdp": SDP, "type": "offer"})
    assert (response.status_code, response.json()) == (200, {"sdp": SDP, "type": "answer"})
    assert session.commands[-1] == Offer(SDP)
    assert (await kiosk.client.post(url, json={"sdp": "rubbish", "type": "offer"})).status_code == 400
    answer(session)
    await kiosk.over(session)
    assert (await session.info()).state == "running"
    assert (await kiosk.client.delete(f"/api/v1/sessions/{session.id}")).status_code == 200
    assert (await session.info()).state == "terminated"


async def test_no_face(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    response = await kiosk.client.post(f"/api/v1/sessions/{session.id}/offer", json={"sdp": SDP, "type": "offer"})
    assert response.status_code == 409
    unknown = await kiosk.client.post("/api/v1/query/text", json={"text": "Hi", "avatar_id": "nobody"})
    assert unknown.status_code == 409
    answer(session)
    await kiosk.over(session)
    unknown = await kiosk.client.post("/api/v1/query/text", json={"text": "Hi", "avatar_id": "nobody"})
    assert (unknown.status_code, unknown.json()["detail"][0]["loc"]) == (422, ["body", "avatar_id"])


async def test_settings_stand_in_for_what_a_request_leaves_out(kiosk: Kiosk, client: httpx.AsyncClient) -> None:
    chosen = {
        "kiosk_analyzer_url": "http://asr:9/t",
        "kiosk_tts_url": "http://tts:9/s",
        "kiosk_tts_voice": "Vivian",
        "kiosk_sample_rate": 8000,
        "kiosk_silence_threshold": 80,
        "kiosk_idle_seconds": 5.0,
        "kiosk_endpointing": "voice",
    }
    object.__setattr__(kiosk.desk, "settings", kiosk.desk.settings.model_copy(update=chosen))
    kiosk.desk.urls = type(kiosk.desk.urls)(kiosk.desk.settings)
    session = await kiosk.start(silence_threshold=700, tts_voice=None)
    (command,) = session.commands
    assert isinstance(command, Listen)
    plan = command.plan
    assert (plan.sample_rate, plan.threshold, plan.patience, plan.endpointing) == (8000, 700, 5.0, "voice")
    request = session.request
    assert (request.upstreams.asr_url, request.upstreams.rag_url) == ("http://asr:9/t", "")
    assert (request.tts_voice, request.tts_model) == ("Vivian", "qwen-tts")


async def test_given_room_for_several_then_each_microphone_is_in_one_session(
    kiosk: Kiosk, settings: Settings
) -> None:
    kiosk.desk.settings = settings.model_copy(update={"kiosk_sessions": 3})
    await kiosk.start("sessions/start", device="left")
    await kiosk.start("sessions/start", device="right")
    response = await kiosk.client.post("/api/v1/sessions/start", json={"device": "left"})
    assert (response.status_code, response.json()["detail"]) == (
        409,
        "Another microphone session is already active",
    )
