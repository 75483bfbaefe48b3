"""Sambert: what is its alone. The rest is in `test_dashscope_voices.py`."""

import pytest

from tests.tts.dashscope_voices import KEY, SAMBERT, speaking, spoken
from visavis.errors import InvalidInput
from visavis.settings import Settings
from visavis.testing.voice_stubs.conversation import Results, pieces
from visavis.testing.voice_stubs.sound import tone
from visavis.tts import Mark
from visavis.tts.cloning import cloner_of
from visavis.tts.sambert import SambertProvider


async def test_given_the_provider_when_a_voice_speaks_then_its_model_is_the_voice() -> None:
    async with SAMBERT.stub(KEY) as stub:
        found = SambertProvider(SAMBERT.settings(stub))
        for voice in (
            found.voice("", "zh"),
            found.voice("zhimiao-emo", "zh"),
            found.voice("sambert-zhiqi-v1", "zh", "sambert-zhide-v1"),
            found.voice("", "zh", "sambert-zhide-v1"),
            found.voice("", "en"),
            found.voice("", "fr"),
            found.voice("sambert-new-v2", "zh"),
        ):
            assert await spoken(voice)
        assert [request.model for request in stub.requests] == [
            f"sambert-{name}"
            for name in ("zhichu-v1", "zhimiao-emo-v1", "zhiqi-v1", "zhide-v1", "beth-v1", "clara-v1", "new-v2")
        ]
        assert ["word_timestamp_enabled" in request.parameters for request in stub.requests] == [
            True, True, True, True, True, False, True,
        ]  # fmt: skip
        await found.aclose()


async def test_given_words_with_times_when_they_come_then_they_are_marks() -> None:
    first, second = pieces(tone(0.5, 16_000), 4_000)[:2]
    phonemes = [{"begin_time": 0, "end_time": 80, "text": "j_c", "tone": 1}]
    today = {"text": "今", "begin_time": 0, "end_time": 200, "phonemes": phonemes}
    weather = {"text": "天", "begin_time": 300, "end_time": 500}
    async with speaking(SAMBERT) as (stub, voice):
        stub.then(
            Results(
                [
                    {"sentence": {"begin_time": 0, "end_time": 200, "words": [today]}},
                    first,
                    {"sentence": {"begin_time": 0, "end_time": 500, "words": [today, weather]}},
                    second,
                ]
            )
        )
        heard = await spoken(voice, "今天天气怎么样")
        assert [mark for piece in heard for mark in piece.marks] == [
            Mark("word", 0, "今", 0),
            Mark("word", 4_800, "天", 1),
        ]
        assert not any(piece.marked for piece in heard), "its phonemes are not IPA"


def test_given_names_when_asked_for_then_the_services_own_are_known() -> None:
    found = SambertProvider(Settings(dashscope_api_key=KEY, tts="sambert", voice="zhinan"))
    assert found.voice("", "zh").info.name == "sambert-zhinan-v1"
    assert found.voice("zhinan", "en").info.language == "en"
    assert found.voice("zhinan", "de").info.language == "zh-CN"
    assert found.voice("beth", "zh").info.language == "en-US"
    for name in ("Cherry", "longanyang", "zhiwho"):
        with pytest.raises(InvalidInput, match="no voice"):
            found.voice(name, "zh")
    with pytest.raises(InvalidInput, match="no voice for 'ja'"):
        found.voice("", "ja")
    assert cloner_of(found) is None
