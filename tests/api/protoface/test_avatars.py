"""Avatars of the server, and avatars that customers make."""

import asyncio
import shutil
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.pictures import bomb, encoded, turned
from tests.api.protoface.conftest import agency_of, client_of, portrait, reached, refusal, settled, wanted
from visavis.api.app import create_app
from visavis.api.protoface import Agency
from visavis.avatar import Catalogue
from visavis.errors import Unavailable
from visavis.settings import Settings
from visavis.store import AvatarRecord, Store
from visavis.testing.fake_pool import FakePool

FIELDS = {
    "object",
    "id",
    "name",
    "status",
    "runtime_type",
    "is_demo",
    "created_at",
    "failure_reason",
    "default_voice",
    "default_custom_instructions",
}


async def sent(client: httpx.AsyncClient, content: bytes = b"", **form: Any) -> httpx.Response:
    image = ("a.bin", content or portrait(), "application/octet-stream")
    return await client.post("/v1/avatars", files={"image": image}, data=form)


@pytest.mark.parametrize("kind", [".png", ".jpg"])
async def test_given_a_portrait_when_sent_then_it_is_made_in_the_background(
    client: httpx.AsyncClient, kind: str, settings: Settings
) -> None:
    answer = await sent(client, portrait(kind))
    assert answer.status_code == 202
    avatar = answer.json()
    assert avatar.keys() == FIELDS
    assert (avatar["status"], avatar["name"], avatar["runtime_type"]) == ("processing", "Custom Avatar", "avtr1")
    assert (avatar["id"][:3], len(avatar["id"])) == ("av_", 29)
    made = await settled(client, avatar["id"])
    assert made == avatar | {"status": "ready"}
    assert not [path for path in (settings.data_dir / "uploads").rglob("*") if path.is_file()]


async def test_it_can_be_shown_when_it_is_ready_and_not_before(
    client: httpx.AsyncClient, pool: FakePool, agency: Agency
) -> None:
    avatar = (await sent(client, name="Ada")).json()["id"]
    early = await client.post("/v1/sessions", json=wanted(avatar_id=avatar))
    assert early.status_code == 409
    assert refusal(early)["code"] == "avatar_not_ready"
    await settled(client, avatar)
    session = (await client.post("/v1/sessions", json=wanted(avatar_id=avatar))).json()
    assert session["avatar_id"] == avatar
    # The pool of this test knows the stock avatars only: that it was asked for this one is what counts.
    told = await reached(client, session["id"], "failed")
    assert told["failure"]["code"] == "avatar.unavailable"


async def test_other_apis_do_not_list_it(client: httpx.AsyncClient) -> None:
    avatar = (await sent(client)).json()["id"]
    await settled(client, avatar)
    assert avatar.lower() not in (await client.get("/avatars")).text.lower()


