"""The calls of the Protoface API that a bench makes."""

import click
import httpx

from visavis.cli.bench.livekit_rooms import Rooms

TIMEOUT = 30.0
"""Seconds any call may take: what is slow is to be measured, not cut off."""


class Api:
    """A connection that is kept alive between calls, as the SDK's is. An async context manager."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        # A proxy of the environment would be measured too.
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False)

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def create(self, rooms: Rooms, name: str, token: str, quality: str) -> str:
        """Send an avatar into room `name`; returns the session's id."""
        transport = {"type": "livekit", "url": rooms.url, "room_name": name, "worker_token": token}
        # It stays while nobody speaks, longer than anything here takes.
        asked = {"avatar_id": "av_demo", "quality": quality, "transport": transport, "idle_timeout_seconds": 600}
        answer = await self._post("/v1/sessions", asked)
        return str(answer["id"])

    async def end(self, session: str) -> None:
        """Have it leave."""
        await self._post(f"/v1/sessions/{session}/end", {})

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        answer = await self._http.post(path, json=body)
        if answer.is_error:
            raise click.ClickException(f"POST {path} answered {answer.status_code}: {answer.text[:200]}")
        content = answer.json()
        return content if isinstance(content, dict) else {}
