"""The stubs of DashScope notice every break of the protocol: a test of a provider fails then."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from visavis.outbound import Outbound, OutboundFailed
from visavis.settings import Settings
from visavis.testing.contract import ContractBroken
from visavis.testing.voice_stubs.conversation import TalkStub
from visavis.testing.voice_stubs.dashscope import CosyVoiceStub, ParaformerStub, SambertStub
from visavis.testing.voice_stubs.qwen import QwenStub

Message = bytes | str | dict[str, Any]

ID = "0123456789abcdef0123456789abcdef"
COSYVOICE = {"voice": "v", "format": "pcm", "sample_rate": 24_000, "text_type": "PlainText"}
SOUND = {"format": "pcm", "sample_rate": 16_000}
SESSION = {
    "voice": "v", "mode": "commit", "response_format": "pcm", "sample_rate": 24_000, "language_type": "Auto",
}  # fmt: skip


def act(action: str, payload: dict[str, Any], task: str = ID, streaming: str = "duplex") -> Message:
    return {"header": {"action": action, "task_id": task, "streaming": streaming}, "payload": payload}


def run(parameters: dict[str, Any], text: str = "", streaming: str = "duplex", task: str = "tts") -> Message:
    function = "SpeechSynthesizer" if task == "tts" else "recognition"
    payload = {"task_group": "audio", "task": task, "function": function, "model": "m", "parameters": parameters}
    return act("run-task", payload | {"input": {"text": text} if text else {}}, streaming=streaming)


def go_on(text: str, task: str = ID) -> Message:
    return act("continue-task", {"input": {"text": text}}, task)


def event(kind: str, number: int = 0, **more: Any) -> Message:
    return {"event_id": f"event_{number}", "type": kind, **more}


FINISH = act("finish-task", {"input": {}})
UPDATE = event("session.update", session=SESSION)


async def say(stub: TalkStub, messages: list[Message], path: str = "", key: str = "stub-key") -> None:
    """Send messages, and read until the stub has had enough."""
    outbound = Outbound.for_configured(Settings(), stub.url)
    async with outbound.websocket(stub.url + path, headers={"Authorization": f"Bearer {key}"}) as socket:
        for message in messages:
            await socket.send(json.dumps(message) if isinstance(message, dict) else message)
        while True:
            await socket.receive()


BROKEN: list[tuple[Callable[..., TalkStub], list[Message], str]] = [
    (CosyVoiceStub, ["{"], "not JSON"),
    (CosyVoiceStub, [b"\0\0"], "not an object"),
    (CosyVoiceStub, [go_on("x")], "not run-task"),
    (CosyVoiceStub, [run(COSYVOICE, streaming="out")], "streaming is not duplex"),
    (CosyVoiceStub, [run(COSYVOICE, "text")], "unexpected: text"),
    (CosyVoiceStub, [run(COSYVOICE | {"format": "mp3"})], "wrong parameters"),
    (CosyVoiceStub, [run(COSYVOICE | {"colour": 1})], "unexpected: colour"),
    (CosyVoiceStub, [run(SOUND)], "missing"),
    (CosyVoiceStub, [run(COSYVOICE, task="asr")], "another task"),
    (CosyVoiceStub, [run(COSYVOICE), go_on("x", "f" * 32)], "another task_id"),
    (CosyVoiceStub, [run(COSYVOICE), b"\0\0"], "bytes are sent to a voice"),
    (CosyVoiceStub, [run(COSYVOICE), FINISH], "no text was sent"),
    (CosyVoiceStub, [run(COSYVOICE), go_on("x"), FINISH, go_on("x")], "after the end"),
    (SambertStub, [run(SOUND | {"text_type": "PlainText"}, streaming="out")], "missing: text"),
    (SambertStub, [run(SOUND | {"text_type": "PlainText"}, "x", "out"), FINISH], "after the end"),
    (ParaformerStub, [run(SOUND, task="asr"), b"\0"], "a message of sound"),
    (ParaformerStub, [run(SOUND, task="asr"), bytes(20_000)], "a message of sound"),
    (ParaformerStub, [run(SOUND, task="asr"), FINISH], "no sound was sent"),
    (ParaformerStub, [run(SOUND, task="asr"), go_on("x")], "unexpected action"),
    (QwenStub, [event("input_text_buffer.append", text="x")], "unexpected type"),
    (QwenStub, [event("session.update", session=SESSION | {"mode": "server_commit"})], "another mode"),
    (QwenStub, [event("session.update", session={})], "missing"),
    (QwenStub, [UPDATE, event("input_text_buffer.append", text="x")], "event_id comes twice"),
    (
        QwenStub,
        [
            UPDATE,
            event("input_text_buffer.append", 1, text="x"),
            event("input_text_buffer.commit", 2),
            event("session.finish", 3),
        ],
        "session.finish before",
    ),
    (QwenStub, [b"\0\0"], "not an object"),
]


@pytest.mark.parametrize(("stub", "messages", "violation"), BROKEN)
async def test_given_a_client_that_breaks_the_protocol_when_the_block_is_left_then_it_fails(
    stub: Callable[..., TalkStub], messages: list[Message], violation: str
) -> None:
    with pytest.raises(ContractBroken, match=violation):
        async with stub() as server:
            server.then("mute")
            with pytest.raises(OutboundFailed):
                await say(server, messages, "?model=m" if stub is QwenStub else "")


@pytest.mark.parametrize(
    ("path", "key", "violation"),
    [("/more", "stub-key", "unknown path"), ("", "wrong", "bearer token"), ("?x=y", "stub-key", "name the model")],
)
async def test_given_a_wrong_handshake_when_the_block_is_left_then_it_fails(
    path: str, key: str, violation: str
) -> None:
    with pytest.raises(ContractBroken, match=violation):
        async with QwenStub() as server:
            with pytest.raises(OutboundFailed):
                await say(server, [], path, key)
