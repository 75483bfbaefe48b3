"""CosyVoice: what is its alone. The rest is in `test_dashscope_voices.py`."""

import pytest

from tests.tts.dashscope_voices import COSYVOICE, KEY, speaking, spoken
from visavis.errors import InvalidInput
from visavis.settings import Settings
from visavis.testing.voice_stubs.conversation import Results, pieces
from visavis.testing.voice_stubs.dashscope import words
from visavis.testing.voice_stubs.sound import tone
from visavis.tts import Mark
from visavis.tts.cosyvoice import CosyVoiceProvider

RATE = 24_000


async def test_given_the_provider_when_a_voice_speaks_then_the_task_is_what_the_settings_say() -> None:
    async with COSYVOICE.stub(KEY) as stub:
        found = CosyVoiceProvider(COSYVOICE.settings(stub))
        for voice in (
            found.voice("", "zh"),
            found.voice("longanhuan", "en"),
            found.voice("", "en", "cosyvoice-v2"),
            found.voice("longwan", "zh", "cosyvoice-v1"),
            found.voice("cosyvoice-v3-flash-me-1", "zh", "cosyvoice-v3-plus"),
        ):
            assert await spoken(voice)
        assert [(it.model, it.parameters["voice"]) for it in stub.requests] == [
            ("cosyvoice-v3-flash", "longanyang"),
            ("cosyvoice-v3-flash", "longanhuan"),
            ("cosyvoice-v2", "longxiaochun_v2"),
            ("cosyvoice-v1", "longwan"),
            ("cosyvoice-v3-plus", "cosyvoice-v3-flash-me-1"),
        ]
        asked = [request.parameters.get("word_timestamp_enabled") for request in stub.requests]
        assert asked == [True, True, True, None, True]
        await found.aclose()


async def test_given_words_with_times_when_they_come_before_their_sound_then_they_are_marks() -> None:
    first, second = pieces(tone(0.5, RATE), 6_000)[:2]
    told = {"sentence": {"index": 0, "words": [
        {"text": "Hello", "begin_time": 0, "end_time": 200},
        {"text": "，there,", "begin_time": 260, "end_time": 400},
        {"text": "…", "begin_time": 410, "end_time": 420},
        {"text": 3, "begin_time": 430}, "rubbish", {"text": "late", "begin_time": "x"},
    ]}}  # fmt: skip
    async with speaking(COSYVOICE) as (stub, voice):
        stub.then(Results([words("Hello"), first, told, second, told]))
        heard = await spoken(voice, "Hello there, you.")
        assert [mark for piece in heard for mark in piece.marks] == [
            Mark("word", 0, "Hello", 0),
            Mark("word", 26 * RATE // 100, "there", 6),
        ]


async def test_given_words_that_come_after_their_sound_when_spoken_then_they_are_left_out() -> None:
    async with speaking(COSYVOICE) as (stub, voice):
        stub.then(Results([*pieces(tone(0.5, RATE)), words("Hello there you now friends")]))
        heard = await spoken(voice, "Hello there you now friends.")
        assert [mark.value for piece in heard for mark in piece.marks if mark.start < 0.3 * RATE] == []


async def test_given_no_wish_for_times_when_spoken_then_they_are_not_asked_for() -> None:
    async with COSYVOICE.stub(KEY) as stub:
        found = CosyVoiceProvider(COSYVOICE.settings(stub, options={"cosyvoice": {"word_times": "0"}}))
        assert await spoken(found.voice("", "zh"))
        assert "word_timestamp_enabled" not in stub.requests[0].parameters
        await found.aclose()


def test_given_names_when_asked_for_then_the_services_own_are_known() -> None:
    found = CosyVoiceProvider(Settings(dashscope_api_key=KEY, tts="cosyvoice", voice="my-own"))
    assert found.voice("", "zh").info.name == "my-own"
    assert found.voice("my-own", "zh").info.name == "my-own"
    assert found.voice("longnew_v3.5", "zh").info.language == "zh-CN"
    assert found.voice("longanyang", "en").info.sex == "male"
    assert found.voice("", "en-US").info.language == "en-US"
    assert found.voice("longanyang", "en").info.language == "en"
    assert found.voice("longanyang", "de").info.language == "zh-CN"
    for name in ("Cherry", "zh-CN-XiaoxiaoNeural", "sambert-zhichu-v1"):
        with pytest.raises(InvalidInput, match="no voice"):
            found.voice(name, "zh")
    with pytest.raises(InvalidInput, match="does not speak"):
        found.voice("", "de")
    assert {info.name[-2:] for info in CosyVoiceProvider(Settings(cosyvoice_model="cosyvoice-v2")).voices()} == {
        "v2"
    }
    assert found.cloner().needs_public_url
