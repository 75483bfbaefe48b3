"""A page with LiveKit's browser client: it sees the avatar move, hears it, and has it speak."""

import base64
import sys
import time
import wave
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import browser as browser
from tests.peers.conftest import SECONDS, Site
from tests.peers.livekit.conftest import Server
from tests.transport.livekit.minting import token

pytestmark = pytest.mark.peers

ROOM = "browser"


def create(site: Site, rooms: Server) -> str:
    transport = {
        "type": "livekit",
        "url": rooms.url,
        "room_name": ROOM,
        "worker_token": token("protoface-avatar-agent", ROOM),
    }
    body = {"avatar_id": "av_demo", "transport": transport}
    answer = httpx.post(
        f"{site.url}/v1/sessions", json=body, headers={"Authorization": f"Bearer {site.key}"}, timeout=20
    )
    assert answer.status_code == 201
    session: str = answer.json()["id"]
    return session


def test_a_page_sees_and_hears_the_avatar(
    site: Site,
    server: Server,
    browser: Browser,
    speech: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = browser.new_page(viewport={"width": 560, "height": 560})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # LiveKit's client needs a secure context, which pages of this machine have: any of them will do.
    page.goto(server.url.replace("ws", "http"))
    (library,) = (Path(sys.prefix) / "tools").glob("livekit-client-*.js")
    page.add_script_tag(path=library)
    page.add_script_tag(path=Path(__file__).parent / "viewer.js")
    page.evaluate("([url, token]) => watch(url, token)", [server.url, token("viewer", ROOM, canPublish=False)])
    began = time.time()
    session = create(site, server)
    page.wait_for_function("() => (look() || {}).bright > 10", timeout=20_000)
    shown = time.time()
    before: dict[str, Any] = page.evaluate("look()")
    page.wait_for_function("before => look().time > before.time + 1", arg=before, timeout=20_000)
    after: dict[str, Any] = page.evaluate("look()")
    assert max(after["width"], after["height"]) == 512
    assert after["print"] != before["print"]
    with wave.open(str(speech)) as file:
        pcm = base64.b64encode(file.readframes(file.getnframes())).decode()
    page.evaluate("([who, pcm]) => say(who, pcm)", ["protoface-avatar-agent", pcm])
    page.wait_for_function("seconds => seen.loudSeconds > seconds", arg=SECONDS * 0.8, timeout=20_000)
    picture = tmp_path / "viewer.png"
    page.screenshot(path=picture)
    loudest: float = page.evaluate("seen.loudest")
    assert loudest > 0.1
    headers = {"Authorization": f"Bearer {site.key}"}
    ended = httpx.post(f"{site.url}/v1/sessions/{session}/end", headers=headers, timeout=20).json()
    assert (ended["status"], ended["failure"]) == ("ended", None)
    page.wait_for_function("() => seen.room.remoteParticipants.size === 0", timeout=20_000)
    assert wrong == []
    page.close()
    with capsys.disabled():
        print(
            f"\nbrowser: create → picture {shown - began:.3f} s; {after['width']}×{after['height']},"
            f" brightness {after['bright']:.0f}; loudest {loudest:.2f}; screenshot {picture}"
        )
