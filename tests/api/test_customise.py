"""`/sessions/customize…` and `/sessions/{id}/customize…` (contract opentalking 1.5)."""

from typing import Any

import httpx
import pytest

from tests.api.pictures import bomb, decoded, encoded, portrait
from visavis.avatar import Catalogue
from visavis.media.spoken import Spoken
from visavis.pool import Customise
from visavis.settings import Settings
from visavis.testing.fake_pool import FakeSession

SOUND = Spoken(b"\x10\x00\xf0\xff" * 8000, 16_000).wav()
ADA = {"avatar_id": "ada"}
IMAGE = {"reference_image": ("a.png", encoded(".png", 200, 300))}
AUDIO = {"reference_audio": ("a.wav", SOUND)}


async def customise(client: httpx.AsyncClient, path: str = "", **sent: Any) -> dict[str, Any]:
    answer = await client.post(f"/sessions/customize{path}", **sent)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["saved"] is True
    return body


async def test_a_prompt_is_kept_for_the_avatar_and_taken_back(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    catalogue = Catalogue(settings)
    body = await customise(client, "/prompt", json=ADA | {"llm_system_prompt": "You are Ada 艾达."})
    assert (body["avatar_id"], body["prompt_updated"], body["image_updated"]) == ("ada", True, False)
    assert catalogue.customisations.prompt("ada") == "You are Ada 艾达."
    assert catalogue.customisations.prompt("demo-avatar") == ""
    await customise(client, "/prompt", json=ADA | {"llm_system_prompt": ""})
    assert catalogue.customisations.prompt("ada") == ""


async def test_several_things_are_changed_at_once(client: httpx.AsyncClient, settings: Settings) -> None:
    body = await customise(client, data=ADA | {"llm_system_prompt": "You are Ada."}, files={**IMAGE, **AUDIO})
    assert (body["prompt_updated"], body["image_updated"], body["audio_updated"]) == (True, True, True)
    avatar = Catalogue(settings).avatar("ada")
    assert (avatar.width, avatar.height) == (200, 300)
    assert Catalogue(settings).customisations.sample("ada") is not None


async def test_what_is_left_out_stays(client: httpx.AsyncClient, settings: Settings) -> None:
    await customise(client, "/prompt", json=ADA | {"llm_system_prompt": "You are Ada."})
    body = await customise(client, json=ADA)
    assert (body["prompt_updated"], body["image_updated"], body["audio_updated"]) == (False, False, False)
    assert Catalogue(settings).customisations.prompt("ada") == "You are Ada."


@pytest.mark.parametrize("field", ["reference_image", "reference", "file", "image"])
async def test_a_new_picture_is_seen_and_the_bundle_stays_as_it_was(
    client: httpx.AsyncClient, settings: Settings, field: str
) -> None:
    bundle = settings.data_dir / "avatars" / "ada"
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    body = await customise(client, "/reference", data=ADA, files={field: IMAGE["reference_image"]})
    assert body["image_updated"] is True
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
    shown = await client.get("/avatars/ada/preview")
    assert decoded(shown.content).shape == (300, 200, 3)
    summary = next(avatar for avatar in (await client.get("/avatars")).json() if avatar["id"] == "ada")
    assert (summary["width"], summary["height"], summary["is_custom"], summary["name"]) == (
        200,
        300,
        False,
        "Somebody",
    )
    await customise(client, "/reference", data=ADA | {"reset": "true"})
    assert (await client.get("/avatars/ada/preview")).content == before["preview.png"]


async def test_sound_is_kept_and_its_use_is_told(client: httpx.AsyncClient, settings: Settings) -> None:
    body = await customise(client, "/reference", data=ADA, files={"reference_image": AUDIO["reference_audio"]})
    assert (body["image_updated"], body["audio_updated"]) == (False, True)
    assert "POST /voices/clone with this avatar_id" in body["message"]
    assert "no voice provider that can clone is set up here" in body["message"]
    sample = Catalogue(settings).customisations.sample("ada")
    assert sample is not None
    assert sample.read_bytes()[:4] == b"RIFF"


async def test_a_custom_avatar_takes_its_changes_with_it(client: httpx.AsyncClient, settings: Settings) -> None:
    form = {"name": "Bob", "base_avatar_id": "ada"}
    made = await client.post("/avatars/custom", data=form, files={"image": ("a.jpg", portrait())})
    avatar_id = made.json()["id"]
    await customise(client, data={"avatar_id": avatar_id, "llm_system_prompt": "You are Bob."}, files=IMAGE)
    assert (await client.get(f"/avatars/{avatar_id}")).json()["is_custom"] is True
    assert (await client.delete(f"/avatars/{avatar_id}")).status_code == 200
    assert not (settings.data_dir / "customised" / avatar_id).exists()


async def test_a_sessions_prompt_changes_at_once(client: httpx.AsyncClient, session: FakeSession) -> None:
    for path in ("", "/prompt"):
        answer = await client.post(
            f"/sessions/{session.id}/customize{path}", json={"llm_system_prompt": f"Be kind{path}."}
        )
        assert (answer.status_code, answer.json()["session_id"]) == (200, session.id)
        assert answer.json()["avatar_id"] == "ada"
    assert session.commands == [Customise("Be kind."), Customise("Be kind/prompt.")]


async def test_a_sessions_avatar_takes_a_picture_and_the_session_a_sample(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    path = f"/sessions/{session.id}/customize/reference"
    answer = await client.post(path, files=IMAGE)
    assert (answer.status_code, answer.json()["image_updated"]) == (200, True)
    assert "sessions that are made from now on" in answer.json()["message"]
    answer = await client.post(path, files=AUDIO)
    assert (answer.status_code, answer.json()["audio_updated"]) == (200, True)
    assert "session_id" in answer.json()["message"]
    assert (settings.data_dir / "voice-samples" / f"{session.id}.wav").is_file()
    assert Catalogue(settings).customisations.sample("ada") is None


async def test_a_session_that_is_over_is_409(client: httpx.AsyncClient, session: FakeSession) -> None:
    await session.close()
    answer = await client.post(f"/sessions/{session.id}/customize/prompt", json={"llm_system_prompt": "x"})
    assert answer.status_code == 409


@pytest.mark.parametrize("path", ["", "/prompt", "/reference"])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 400),
        ({"json": []}, 400),
        ({"json": {"avatar_id": None}}, 400),
        ({"json": {"avatar_id": 5}}, 400),
        ({"content": b"{"}, 400),
        ({"content": b"avatar_id=ada", "headers": {"content-type": "text/plain"}}, 400),
        ({"json": {"avatar_id": "nobody"}}, 404),
        ({"json": {"avatar_id": "../ada"}}, 404),
        ({"json": ADA | {"llm_system_prompt": 5}}, 400),
        ({"json": ADA | {"llm_system_prompt": "x" * 1001}}, 413),
    ],
)
async def test_bad_bodies(client: httpx.AsyncClient, path: str, sent: Any, status: int) -> None:
    sent = {"headers": {"content-type": "application/json"}} | sent if "content" in sent else sent
    answer = await client.post(f"/sessions/customize{path}", **sent)
    if path == "/reference" and status == 413:
        status = 400
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    ("files", "status", "detail"),
    [
        ({}, 400, "reference_image: field required"),
        ({"reference_image": ("a.png", b"")}, 400, "reference_image: must not be empty"),
        ({"reference_image": ("a.png", b"rubbish")}, 400, "reference_image: the image has to be a JPEG"),
        ({"reference": ("a.png", b"rubbish", "image/png")}, 400, "reference: the image has to be a JPEG"),
        ({"reference_image": ("a.png", encoded(".png")[:-30])}, 400, "reference_image: the image is cut off"),
        ({"reference_image": ("a.png", bomb(20_000))}, 400, "reference_image: the image is 20000 x 20000"),
        ({"reference_audio": ("a.wav", b"rubbish" * 100)}, 400, "reference_audio: the file can't be decoded"),
        ({"reference_audio": ("a.wav", b"RIFF")}, 400, "reference_audio: the recording is too short"),
        (
            {"reference_image": ("a.png", encoded(".png") + bytes(10 * 1024 * 1024))},
            413,
            "reference_image: at most",
        ),
        ({"reference_image": ("a.png", bytes(24 * 1024 * 1024))}, 413, "the body is larger"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_files(
    client: httpx.AsyncClient, settings: Settings, files: Any, status: int, detail: str
) -> None:
    answer = await client.post("/sessions/customize/reference", data=ADA, files=files)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
    assert not (settings.data_dir / "customised").exists()


@pytest.mark.parametrize("path", ["", "/prompt", "/reference"])
async def test_unknown_sessions(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(f"/sessions/nobody/customize{path}", json={"llm_system_prompt": "x"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "session not found"})


async def test_the_document_has_both_bodies(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for start in ("/sessions", "/sessions/{session_id}"):
        for end in ("", "/prompt", "/reference"):
            operation = paths[f"{start}/customize{end}"]["post"]
            assert {"application/json", "multipart/form-data"} == set(operation["requestBody"]["content"])
            assert {"400", "404", "413"} <= operation["responses"].keys()
