import pytest

from visavis.session.foreign_voices import PROVIDERS, ForeignVoice, foreign_voice
from visavis.tts import Sex


@pytest.mark.parametrize(
    ("name", "language", "sex"),
    [
        ("zh-CN-XiaoxiaoNeural", "zh-CN", "female"),
        ("zh-CN-YunxiNeural", "zh-CN", "male"),
        ("zh-CN-liaoning-XiaobeiNeural", "zh-CN", "female"),
        ("zh-HK-WanLungNeural", "zh-HK", "male"),
        ("en-US-AndrewMultilingualNeural", "en-US", "male"),
        ("de-DE-SeraphinaMultilingualNeural", "de-DE", "female"),
        ("en-GB-SoniaNeural", "en-GB", "female"),
        ("fr-FR-SomebodyNeural", "fr-FR", ""),
        ("Cherry", "zh-CN", "female"),
        ("Ethan", "zh-CN", "male"),
        ("Kiki", "zh-HK", "female"),
        ("longxiaochun", "zh-CN", "female"),
        ("longxiaochun_v2", "zh-CN", "female"),
        ("longanyang_v3.5", "zh-CN", "male"),
        ("longtong", "zh-CN", ""),
        ("sambert-zhichu-v1", "zh-CN", "male"),
        ("sambert-zhimiao-emo-v1", "zh-CN", "female"),
        ("sambert-brian-v1", "en-US", "male"),
        ("onyx", "en-US", "male"),
        ("Nova", "en-US", "female"),
        ("fable", "en-GB", "male"),
        ("alloy", "en-US", ""),
        ("21m00Tcm4TlvDq8ikWAM", "en-US", "female"),
        ("JBFqnCBsd6RMkjVDRZzb", "en-GB", "male"),
        ("de-DE-Standard-A", "de-DE", ""),
        ("cmn-CN-Wavenet-B", "cmn-CN", ""),
        ("en_US-amy-medium", "en-US", ""),
        ("my-own-clone", "", ""),
        ("", "", ""),
    ],
)
def test_given_a_name_then_its_language_and_sex_are_known(name: str, language: str, sex: Sex) -> None:
    assert foreign_voice(name) == ForeignVoice(language, sex)


def test_given_the_contract_then_its_providers_are_known() -> None:
    assert {
        "edge",
        "dashscope",
        "cosyvoice",
        "sambert",
        "qwen_tts",
        "elevenlabs",
        "openai_compatible",
    } <= PROVIDERS
