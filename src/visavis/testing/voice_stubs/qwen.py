"""Qwen's realtime voices at DashScope: a strict server.

Source: Model Studio's reference, "Qwen-TTS Realtime API".
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from visavis.testing.stub_server import UNTOLD, Refused, check_fields
from visavis.testing.voice_stubs.conversation import Broken, Refusal, Request, Results, TalkStub, Trouble, told
from visavis.testing.websocket_peer import WebSocketPeer


class QwenStub(TalkStub):
    """Half a second of a tone, whatever the text."""

    PATH = "/api-ws/v1/realtime"
    RATE = 24_000

    async def converse(self, peer: WebSocketPeer, behaviour: "Results | Refusal | Trouble") -> None:
        """See above."""
        query = parse_qs(urlsplit(peer.path).query)
        if list(query) != ["model"]:
            raise Refused(400, "the address does not name the model")
        request = Request(headers=peer.headers, model=query["model"][0], parameters={})
        sending = asyncio.create_task(self._send(peer, request, behaviour))
        reading = asyncio.create_task(self._read(peer, request))
        await self.both(request, sending, reading)

    async def _read(self, peer: WebSocketPeer, request: Request) -> None:
        ids: set[str] = set()
        expected = ["session.update", "input_text_buffer.append", "input_text_buffer.commit", "session.finish"]
        fields = {"session.update": "session", "input_text_buffer.append": "text"}
        while (message := await told(peer)) is not None:
            if not isinstance(message, dict):
                raise Refused(400, "a message is not an object")
            if not expected or message.get("type") != expected.pop(0):
                raise Refused(400, f"unexpected type {message.get('type')}")
            field_ = fields.get(kind := message["type"])
            check_fields(message, {"event_id", "type"} | ({field_} if field_ else set()), set())
            if message["event_id"] in ids:
                raise Refused(400, "an event_id comes twice")
            ids.add(message["event_id"])
            if kind == "session.update":
                request.parameters = self._session(message["session"])
                self.record(request)
            elif kind == "input_text_buffer.append":
                request.text = message["text"]
            elif kind == "input_text_buffer.commit":
                request.complete.set()
            else:
                if not request.more.is_set():
                    raise Refused(400, "session.finish before response.done")
                request.goodbye = True
                with suppress(ConnectionError):
                    await peer.send(json.dumps({"type": "session.finished"}))
                    await peer.close()

    def _session(self, session: Any) -> Mapping[str, Any]:
        check_fields(session, {"voice", "mode", "response_format", "sample_rate", "language_type"}, set())
        if (session["mode"], session["response_format"], session["sample_rate"]) != ("commit", "pcm", 24_000):
            raise Refused(400, "another mode, format or rate")
        result: Mapping[str, Any] = session
        return result

    async def _send(self, peer: WebSocketPeer, request: Request, behaviour: "Results | Refusal | Trouble") -> None:
        async def event(kind: str, **more: Any) -> None:
            await peer.send(json.dumps({"event_id": f"event_{kind}", "type": kind, **more}))

        if behaviour == "mute":
            await asyncio.Event().wait()
        await event("session.created", session={"id": "sess_stub", "mode": "server_commit"})
        await request.complete.wait()
        await event("session.updated", session=dict(request.parameters))
        await event("input_text_buffer.committed", item_id="item_stub")
        await event("response.created", response={"id": "resp_stub", "status": "in_progress"})
        answer = self.answer(behaviour)
        for index, item in enumerate(answer.items or ()):
            if gate := answer.gates.get(index):
                await gate.wait()
            if isinstance(item, bytes):
                await event("response.audio.delta", delta=b64encode(item).decode())
        if answer.ending == "stall":
            await asyncio.Event().wait()
        if answer.ending == "cut":
            raise Broken
        if isinstance(behaviour, Refusal):
            if isinstance(behaviour.code, int):
                await peer.close(behaviour.code, behaviour.message)
            else:
                await event("error", error={"code": behaviour.code, "message": behaviour.message, "param": UNTOLD})
            return
        if behaviour == "rubbish":
            await peer.send(f"<html>{UNTOLD}</html>")
            return
        if behaviour == "bad-base64":
            await event("response.audio.delta", delta="§§§")
            return
        request.more.set()
        await event("response.audio.done")
        await event("response.done", response={"id": "resp_stub", "status": "completed"})
