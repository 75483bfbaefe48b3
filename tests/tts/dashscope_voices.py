"""The three kinds of voices at DashScope, each with its stub."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from visavis.media.samples import Samples
from visavis.outbound import Outbound
from visavis.outbound.dashscope import Service
from visavis.settings import Settings
from visavis.testing.voice_stubs.conversation import TalkStub
from visavis.testing.voice_stubs.dashscope import CosyVoiceStub, SambertStub
from visavis.testing.voice_stubs.qwen import QwenStub
from visavis.tts import Speech, Voice, VoiceInfo, cosyvoice, dashscope, sambert

TEXT = "Hello there, how are you today?"
KEY = "k3y-of-the-stub"


@dataclass(frozen=True)
class Kind:
    provider: str
    stub: Callable[..., TalkStub]
    url: str
    make: Callable[[VoiceInfo, Service], Voice]
    upstream: Any

    def settings(self, stub: TalkStub, **more: Any) -> Settings:
        return Settings(**({self.url: stub.url, "dashscope_api_key": KEY} | more))


QWEN = Kind("dashscope", QwenStub, "dashscope_service_url", dashscope.QwenVoice, dashscope.UPSTREAM)
COSYVOICE = Kind(
    "cosyvoice",
    CosyVoiceStub,
    "cosyvoice_service_url",
    lambda info, service: cosyvoice.CosyVoice(info, service, "cosyvoice-v3-flash"),
    cosyvoice.UPSTREAM,
)
SAMBERT = Kind("sambert", SambertStub, "cosyvoice_service_url", sambert.SambertVoice, sambert.UPSTREAM)
KINDS = {kind.provider: kind for kind in (QWEN, COSYVOICE, SAMBERT)}


def voice_at(kind: Kind, stub: TalkStub, **more: Any) -> Voice:
    url = stub.url + ("?model=stub" if kind is QWEN else "")
    outbound = Outbound.for_configured(Settings(), url)
    info = VoiceInfo(kind.provider, "sambert-zhichu-v1", "zh-CN", "stub")
    return kind.make(info, Service(outbound, url, KEY, kind.upstream, **more))


@asynccontextmanager
async def speaking(kind: Kind, **more: Any) -> AsyncIterator[tuple[TalkStub, Voice]]:
    async with kind.stub(KEY) as stub:
        yield stub, voice_at(kind, stub, **more)


async def spoken(voice: Voice, text: str = TEXT) -> list[Speech]:
    return [piece async for piece in voice.speak(text)]


def joined(pieces: list[Speech]) -> Samples:
    return np.concatenate([piece.pcm for piece in pieces])
