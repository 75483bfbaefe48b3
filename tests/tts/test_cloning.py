"""Voice cloning against a strict stub, over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.outbound.dashscope import web_address
from visavis.settings import Settings
from visavis.testing.stub_server import UNTOLD, Answer, Behaviour, Failure
from visavis.testing.voice_stubs.dashscope_cloning import CloningStub
from visavis.tts.cloning import VoiceCloner
from visavis.tts.cosyvoice import CosyVoiceProvider
from visavis.tts.dashscope import DashScopeProvider

KEY = "k3y-of-the-stub"
SAMPLE = b"RIFF" + bytes(range(256))
URL = "https://avatar.example/voice-uploads/0123456789abcdef0123456789abcdef"

PROVIDERS: dict[str, tuple[Callable[[Settings], DashScopeProvider | CosyVoiceProvider], str]] = {
    "dashscope": (DashScopeProvider, "dashscope_service_url"),
    "cosyvoice": (CosyVoiceProvider, "cosyvoice_service_url"),
}
both = pytest.mark.parametrize("name", PROVIDERS)


@asynccontextmanager
async def cloning(name: str) -> AsyncIterator[tuple[CloningStub, VoiceCloner]]:
    make, url = PROVIDERS[name]
    async with CloningStub(KEY) as stub:
        settings: dict[str, Any] = {url: stub.websocket_url, "dashscope_api_key": f" {KEY}\n"}
        provider = make(Settings(**settings))
        yield stub, provider.cloner()
        await provider.aclose()


async def clone(cloner: VoiceCloner, **more: Any) -> str:
    fields = {"target_model": "cosyvoice-v3-flash", "label": "Me", "name": "me", "public_url": URL} | more
    return await cloner.clone(SAMPLE, **fields)


async def test_given_a_sample_when_cloned_for_qwen_then_it_goes_with_the_request() -> None:
    async with cloning("dashscope") as (stub, cloner):
        voice = await clone(cloner, target_model="qwen3-tts-vc-realtime-2026-01-15", name="my_voice1")
        assert voice == "qwen-tts-vc-my_voice1-voice-1"
        (request,) = stub.requests
        assert request.model == "qwen-voice-enrollment"
        assert request.sample == SAMPLE
        assert request.input["target_model"] == "qwen3-tts-vc-realtime-2026-01-15"


async def test_given_a_sample_when_cloned_for_cosyvoice_then_the_service_is_told_where_it_is() -> None:
    async with cloning("cosyvoice") as (stub, cloner):
        assert await clone(cloner) == "cosyvoice-v3-flash-me-1"
        assert stub.requests[0].input == {
            "action": "create_voice",
            "target_model": "cosyvoice-v3-flash",
            "prefix": "me",
            "url": URL,
        }


@both
async def test_given_no_name_when_cloned_then_one_is_made_up(name: str) -> None:
    async with cloning(name) as (stub, cloner):
        assert await clone(cloner, name="") != await clone(cloner, name="")
        assert len(stub.requests) == 2


@both
async def test_given_a_clone_when_deleted_then_the_service_is_told(name: str) -> None:
    async with cloning(name) as (stub, cloner):
        await cloner.delete("voice-1", "cosyvoice-v3-flash")
        told = dict(stub.requests[0].input)
        assert told == (
            {"action": "delete", "voice": "voice-1"}
            if name == "dashscope"
            else {"action": "delete_voice", "voice_id": "voice-1"}
        )


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("dashscope", {"name": "Me"}, "preferred_name"),
        ("dashscope", {"name": "1me"}, "preferred_name"),
        ("dashscope", {"name": "m" * 21}, "preferred_name"),
        ("dashscope", {"name": "me\n"}, "preferred_name"),
        ("dashscope", {"target_model": ""}, "target_model"),
        ("cosyvoice", {"name": "a_b"}, "prefix"),
        ("cosyvoice", {"name": "A"}, "prefix"),
        ("cosyvoice", {"name": "m" * 10}, "prefix"),
        ("cosyvoice", {"target_model": "../x y"}, "target_model"),
        ("cosyvoice", {"public_url": ""}, "VISAVIS_PUBLIC_BASE_URL"),
        ("cosyvoice", {"public_url": "ftp://host/x"}, "VISAVIS_PUBLIC_BASE_URL"),
    ],
)
async def test_given_bad_fields_when_cloned_then_nobody_is_asked(
    name: str, wrong: dict[str, str], words: str
) -> None:
    async with cloning(name) as (stub, cloner):
        with pytest.raises(InvalidInput, match=words):
            await clone(cloner, **wrong)
        with pytest.raises(InvalidInput):
            await cloner.delete("")
        assert stub.connections == 0


@both
@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (
            Failure(400, f"The sample at {URL} is too short."),
            r"refused the request \(status 400\): The sample at …",
        ),
        (Failure(401, f"wrong key: {KEY}"), r"refused the key; check VISAVIS_DASHSCOPE_API_KEY \(status 401\)$"),
        (Failure(429), "try again later"),
        (Failure(500, f"{KEY} is no good"), r"has failed; try again later \(status 500\): … is no good$"),
        ("cut", "broke off"),
        ("empty", "does not have"),
        ("rubbish", "does not have"),
        ("huge", "far too much"),
        (Answer([b'{"output": {"voice": 3, "voice_id": ""}}']), "does not have"),
        (Answer([b'{"output": []}']), "does not have"),
        (Answer([b"[]"]), "does not have"),
    ],
)
async def test_given_a_bad_service_when_cloning_then_the_error_is_typed_and_tells_no_secret(
    name: str, behaviour: Behaviour, words: str
) -> None:
    async with cloning(name) as (stub, cloner):
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await clone(cloner)
        assert failed.value.stage == "tts"
        assert not [private for private in (UNTOLD, KEY, URL, "127.0.0.1") if private in failed.value.message]
        assert await clone(cloner), "the next one works"


@both
async def test_given_a_cloning_that_is_given_up_when_cancelled_then_the_service_sees_it(name: str) -> None:
    async with cloning(name) as (stub, cloner):
        stub.then("stall")
        task = asyncio.create_task(clone(cloner))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


@both
async def test_given_no_service_when_cloning_then_the_error_says_what_to_check(name: str) -> None:
    async with cloning(name) as (stub, cloner):
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check VISAVIS_"):
            await clone(cloner)


def test_given_the_address_of_the_voices_when_cloning_then_the_same_host_is_asked() -> None:
    assert (
        web_address("wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime")
        == "https://dashscope-intl.aliyuncs.com"
    )
    assert web_address("ws://127.0.0.1:8080/x") == "http://127.0.0.1:8080"
