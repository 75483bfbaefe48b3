"""Voices and cloning (contract opentalking 1.8), against a strict stub of the service."""

import io
import json
import os
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.errors import NotFound
from visavis.media.spoken import Spoken
from visavis.settings import Settings
from visavis.store import Store
from visavis.testing.fake_pool import FakePool
from visavis.testing.stub_server import UNTOLD, Failure
from visavis.testing.voice_stubs.dashscope_cloning import CloningStub
from visavis.uploads import PublicFiles

KEY = "k3y-of-the-stub"
SAMPLE = Spoken(b"\x10\x00\xf0\xff" * 8000, 16_000).wav()
FORM = {
    "provider": "dashscope",
    "target_model": "qwen3-tts-vc-realtime",
    "display_label": "Ada",
    "preferred_name": "ada",
    "prefix": "ada",
    "prompt_text": "",
}


@pytest.fixture
async def stub() -> AsyncIterator[CloningStub]:
    async with CloningStub(KEY) as made:
        yield made


@pytest.fixture
def pool() -> FakePool:
    return FakePool(("ada",), voices=("espeak", "dashscope"))


@pytest.fixture
def settings(settings: Settings, stub: CloningStub) -> Settings:
    changed: dict[str, Any] = {
        "dashscope_api_key": KEY,
        "dashscope_service_url": stub.websocket_url,
        "cosyvoice_service_url": stub.websocket_url,
        "public_base_url": "https://avatar.example/",
    }
    return settings.model_copy(update=changed)


async def clone(client: httpx.AsyncClient, audio: bytes | None = SAMPLE, **form: str) -> httpx.Response:
    files = {} if audio is None else {"audio": ("a.wav", audio)}
    return await client.post("/voices/clone", data=FORM | form, files=files)


async def items(client: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/voices", params=query)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_installed_voices_are_listed(client: httpx.AsyncClient) -> None:
    found = await items(client)
    assert {"espeak", "flite", "dashscope"} <= {item["provider"] for item in found}
    assert {item["source"] for item in found} == {"system"}
    assert all(item["id"] < 0 for item in found)
    assert len({item["id"] for item in found}) == len(found)
    assert found == await items(client)
    only = await items(client, provider="flite")
    assert only == [item for item in found if item["provider"] == "flite"]
    assert {"id", "user_id", "provider", "voice_id", "display_label", "target_model", "source"} <= only[0].keys()
    assert await items(client, provider="nobody") == []


async def test_a_voice_is_cloned_listed_used_and_deleted(
    client: httpx.AsyncClient, stub: CloningStub, pool: FakePool
) -> None:
    answer = await clone(client)
    assert answer.status_code == 200
    made = answer.json()
    voice = "qwen-tts-vc-ada-voice-1"
    assert (made["ok"], made["voice_id"], made["display_label"], made["provider"], made["target_model"]) == (
        True,
        voice,
        "Ada",
        "dashscope",
        "qwen3-tts-vc-realtime",
    )
    with wave.open(io.BytesIO(stub.requests[0].sample)) as sample:
        assert (sample.getframerate(), sample.getnchannels(), sample.getsampwidth()) == (24_000, 1, 2)
        assert sample.getnframes() / 24_000 == pytest.approx(1.0, abs=0.01)
    first = (await items(client))[0]
    assert first["id"] == made["entry_id"] > 0
    assert (first["source"], first["user_id"], first["voice_id"]) == ("clone", None, voice)

    body = {"avatar_id": "ada", "model": "mock", "tts_voice": voice}
    session = (await client.post("/sessions", json=body)).json()["session_id"]
    asked = pool.get(session).request
    assert (asked.tts_provider, asked.tts_voice, asked.tts_model) == ("dashscope", voice, "qwen3-tts-vc-realtime")

    answer = await client.delete(f"/voices/{made['entry_id']}")
    assert (answer.status_code, answer.json()) == (200, {"deleted": True, "ok": True, "message": ""})
    assert stub.requests[-1].input == {"action": "delete", "voice": voice}
    assert (await client.delete(f"/voices/{made['entry_id']}")).status_code == 404
    assert (await items(client))[0]["source"] == "system"


async def test_a_label_that_is_taken_gets_a_date(client: httpx.AsyncClient) -> None:
    labels = [(await clone(client)).json()["display_label"] for _ in range(2)]
    assert labels[0] == "Ada"
    assert labels[1].startswith("Ada 20")


async def test_an_entrys_id_is_never_given_again(client: httpx.AsyncClient) -> None:
    first = (await clone(client)).json()["entry_id"]
    await client.delete(f"/voices/{first}")
    assert (await clone(client)).json()["entry_id"] > first


async def test_a_service_that_fetches_the_sample_is_told_where_it_is(
    client: httpx.AsyncClient, stub: CloningStub, settings: Settings
) -> None:
    answer = await clone(client, provider="cosyvoice", target_model="cosyvoice-v3-flash")
    assert answer.json()["voice_id"] == "cosyvoice-v3-flash-ada-1"
    url = stub.requests[0].input["url"]
    assert url.startswith("https://avatar.example/voice-uploads/")
    token = url.rpartition("/")[2]
    fetched = await client.get(f"/voice-uploads/{token}")
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "audio/wav")
    assert fetched.content[:4] == b"RIFF"
    path = settings.data_dir / "voice-uploads" / f"{token}.wav"
    past = path.stat().st_mtime - 301
    os.utime(path, (past, past))
    assert (await client.get(f"/voice-uploads/{token}")).status_code == 404
    assert not path.exists()


