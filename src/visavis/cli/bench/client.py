"""The calls of the OpenTalking contract that a bench makes, at any server that answers to them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import click
import httpx

from visavis.films import MOVIE

Event: TypeAlias = tuple[str, dict[str, Any]]

TIMEOUT = 60.0
"""Seconds any call may take: what is slow is to be measured, not cut off."""

POLL = 0.005
"""Seconds between two attempts to reach a server that is starting."""


class Client:
    """A connection that is kept alive between calls, as a browser's is. An async context manager."""

    def __init__(self, url: str) -> None:
        # A proxy of the environment would be measured too.
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def healthy(self) -> None:
        """Return when `GET /health` has answered 200."""
        while True:
            try:
                if (await self._http.get("/health")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(POLL)

    async def create(self, avatar: str, model: str) -> str:
        """Make a session; returns its id."""
        answer = await self._post("/sessions", {"avatar_id": avatar, "model": model})
        return str(answer["session_id"])

    async def offer(self, session: str, sdp: str) -> str:
        """Offer a connection; returns the answer's SDP."""
        answer = await self._post(f"/sessions/{session}/webrtc/offer", {"sdp": sdp, "type": "offer"})
        return str(answer["sdp"])

    async def speak(self, session: str, text: str) -> None:
        """Have a text said."""
        await self._post(f"/sessions/{session}/speak", {"text": text})

    async def speak_sound(self, session: str, wav: bytes) -> None:
        """Have a recording said."""
        path = f"/sessions/{session}/speak_audio"
        _checked(await self._http.post(path, files={"audio": ("speech.wav", wav, "audio/wav")}))

    async def interrupt(self, session: str) -> None:
        """Stop what is being said."""
        await self._post(f"/sessions/{session}/interrupt", {})

    async def events(self, session: str) -> AsyncIterator[Event]:
        """What happens in a session: names and data, from its beginning to its end."""
        name = ""
        async with self._http.stream("GET", f"/sessions/{session}/events") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    yield name, json.loads(line[5:])

    async def record(self, session: str) -> None:
        """Have it recorded until it ends."""
        await self._post(f"/sessions/{session}/flashtalk-recording/start", {})

    async def bundle(self, session: str) -> str:
        """Have its offline bundle rendered; returns the job's id."""
        return str((await self._post(f"/sessions/{session}/flashtalk-offline-bundle", {}))["job_id"])

    async def rendered(self, session: str, job: str) -> bool:
        """Whether a bundle is complete."""
        path = f"/sessions/{session}/flashtalk-offline-bundle/{job}"
        answer = _checked(await self._http.get(path)).json()
        if answer["status"] == "failed":
            raise click.ClickException(f"the bundle failed: {answer['error']}")
        return bool(answer["status"] == "complete")

    async def film(self, session: str, job: str) -> bytes:
        """The first megabyte of a bundle."""
        path = f"/sessions/{session}/flashtalk-offline-bundle/{job}/download"
        return _checked(await self._http.get(path, headers={"Range": f"bytes=0-{MOVIE - 1}"})).content

    async def delete(self, session: str) -> None:
        """End a session."""
        _checked(await self._http.delete(f"/sessions/{session}"))

    async def _post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        answer = _checked(await self._http.post(path, json=body))
        content = answer.json() if answer.content else {}
        return content if isinstance(content, dict) else {}


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        request = answer.request
        raise click.ClickException(
            f"{request.method} {request.url.path} answered {answer.status_code}: {answer.text[:200]}"
        )
    return answer
