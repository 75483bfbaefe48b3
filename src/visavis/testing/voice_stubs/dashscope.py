"""DashScope's tasks: strict servers for CosyVoice, Sambert and Paraformer.

    async with CosyVoiceStub(api_key="key") as stub:
        stub.then(Results([words("Hello"), sound], gates={1: event}), Refusal("Throttling.RateQuota"), "stall")
        … let a client talk to stub.url …
        assert stub.requests[0].text == "Hello."

Source: Model Studio's reference, client and server events of each.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from visavis.testing.stub_server import UNTOLD, Refused, check_fields
from visavis.testing.voice_stubs.conversation import (
    Broken,
    Item,
    Refusal,
    Request,
    Results,
    TalkStub,
    Trouble,
    told,
)
from visavis.testing.websocket_peer import WebSocketPeer


def words(text: str, begin: int = 0, each: int = 100, index: int = 0) -> dict[str, Any]:
    """The output of a voice that tells when it says which word: times in ms."""
    told = [
        {"text": word, "begin_index": place, "end_index": place + 1, "begin_time": start, "end_time": start + each}
        for place, word in enumerate(text.split())
        for start in [begin + place * each]
    ]
    return {"sentence": {"index": index, "words": told}, "type": "sentence-synthesis"}


class TaskStub(TalkStub):
    """One task a connection."""

    PATH = "/api-ws/v1/inference"
    STREAMING: ClassVar[str] = "duplex"
    TASK: ClassVar[tuple[str, str]] = ("tts", "SpeechSynthesizer")
    FIXED: ClassVar[Mapping[str, Any]]
    """Parameters that have to be these."""
    NEEDED: ClassVar[frozenset[str]] = frozenset()
    ALLOWED: ClassVar[frozenset[str]] = frozenset()

    async def converse(self, peer: WebSocketPeer, behaviour: "Results | Refusal | Trouble") -> None:
        """See above."""
        run = await told(peer)
        if run is None:
            return
        request, task_id = self._begun(peer, run)
        self.record(request)
        sending = asyncio.create_task(self._send(peer, request, task_id, behaviour))
        reading = asyncio.create_task(self._read(peer, request, task_id))
        await self.both(request, sending, reading)

    def _begun(self, peer: WebSocketPeer, run: Any) -> tuple[Request, str]:
        header, payload = self._parts(run)
        if header.get("action") != "run-task":
            raise Refused(400, "the first message is not run-task")
        task_id = header.get("task_id")
        if not isinstance(task_id, str) or len(task_id.replace("-", "")) != 32:
            raise Refused(400, "task_id is not a UUID")
        check_fields(payload, {"task_group", "task", "function", "model", "parameters", "input"}, set())
        if (payload["task_group"], payload["task"], payload["function"]) != ("audio", *self.TASK):
            raise Refused(400, "another task, or function, or group")
        parameters = payload["parameters"]
        check_fields(parameters, set(self.FIXED) | self.NEEDED, set(self.ALLOWED))
        if wrong := [name for name, value in self.FIXED.items() if parameters[name] != value]:
            raise Refused(400, f"wrong parameters: {wrong}")
        check_fields(payload["input"], {"text"} if self.STREAMING == "out" else set(), set())
        text = payload["input"].get("text", "")
        request = Request(headers=peer.headers, model=payload["model"], parameters=parameters, text=text)
        if self.STREAMING == "out":
            request.complete.set()
        return request, task_id

    def _parts(self, message: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if not isinstance(message, dict):
            raise Refused(400, "a message is not an object")
        check_fields(message, {"header", "payload"}, set())
        check_fields(message["header"], {"action", "task_id", "streaming"}, set())
        if message["header"]["streaming"] != self.STREAMING:
            raise Refused(400, f"streaming is not {self.STREAMING}")
        return message["header"], message["payload"]

    async def _read(self, peer: WebSocketPeer, request: Request, task_id: str) -> None:
        while (message := await told(peer)) is not None:
            if request.complete.is_set():
                raise Refused(400, "a message after the end of the input")
            if isinstance(message, bytes):
                self.take_sound(request, message)
                continue
            header, payload = self._parts(message)
            if header["task_id"] != task_id:
                raise Refused(400, "another task_id")
            check_fields(payload, {"input"}, set())
            if header["action"] == "finish-task":
                check_fields(payload["input"], set(), set())
                self.check_input(request)
                request.complete.set()
            elif header["action"] == "continue-task" and self.TASK[0] == "tts":
                check_fields(payload["input"], {"text"}, set())
                request.text += payload["input"]["text"]
            else:
                raise Refused(400, f"unexpected action {header['action']}")

    def take_sound(self, request: Request, data: bytes) -> None:
        """The client has sent bytes."""
        raise Refused(400, "bytes are sent to a voice")

    def check_input(self, request: Request) -> None:
        """The client has sent all."""
        if not request.text:
            raise Refused(400, "no text was sent")

    async def _send(
        self, peer: WebSocketPeer, request: Request, task_id: str, behaviour: "Results | Refusal | Trouble"
    ) -> None:
        async def event(name: str, payload: Mapping[str, Any], **more: Any) -> None:
            header = {"task_id": task_id, "event": name, "attributes": {}, **more}
            await peer.send(json.dumps({"header": header, "payload": payload}))

        if behaviour == "mute":
            await asyncio.Event().wait()
        await event("task-started", {})
        if self.TASK[0] == "tts":
            await request.complete.wait()
        answer = self.answer(behaviour)
        for index, item in enumerate(answer.items or ()):
            if gate := answer.gates.get(index):
                await gate.wait()
            if isinstance(item, bytes):
                await peer.send(item)
            else:
                await request.heard(item.get("after", 0))
                output = {key: value for key, value in item.items() if key != "after"}
                await event("result-generated", {"output": output, "usage": None})
        if answer.ending == "stall":
            await asyncio.Event().wait()
        if answer.ending == "cut":
            raise Broken
        if isinstance(behaviour, Refusal):
            if isinstance(behaviour.code, int):
                await peer.close(behaviour.code, behaviour.message)
            else:
                await event("task-failed", {}, error_code=behaviour.code, error_message=behaviour.message)
            return
        if behaviour == "rubbish":
            await peer.send(f"<html>{UNTOLD}</html>")
            return
        await request.complete.wait()
        await event("task-finished", {"output": {}, "usage": {"characters": len(request.text)}})


class CosyVoiceStub(TaskStub):
    """Half a second of a tone, whatever the text."""

    RATE = 24_000
    FIXED: ClassVar[Mapping[str, Any]] = {"format": "pcm", "sample_rate": 24_000, "text_type": "PlainText"}
    NEEDED = frozenset({"voice"})
    ALLOWED = frozenset({"volume", "rate", "pitch", "word_timestamp_enabled"})


class SambertStub(TaskStub):
    """Half a second of a tone, whatever the text, which comes at once."""

    RATE = 16_000
    STREAMING = "out"
    FIXED: ClassVar[Mapping[str, Any]] = {"format": "pcm", "sample_rate": 16_000, "text_type": "PlainText"}
    ALLOWED = frozenset({"volume", "rate", "pitch", "word_timestamp_enabled", "phoneme_timestamp_enabled"})


def sentence(text: str, begin: int, end: int | None, *, after: int = -1) -> dict[str, Any]:
    """The output of a recogniser: times in ms, no `end` while it is spoken; `after` as in `Results.items`."""
    word = {"begin_time": begin, "end_time": end or begin + 100, "text": text, "punctuation": ""}
    told = {"begin_time": begin, "end_time": end, "text": text, "heartbeat": False, "words": [word]}
    return {"sentence": told | {"sentence_end": end is not None}, "after": after}


class ParaformerStub(TaskStub):
    """Understands "two coffees please", word by word."""

    RATE = 16_000
    TASK = ("asr", "recognition")
    FIXED: ClassVar[Mapping[str, Any]] = {"format": "pcm", "sample_rate": 16_000}
    ALLOWED = frozenset({"language_hints"})

    def usual(self) -> Sequence[Item]:
        """See above."""
        return [
            sentence("two", 10, None, after=1600),
            sentence("two coffees", 10, None, after=3200),
            sentence("Two coffees, please.", 10, 300),
        ]

    def take_sound(self, request: Request, data: bytes) -> None:
        """See above."""
        if not data or len(data) % 2 or len(data) > 16_384:
            raise Refused(400, "a message of sound is not of 2 to 16,384 bytes, by two")
        request.sound += data
        request.more.set()

    def check_input(self, request: Request) -> None:
        """See above."""
        if not request.sound:
            raise Refused(400, "no sound was sent")
