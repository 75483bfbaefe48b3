"""Qwen's realtime voices: what is theirs alone. The rest is in `test_dashscope_voices.py`."""

import pytest

from tests.tts.dashscope_voices import KEY, QWEN, TEXT, speaking, spoken
from visavis.errors import InvalidInput, UpstreamFailed
from visavis.settings import Settings
from visavis.tts.cloning import cloner_of
from visavis.tts.dashscope import DashScopeProvider, QwenTtsProvider
from visavis.tts.espeak import EspeakProvider


async def test_given_the_provider_when_a_voice_speaks_then_the_session_is_what_the_settings_say() -> None:
    async with QWEN.stub(KEY) as stub:
        found = DashScopeProvider(QWEN.settings(stub))
        for voice in (
            found.voice("", "zh"),
            found.voice("Ethan", "en"),
            found.voice("Ryan", "zh"),
            found.voice("Ryan", ""),
            found.voice("", "de-DE"),
            found.voice("", "sw"),
            found.voice("qwen-tts-vc-me-voice-1", "en", "qwen3-tts-vc-realtime"),
        ):
            assert await spoken(voice)
        sessions = [(it.model, it.parameters["voice"], it.parameters["language_type"]) for it in stub.requests]
        model = "qwen3-tts-flash-realtime"
        assert sessions == [
            (model, "Cherry", "Chinese"),
            (model, "Ethan", "English"),
            (model, "Ryan", "Chinese"),
            (model, "Ryan", "English"),
            (model, "Cherry", "German"),
            (model, "Cherry", "Auto"),
            ("qwen3-tts-vc-realtime", "qwen-tts-vc-me-voice-1", "English"),
        ]
        await stub.requests[0].ended.wait()
        assert {request.text for request in stub.requests} == {TEXT}
        await found.aclose()


async def test_given_a_finished_sentence_when_the_client_leaves_then_it_says_so() -> None:
    async with speaking(QWEN) as (stub, voice):
        assert await spoken(voice)
        await stub.requests[0].ended.wait()
        assert stub.requests[0].goodbye
        assert not stub.requests[0].abandoned


async def test_given_sound_that_is_no_base64_when_it_comes_then_it_is_not_heard() -> None:
    async with speaking(QWEN) as (stub, voice):
        stub.then("bad-base64")
        with pytest.raises(UpstreamFailed, match="does not have"):
            await spoken(voice)


def test_given_other_settings_when_a_voice_is_asked_for_then_they_hold() -> None:
    settings = Settings(
        tts="qwen_tts", voice="Bunny", dashscope_api_key=KEY, dashscope_tts_voice="Ethan", qwen_tts_language="Auto"
    )
    own = QwenTtsProvider(settings)
    assert (own.voice("", "zh").info.name, own.voice("Bunny", "zh").info.name) == ("Bunny", "Bunny")
    assert DashScopeProvider(settings).voice("", "en").info.name == "Ethan"
    assert own.voice("cherry", "en").info.name == "Cherry"
    assert own.voice("Cherry", "zh").info.language == "zh-CN"
    assert own.voice("Cherry", "en").info.language == "en"
    assert own.voice("", "en-GB").info.language == "en-GB"
    assert own.voice("Rocky", "zh").info.language == "zh-HK"


@pytest.mark.parametrize("name", ["zh-CN-XiaoxiaoNeural", "longanyang", "Rachel", "sambert-zhichu-v1"])
def test_given_a_voice_of_another_service_when_asked_for_then_it_is_unknown(name: str) -> None:
    with pytest.raises(InvalidInput, match="no voice"):
        DashScopeProvider(Settings(dashscope_api_key=KEY)).voice(name, "zh")


def test_given_the_documented_names_when_set_then_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENTALKING_TTS_DASHSCOPE_API_KEY", "k")
    monkeypatch.setenv("OPENTALKING_TTS_DASHSCOPE_VOICE", "Serena")
    monkeypatch.setenv("OPENTALKING_QWEN_TTS_LANGUAGE", "Auto")
    settings = Settings()
    assert (settings.dashscope_api_key, settings.dashscope_tts_voice) == ("k", "Serena")
    assert settings.qwen_tts_language == "Auto"
    assert DashScopeProvider(settings).voice("", "zh").info.name == "Serena"


def test_given_providers_when_asked_for_a_cloner_then_those_that_can_have_one() -> None:
    cloner = cloner_of(DashScopeProvider(Settings(dashscope_api_key=KEY)))
    assert cloner is not None
    assert not cloner.needs_public_url
    assert cloner_of(EspeakProvider(Settings())) is None
    with pytest.raises(InvalidInput, match="VISAVIS_DASHSCOPE_API_KEY"):
        cloner_of(DashScopeProvider(Settings()))
