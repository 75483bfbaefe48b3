"""What users make and bundles of OpenTalking's format, with real sessions."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.pictures import encoded, portrait
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool.inline import InlinePool
from visavis.session.events import Failed, FramesShown, TurnEnded
from visavis.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", avatars_dir=tmp_path / "avatars", llm="echo")


@pytest.fixture
def pool(settings: Settings) -> InlinePool:
    return InlinePool(settings, warm=False)


@pytest.fixture
async def client(pool: InlinePool, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(pool, settings, Catalogue(settings))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://visavis", timeout=60) as made,
    ):
        yield made


async def created(client: httpx.AsyncClient, avatar_id: str, model: str) -> str:
    answer = await client.post("/sessions", json={"avatar_id": avatar_id, "model": model})
    assert answer.status_code == 200, answer.text
    session: str = answer.json()["session_id"]
    return session


async def talk(client: httpx.AsyncClient, pool: InlinePool, session: str) -> list[object]:
    """Say something in a session; what happened until it was said."""
    answer = await client.post(f"/sessions/{session}/speak", json={"text": "你好。"})
    assert answer.status_code == 200
    happened: list[object] = []
    async for record in pool.get(session).events():
        happened.append(record.event)
        if isinstance(record.event, TurnEnded) and record.event.turn == answer.json()["turn"]:
            break
    return happened


def said(happened: list[object]) -> bool:
    ended = happened[-1]
    assert not [event for event in happened if isinstance(event, Failed)]
    assert any(isinstance(event, FramesShown) for event in happened)
    return isinstance(ended, TurnEnded) and ended.reason == "completed" and ended.heard == "你好。"


@pytest.mark.parametrize("model", ["portrait", "mock"])
async def test_a_custom_avatar_speaks_and_goes_on_when_it_is_deleted(
    client: httpx.AsyncClient, pool: InlinePool, model: str
) -> None:
    form = {"name": "Ada", "base_avatar_id": "demo-avatar"}
    made = await client.post("/avatars/custom", data=form, files={"image": ("a.jpg", portrait())})
    avatar_id = made.json()["id"]
    session = await created(client, avatar_id, model)
    assert said(await talk(client, pool, session))
    assert (await client.delete(f"/avatars/{avatar_id}")).status_code == 200
    assert said(await talk(client, pool, session))
    answer = await client.post("/sessions", json={"avatar_id": avatar_id, "model": model})
    assert answer.status_code == 400


async def test_a_drawn_avatar_takes_another_picture(client: httpx.AsyncClient, pool: InlinePool) -> None:
    answer = await client.post(
        "/sessions/customize/reference",
        data={"avatar_id": "demo-avatar"},
        files={"reference_image": ("a.png", encoded(".png", 200, 300))},
    )
    assert answer.json()["image_updated"] is True
    session = await created(client, "demo-avatar", "portrait")
    assert said(await talk(client, pool, session))
    face = pool.get(session).session.playout.shown
    assert face is not None
    assert face.pixels is not None
    assert face.pixels.shape == (450, 200)


async def test_an_avatars_prompt_is_that_of_later_sessions_that_bring_none(
    client: httpx.AsyncClient, pool: InlinePool, settings: Settings
) -> None:
    before = await created(client, "demo-avatar", "mock")
    await client.post(
        "/sessions/customize/prompt", json={"avatar_id": "demo-avatar", "llm_system_prompt": "You are Ada."}
    )
    after = await created(client, "demo-avatar", "mock")
    body = {"avatar_id": "demo-avatar", "model": "mock", "llm_system_prompt": "You are Bob."}
    own = (await client.post("/sessions", json=body)).json()["session_id"]
    prompts = [pool.get(session).session._history.system_prompt for session in (before, after, own)]
    assert prompts == [settings.system_prompt, "You are Ada.", "You are Bob."]
    await client.post(f"/sessions/{before}/customize/prompt", json={"llm_system_prompt": "You are Eve."})
    assert pool.get(before).session._history.messages("hello")[0].content == "You are Eve."
    await client.post(f"/sessions/{before}/customize/prompt", json={"llm_system_prompt": ""})
    assert pool.get(before).session._history.system_prompt == settings.system_prompt


@pytest.mark.parametrize(
    ("width", "height", "fps", "model_type", "picture"),
    [
        (416, 704, 25, "flashtalk", "reference.jpg"),
        (540, 900, 30, "quicktalk", "preview.png"),
        (830, 1108, 24, "musetalk", "full_frames/00000000.png"),
        (720, 1280, 25, "wav2lip", "frames/frame_00000.png"),
    ],
)
@pytest.mark.parametrize("model", ["portrait", "mock"])
async def test_a_minimal_bundle_of_opentalking_talks(
    client: httpx.AsyncClient,
    pool: InlinePool,
    settings: Settings,
    width: int,
    height: int,
    fps: int,
    model_type: str,
    picture: str,
    model: str,
) -> None:
    assert settings.avatars_dir is not None
    place = settings.avatars_dir / "theirs"
    (place / picture).parent.mkdir(parents=True)
    (place / picture).write_bytes(encoded(picture[-4:], width, height))
    manifest = {"id": "theirs", "fps": fps, "sample_rate": 16_000, "width": width, "height": height}
    (place / "manifest.json").write_text(json.dumps(manifest | {"model_type": model_type, "version": "1.0"}))
    shown = next(avatar for avatar in (await client.get("/avatars")).json() if avatar["id"] == "theirs")
    assert (shown["name"], shown["model_type"], shown["width"], shown["height"]) == (
        None,
        model_type,
        width,
        height,
    )
    assert (await client.get("/avatars/theirs/preview")).status_code == 200
    session = await created(client, "theirs", model)
    happened = await talk(client, pool, session)
    assert said(happened)
