"""Every fake keeps the contract of what it stands for."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from visavis.asr import SAMPLE_RATE
from visavis.errors import InvalidInput, UpstreamFailed
from visavis.llm import Message, TextDelta, ToolCall
from visavis.media.samples import Samples
from visavis.testing.asr import check_recognizer
from visavis.testing.fakes import (
    FakeChatModel,
    FakeDetector,
    FakeKnowledgeBase,
    FakeRecognizer,
    FakeVoice,
    FakeVoiceProvider,
)
from visavis.testing.knowledge import check_knowledge_base
from visavis.testing.llm import check_chat_model
from visavis.testing.tts import check_voice
from visavis.testing.vad import check_detector

TONE: Samples = (8000 * np.sin(np.arange(2 * SAMPLE_RATE) / 10)).astype(np.int16)
HI = [Message("user", "Hi")]
FAILURE = UpstreamFailed("tts", "The stub says no.")


async def test_given_the_fake_voice_when_checked_then_it_keeps_the_contract() -> None:
    await check_voice(FakeVoice(), "Hello, big world.")


async def test_given_the_fake_voice_when_left_early_then_it_counts() -> None:
    voice = FakeVoice()
    voice.gate = asyncio.Event()
    speech = voice.speak("Hello")
    await anext(speech)
    await speech.aclose()  # type: ignore[attr-defined]  # an async generator
    assert (voice.said, voice.stopped) == (["Hello"], 1)


async def test_given_a_fake_voice_that_fails_when_spoken_then_it_fails_after_the_first_piece() -> None:
    speech = FakeVoice(fails=FAILURE).speak("Hello")
    await anext(speech)
    with pytest.raises(UpstreamFailed):
        await anext(speech)


def test_given_the_fake_provider_when_asked_for_a_voice_then_it_gives_it_or_refuses() -> None:
    provider = FakeVoiceProvider()
    assert provider.voice("", "zh") is provider.made["tone"]
    assert [info.name for info in provider.voices()] == ["tone", "other"]
    assert provider.missing() is None
    with pytest.raises(InvalidInput):
        provider.voice("nobody", "en")


async def test_given_the_fake_model_when_checked_then_it_keeps_the_contract() -> None:
    await check_chat_model(FakeChatModel())


async def test_given_a_script_when_the_fake_model_is_asked_then_it_follows_it() -> None:
    call = ToolCall("1", "weather", "{}")
    model = FakeChatModel(["Let me see.", call], ["Sunny.", FAILURE])
    assert [delta async for delta in model.answer(HI)] == [TextDelta("Let me see."), call]
    for _ in range(2):
        with pytest.raises(UpstreamFailed):
            assert [delta async for delta in model.answer(HI)]
    assert (len(model.asked), model.stopped) == (3, 2)


async def test_given_the_fake_recognizer_when_checked_then_it_keeps_the_contract() -> None:
    await check_recognizer(FakeRecognizer(), TONE, "en")


async def test_given_a_fake_recognizer_that_fails_when_the_sound_ends_then_it_fails() -> None:
    async def sound() -> AsyncIterator[Samples]:
        yield TONE

    recognizer = FakeRecognizer(fails=FAILURE)
    with pytest.raises(UpstreamFailed):
        assert [transcript async for transcript in recognizer.transcribe(sound(), "zh")]
    assert recognizer.languages == ["zh"]


def test_given_the_fake_detector_when_checked_then_it_keeps_the_contract() -> None:
    check_detector(FakeDetector(), TONE)


async def test_given_the_fake_knowledge_when_checked_then_it_keeps_the_contract() -> None:
    await check_knowledge_base(FakeKnowledgeBase(), "When does the shop open?")