async def test_deleting_removes_every_file_and_keeps_the_sessions(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    avatar = (await sent(client)).json()["id"]
    await settled(client, avatar)
    assert list((settings.data_dir / "avatars").iterdir())
    session = (await client.post("/v1/sessions", json=wanted(avatar_id=avatar))).json()["id"]
    answer = await client.delete(f"/v1/avatars/{avatar}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not list((settings.data_dir / "avatars").iterdir())
    assert (await client.get(f"/v1/avatars/{avatar}")).status_code == 404
    assert (await client.delete(f"/v1/avatars/{avatar}")).status_code == 404
    assert (await client.get(f"/v1/sessions/{session}")).json()["avatar_id"] == avatar


async def test_one_that_is_deleted_while_it_is_made_leaves_nothing(
    client: httpx.AsyncClient, agency: Agency, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted, make = asyncio.Event(), agency.foundry.make
    over = asyncio.Event()

    async def slow(order: Any) -> str:
        await deleted.wait()
        made = await make(order)
        over.set()
        return made

    monkeypatch.setattr(agency.foundry, "make", slow)
    avatar = (await sent(client)).json()["id"]
    assert (await client.delete(f"/v1/avatars/{avatar}")).status_code == 204
    deleted.set()
    await over.wait()
    async with asyncio.timeout(20):
        while True:
            if not list((settings.data_dir / "avatars").iterdir()):
                break
            await asyncio.sleep(0)


@pytest.mark.parametrize("avatar", ["av_demo", "av_stock_001"])
async def test_those_of_the_server_stay(client: httpx.AsyncClient, avatar: str) -> None:
    answer = await client.delete(f"/v1/avatars/{avatar}")
    assert answer.status_code == 400
    assert refusal(answer)["type"] == "invalid_request"
    told = (await client.get(f"/v1/avatars/{avatar}")).json()
    assert (told["id"], told["is_demo"], told["name"], told["status"]) == (avatar, True, "Vera", "ready")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a picture", "JPEG, PNG"),
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (encoded(".webp"), "PNG or JPEG"),
        (encoded(".png", 4, 4), "at least"),
        (bomb(20_000), "at most"),
        (bytes(10 * 1024 * 1024 + 1), "at most 10 MiB"),
    ],
)
async def test_what_is_no_portrait_is_refused_at_once(
    client: httpx.AsyncClient, content: bytes, words: str
) -> None:
    answer = await sent(client, content)
    assert answer.status_code == 422
    error = refusal(answer)
    assert error["param"] == "image"
    assert words in error["message"]
    assert (await client.get("/v1/avatars", params={"scope": "org"})).json()["data"] == []


async def test_what_can_not_be_decoded_fails_in_words_for_people(client: httpx.AsyncClient) -> None:
    whole = encoded(".png")
    broken = whole[:60] + bytes(len(whole) - 80) + whole[-20:]
    avatar = (await sent(client, broken)).json()
    told = await settled(client, avatar["id"])
    assert told["status"] == "failed"
    assert told["failure_reason"]
    assert "/" not in told["failure_reason"]
    answer = await client.post("/v1/sessions", json=wanted(avatar_id=avatar["id"]))
    assert answer.status_code == 409


async def test_nothing_of_the_file_but_the_picture_is_kept(client: httpx.AsyncClient, settings: Settings) -> None:
    avatar = (await sent(client, turned(portrait(".jpg"), 1, b"Somewhere 12"))).json()["id"]
    await settled(client, avatar)
    kept = b"".join(path.read_bytes() for path in (settings.data_dir / "avatars").rglob("*") if path.is_file())
    assert b"Somewhere 12" not in kept


async def test_a_picture_without_a_face_fails_in_words_for_people(client: httpx.AsyncClient) -> None:
    told = await settled(client, (await sent(client, encoded(".png"))).json()["id"])
    assert told["status"] == "failed"
    assert "face" in told["failure_reason"]


async def test_where_consent_is_required_it_has_to_be_told(settings: Settings) -> None:
    strict = settings.model_copy(update={"require_consent": True})
    app = create_app(FakePool(), strict, Catalogue(strict))
    async with app.router.lifespan_context(app), client_of(app, "Acme") as client:
        answer = await sent(client)
        assert answer.status_code == 422
        assert refusal(answer)["param"] == "consent_by"
        assert (await sent(client, consent_by="Eileen")).status_code == 202


@pytest.mark.parametrize(
    ("form", "param"),
    [({"name": "n" * 101}, "name"), ({"name": " "}, "name"), ({"name": "a\nb"}, "name"),
     ({"runtime_type": "r" * 65}, "runtime_type")],
)  # fmt: skip
async def test_wrong_fields_are_named(client: httpx.AsyncClient, form: dict[str, str], param: str) -> None:
    answer = await sent(client, b"", **form)
    assert answer.status_code == 422
    assert refusal(answer)["param"] == param


async def test_the_picture_has_to_be_a_file(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.post("/v1/avatars", data={"image": "text"}),
        await client.post("/v1/avatars"),
        await client.post("/v1/avatars", json={"image": "text"}),
        await client.post("/v1/avatars", files={"image": ("a.png", b"")}),
    ):
        assert answer.status_code == 422
        assert refusal(answer)["param"] == "image"


async def test_an_idempotency_key_makes_one(client: httpx.AsyncClient) -> None:
    picture = {"image": ("a.png", portrait())}
    headers = {"Idempotency-Key": "k"}
    first, second = [await client.post("/v1/avatars", files=picture, headers=headers) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    other = await client.post("/v1/avatars", files=picture, data={"name": "Else"}, headers=headers)
    assert other.status_code == 409


async def test_more_than_allowed_are_refused(settings: Settings) -> None:
    few = settings.model_copy(update={"protoface_avatars": 1})
    app = create_app(FakePool(), few, Catalogue(few))
    async with app.router.lifespan_context(app), client_of(app, "Acme") as client:
        assert (await sent(client)).status_code == 202
        answer = await sent(client)
        assert answer.status_code == 429
        error = refusal(answer)
        assert (error["type"], error["code"]) == ("quota_exceeded", "custom_avatars")


async def test_what_a_crash_left_unfinished_has_failed(settings: Settings) -> None:
    async with Store(settings) as store:
        key, record = await store.keys.create("Acme")
        left = AvatarRecord(
            "av_01HXY5K8E7QYG3X8Z6N9R7S0VR", record.organisation, "", "Ada", "avtr1", "processing", "", 1.0
        )
        await store.avatars.add(left, 1)
    app = create_app(FakePool(), settings, Catalogue(settings))
    async with app.router.lifespan_context(app):
        await agency_of(app).foundry.settled.wait()
        headers = {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://visavis", headers=headers) as client:
            told = (await client.get(f"/v1/avatars/{left.id}")).json()
    assert told["status"] == "failed"
    assert "send the picture again" in told["failure_reason"]


async def test_webhooks_hear_what_became_of_it(client: httpx.AsyncClient, agency: Agency) -> None:
    organisation = (await agency.store.keys.organisation("Acme")).id
    endpoint = await agency.store.webhooks.add(organisation, "https://hooks.example/here")
    await settled(client, (await sent(client)).json()["id"])
    assert [entry.type for entry in await agency.store.deliveries.log(9, endpoint.id)] == ["avatar.ready"]


async def test_a_disk_that_fails_is_nobodys_fault(
    client: httpx.AsyncClient, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(order: Any) -> str:
        raise Unavailable("the disk at some path is full")

    monkeypatch.setattr(agency.foundry, "make", broken)
    told = await settled(client, (await sent(client)).json()["id"])
    assert told["status"] == "failed"
    assert "disk" not in told["failure_reason"]


async def test_ids_of_the_server_stay_when_others_are_added(running: FastAPI, settings: Settings) -> None:
    async with client_of(running, "Acme") as client:
        before = (await client.get("/v1/avatars", params={"limit": 100})).json()["data"]
        bundle(settings, "aaa")
        after = (await client.get("/v1/avatars", params={"limit": 100})).json()["data"]
        names = {each["name"]: each["id"] for each in after}
        assert names.pop("Aaa") == f"av_stock_{len(before) + 1:03}"
        assert names == {each["name"]: each["id"] for each in before}
        added = f"/v1/avatars/av_stock_{len(before) + 1:03}"
        assert (await client.get(added)).json()["name"] == "Aaa"
        removed(settings, "aaa")
        assert (await client.get(added)).status_code == 404


def bundle(settings: Settings, slug: str) -> None:
    place = settings.data_dir / "avatars" / slug
    place.mkdir(parents=True)
    (place / "manifest.json").write_text('{"width": 64, "height": 64, "name": "Aaa"}')


def removed(settings: Settings, slug: str) -> None:
    shutil.rmtree(settings.data_dir / "avatars" / slug)
