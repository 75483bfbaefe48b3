"""The provider on the page `docs/add-a-tts-provider.md` works as it stands there."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.local_server import listening
from visavis.errors import InvalidInput, UpstreamFailed
from visavis.settings import Settings
from visavis.testing.tts import check_voice

PAGE = Path(__file__).parents[2] / "docs" / "add-a-tts-provider.md"
SOUND = (8000 * np.sin(np.arange(24_000) / 10)).astype("<i2").tobytes()


@pytest.fixture
def page() -> dict[str, Any]:
    """What the page's program defines."""
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert program is not None
    names: dict[str, Any] = {}
    exec(compile(program[1], str(PAGE), "exec"), names)  # noqa: S102  # our own page
    return names


@asynccontextmanager
async def service() -> AsyncIterator[str]:
    """Acme: sends the sound in pieces that cut samples in two, to those who have the key."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        assert length is not None
        asked = json.loads(await reader.readexactly(int(length[1])))
        good = "Bearer k" in head and asked["voice"] in ("ada", "lin")
        writer.write(f"HTTP/1.1 {200 if good else 401} X\r\nContent-Length: {len(SOUND)}\r\n\r\n".encode())
        for start in range(0, len(SOUND), 4001):
            writer.write(SOUND[start : start + 4001])
            await writer.drain()

    async with listening(serve) as port:
        yield f"http://127.0.0.1:{port}/speak"


async def test_given_the_pages_provider_when_checked_then_it_keeps_the_contract(page: dict[str, Any]) -> None:
    async with service() as url:
        provider = page["AcmeProvider"](Settings(options={"acme": {"url": url, "key": "k"}}))
        assert provider.missing() is None
        assert provider.voice("", "zh").info.name == "lin"
        await check_voice(provider.voice("ada", "en"), "Hello there, how are you?")
        pieces = [piece.pcm async for piece in provider.voice("", "en").speak("Hello")]
        assert np.concatenate(pieces).tobytes() == SOUND
        await provider.aclose()


async def test_given_the_pages_provider_when_the_key_is_wrong_then_it_fails_as_the_page_says(
    page: dict[str, Any],
) -> None:
    async with service() as url:
        provider = page["AcmeProvider"](Settings(options={"acme": {"url": url, "key": "wrong"}}))
        with pytest.raises(UpstreamFailed, match="status 401"):
            assert [piece async for piece in provider.voice("ada", "en").speak("Hello")]
        await provider.aclose()


def test_given_the_pages_provider_when_not_configured_then_it_says_what_is_missing(page: dict[str, Any]) -> None:
    provider = page["AcmeProvider"](Settings())
    assert "VISAVIS_OPTIONS__ACME__URL" in provider.missing()
    with pytest.raises(InvalidInput):
        provider.voice("ada", "en")