@pytest.mark.parametrize("token", ["x", "0" * 32, "A" * 32, "0" * 31, "..%2f..%2fvisavis", "%00", "0" * 3000])
async def test_unknown_uploads(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(f"/voice-uploads/{token}")
    assert answer.status_code == 404
    assert isinstance(answer.json()["detail"], str)


def test_samples_are_deleted_when_they_are_over(tmp_path: Path) -> None:
    files = PublicFiles(tmp_path / "public", seconds=300)
    token = files.offer(b"x")
    assert files.find(token).read_bytes() == b"x"
    assert 290 < (files.sweep() or 0) <= 300
    with pytest.raises(NotFound):
        files.find(token + "/")
    over = PublicFiles(tmp_path / "public", seconds=0)
    assert over.sweep() is None
    assert not list((tmp_path / "public").iterdir())


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"provider": "nobody"}, "unknown tts provider 'nobody'"),
        ({"provider": "espeak"}, "the voice provider 'espeak' can't clone voices; these can: bailian, cosyvoice"),
        ({"provider": ""}, "provider: field required"),
        ({"target_model": " "}, "target_model: must not be empty"),
        ({"target_model": "../x"}, "target_model has to be the name of a model"),
        ({"display_label": ""}, "display_label: field required"),
        ({"display_label": "l" * 65}, "display_label: at most 64 characters"),
        ({"display_label": "a\0b"}, "display_label: must not contain control characters"),
        ({"preferred_name": "Ada"}, "preferred_name has to be a letter"),
        ({"preferred_name": "1a"}, "preferred_name has to be a letter"),
        ({"provider": "cosyvoice", "prefix": "much_too_long"}, "prefix has to be one to nine letters"),
        ({"consent": "{"}, "consent: not valid JSON"),
        ({"consent": "{}"}, "consent: who agreed has to be named"),
        ({"consent": '{"who": "Ada", "when": "yesterday"}'}, "consent: when must be a time"),
        ({"consent": '{"who": "Ada", "when": 1e300}'}, "consent: when must be a time"),
        ({"consent": '{"who": ["Ada"]}'}, "consent: who must be a string"),
        ({"consent": "x" * 201}, "consent: who must be at most 200 characters"),
    ],
)
async def test_bad_fields(client: httpx.AsyncClient, stub: CloningStub, change: Any, detail: str) -> None:
    answer = await clone(client, **change)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)
    assert stub.requests == []


@pytest.mark.parametrize(
    ("audio", "detail"),
    [
        (None, "audio: field required"),
        (b"", "audio: must not be empty"),
        (SAMPLE[:255], "audio: the recording is too short"),
        (b"no sound at all" * 100, "audio: the file can't be decoded as sound"),
        (SAMPLE + bytes(12 * 1024 * 1024), "audio: at most 12 MiB are accepted"),
    ],
    ids=["none", "empty", "short", "rubbish", "large"],
)
async def test_bad_samples(
    client: httpx.AsyncClient, stub: CloningStub, settings: Settings, audio: bytes | None, detail: str
) -> None:
    answer = await clone(client, audio)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)
    assert stub.requests == []
    uploads = settings.data_dir / "uploads"
    assert not uploads.is_dir() or not list(uploads.iterdir())


async def test_an_upload_far_over_the_limit_is_413(client: httpx.AsyncClient) -> None:
    assert (await clone(client, bytes(17 * 1024 * 1024))).status_code == 413


