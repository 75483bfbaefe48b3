"""The calls of the kiosk contract that a bench makes, and when it is told what."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import click
import httpx

TIMEOUT = 60.0
"""Seconds any call may take: what is slow is to be measured, not cut off."""


class Told(NamedTuple):
    """A message of a session's event stream."""

    at: float
    """`time.perf_counter()` when it was read."""
    name: str
    data: dict[str, Any]


class KioskClient:
    """A connection that is kept alive between calls. An async context manager."""

    def __init__(self, url: str) -> None:
        # A proxy of the environment would be measured too.
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)

    async def __aenter__(self) -> "KioskClient":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def start(self, recording: bytes, name: str = "question.wav", **fields: Any) -> str:
        """Begin a session with a recording; its id."""
        form = {key: str(value) for key, value in fields.items()}
        answer = await self._http.post("/api/v1/sessions/start-file", files={"file": (name, recording)}, data=form)
        return str(_checked(answer).json()["session_id"])

    async def stop(self, session: str) -> None:
        """Stop it."""
        _checked(await self._http.post(f"/api/v1/sessions/{session}/stop"))

    async def told(self, session: str) -> AsyncIterator[Told]:
        """What happens in it, to its last snapshot."""
        name = ""
        async with self._http.stream("GET", f"/api/v1/sessions/{session}/events") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name != "ping":
                    yield Told(time.perf_counter(), name, json.loads(line.removeprefix("data: ")))

    async def over(self, session: str) -> dict[str, Any]:
        """Its last snapshot."""
        last: dict[str, Any] = {}
        async for told in self.told(session):
            last = told.data
        return last


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        path = answer.request.url.path
        raise click.ClickException(f"{path} answered {answer.status_code}: {answer.text[:200]}")
    return answer