@pytest.mark.parametrize("behaviour", [Failure(401), Failure(500), "cut", "rubbish", "empty"])
async def test_a_service_that_fails_is_502(client: httpx.AsyncClient, stub: CloningStub, behaviour: Any) -> None:
    stub.then(behaviour)
    answer = await clone(client)
    assert answer.status_code == 502
    assert KEY not in answer.text
    assert UNTOLD not in answer.text
    assert (await items(client))[0]["source"] == "system"


async def test_a_voice_that_its_service_keeps_is_forgotten_and_that_is_told(
    client: httpx.AsyncClient, stub: CloningStub
) -> None:
    entry = (await clone(client)).json()["entry_id"]
    stub.then(Failure(500))
    answer = await client.delete(f"/voices/{entry}")
    assert answer.status_code == 200
    assert answer.json()["message"].startswith("dashscope still has the voice qwen-tts-vc-ada-voice-1")


@pytest.mark.parametrize(
    ("entry", "status"), [("0", 404), ("999", 404), ("-5", 404), ("9" * 30, 404), ("x", 400), ("1.5", 400)]
)
async def test_entries_that_are_not_there(client: httpx.AsyncClient, entry: str, status: int) -> None:
    assert (await client.delete(f"/voices/{entry}")).status_code == status


async def test_a_voice_that_came_with_its_provider_stays(client: httpx.AsyncClient) -> None:
    entry = (await items(client, provider="flite"))[0]["id"]
    answer = await client.delete(f"/voices/{entry}")
    assert answer.status_code == 400
    assert "came with its provider" in answer.json()["detail"]


async def test_without_a_key_nothing_is_cloned(pool: FakePool, settings: Settings) -> None:
    settings = settings.model_copy(update={"dashscope_api_key": "", "dashscope_asr_api_key": ""})
    app = create_app(pool, settings, Catalogue(settings))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://v") as bare,
    ):
        answer = await clone(bare)
    assert answer.status_code == 400
    assert "VISAVIS_DASHSCOPE_API_KEY" in answer.json()["detail"]


async def test_consent_is_kept_and_asked_for_where_it_is_required(pool: FakePool, settings: Settings) -> None:
    settings = settings.model_copy(update={"require_consent": True})
    told = {"who": "Ada", "when": "2026-05-01T12:00:00Z", "version": "2"}
    async with Store(settings) as store:
        app = create_app(pool, settings, Catalogue(settings), store)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://v") as strict,
        ):
            for consent in ("", "false"):
                answer = await clone(strict, consent=consent)
                assert (answer.status_code, answer.json()["detail"][:8]) == (400, "consent:")
            for consent in (json.dumps(told), "true", "Ada Lovelace"):
                assert (await clone(strict, consent=consent)).status_code == 200
        first, second, third = await store.voices.all()
    assert (first.consent_by, first.consent_at, first.consent_text) == ("Ada", 1777636800.0, "2")
    assert (second.consent_by, second.owner) == ("owner", "owner")
    assert second.consent_at == pytest.approx(second.created_at, abs=5)
    assert third.consent_by == "Ada Lovelace"


async def test_a_kept_sample_is_cloned(client: httpx.AsyncClient, stub: CloningStub, pool: FakePool) -> None:
    session = (await client.post("/sessions", json={"avatar_id": "ada", "model": "mock"})).json()["session_id"]
    for form in ({"avatar_id": "ada"}, {"session_id": session}):
        answer = await clone(client, None, **form)
        assert answer.status_code == 404
    files = {"reference_audio": ("a.wav", SAMPLE)}
    kept = await client.post("/sessions/customize/reference", data={"avatar_id": "ada"}, files=files)
    assert "avatar_id" in kept.json()["message"]
    await client.post(f"/sessions/{session}/customize/reference", files=files)
    for form in ({"avatar_id": "ada"}, {"session_id": session}):
        assert (await clone(client, None, **form)).status_code == 200
    assert len(stub.requests) == 2
    assert (await clone(client, None, session_id="nobody")).status_code == 404
    assert (await clone(client, None, avatar_id="nobody")).status_code == 404


async def test_the_document_says_what_is_sent(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"]["/voices/clone"]["post"]
    content = operation["requestBody"]["content"]["multipart/form-data"]
    fields = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    assert {"provider", "target_model", "display_label"} == set(fields["required"])
    assert {"audio", "prefix", "preferred_name", "consent"} <= fields["properties"].keys()
    assert {"400", "413", "502"} <= operation["responses"].keys()
