from collections.abc import AsyncIterator, Sequence

import pytest

from visavis.errors import InvalidInput
from visavis.session.casting import Cast, Casting, VoiceChoice
from visavis.settings import Settings
from visavis.tts import Speech, VoiceInfo
from visavis.tts.espeak import EspeakProvider
from visavis.tts.flite import FliteProvider

INFOS = (
    VoiceInfo("choir", "bob", "en-US", "Bob", "male"),
    VoiceInfo("choir", "amy", "en-US", "Amy", "female"),
    VoiceInfo("choir", "kate", "en-GB", "Kate", "female"),
    VoiceInfo("choir", "wei", "zh-CN", "Wei", "male"),
    VoiceInfo("choir", "mei", "zh-CN", "Mei", "female"),
    VoiceInfo("choir", "karl", "de-DE", "Karl", "male"),
    VoiceInfo("choir", "yuki", "ja-JP", "Yuki"),
)
POLYGLOT = {"en": "en", "zh": "zh-CN"}
"""What "poly" speaks, who is listed nowhere, as cloned voices are."""


class Singer:
    def __init__(self, info: VoiceInfo) -> None:
        self.info = info

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        raise AssertionError(f"nobody should say {text!r} here")
        yield  # type: ignore[unreachable]  # makes it a generator


class Choir:
    """Several voices of some languages; the first of each is the usual one."""

    name = "choir"

    def __init__(self, lacks: str | None = None) -> None:
        self._lacks = lacks

    def missing(self) -> str | None:
        return self._lacks

    def voices(self) -> Sequence[VoiceInfo]:
        return INFOS

    def voice(self, name: str, language: str, model: str = "") -> Singer:
        if name == "poly":
            return Singer(VoiceInfo("choir", "poly", POLYGLOT.get(language.split("-")[0], "en"), "Poly"))
        for info in INFOS:
            if name == info.name or (not name and info.language.split("-")[0] == language.split("-")[0]):
                return Singer(info)
        raise InvalidInput(f"no voice {name!r} for {language!r}")


def cast(name: str = "", language: str = "en") -> Cast:
    return Cast(Choir(), VoiceChoice("choir", name), language)


@pytest.mark.parametrize(
    ("asked", "sentence", "speaks"),
    [
        ("en-US-GuyNeural", "Hello.", "bob"),
        ("en-US-JennyNeural", "Hello.", "amy"),
        ("en-GB-SoniaNeural", "Hello.", "kate"),
        ("en-GB-RyanNeural", "Hello.", "kate"),
        ("en-AU-NatashaNeural", "Hello.", "amy"),
        ("zh-CN-YunxiNeural", "你好。", "wei"),
        ("zh-CN-XiaoxiaoNeural", "你好。", "mei"),
        ("zh-TW-HsiaoYuNeural", "你好。", "mei"),
        ("Cherry", "你好。", "mei"),
        ("de-DE-KatjaNeural", "Hallo.", "karl"),
        ("ja-JP-NanamiNeural", "こんにちは", "yuki"),
        ("sv-SE-SofieNeural", "Hej.", "amy"),
        ("my-own-clone", "Hello.", "bob"),
        ("nova", "Hello.", "amy"),
    ],
)
def test_given_a_foreign_voice_when_cast_then_the_nearest_speaks_and_a_warning_says_so(
    asked: str, sentence: str, speaks: str
) -> None:
    chosen = cast(asked)
    assert chosen.voice(sentence).info.name == speaks
    assert asked in chosen.warning
    assert "speaks instead" in chosen.warning


@pytest.mark.parametrize(
    ("asked", "language", "sentence", "speaks"),
    [
        ("", "en", "Hello there, my friend.", "bob"),
        ("", "en", "你好，世界。", "wei"),
        ("amy", "en", "你好，世界。", "mei"),
        ("amy", "en", "Здравствуйте, мир.", "amy"),
        ("mei", "zh", "你好，世界。", "mei"),
        ("mei", "zh", "OK!", "mei"),
        ("mei", "zh", "123", "mei"),
        ("mei", "zh", "How are you today?", "amy"),
        ("mei", "de", "Wie geht es dir?", "karl"),
        ("mei", "en", "用 Python 写代码 and more please。", "mei"),
        ("yuki", "ja", "東京", "yuki"),
        ("poly", "en", "How are you today?", "poly"),
        ("poly", "en", "你好，世界。", "poly"),
        ("poly", "zh", "How are you today?", "poly"),
        ("poly", "en", "こんにちは", "yuki"),
    ],
)
def test_given_a_sentence_in_another_script_when_cast_then_a_voice_of_its_language_and_sex_speaks(
    asked: str, language: str, sentence: str, speaks: str
) -> None:
    chosen = cast(asked, language)
    assert chosen.voice(sentence).info.name == speaks
    assert chosen.voice(sentence) is chosen.voice(sentence)
    assert chosen.warning == ""


def casting(fallback: VoiceChoice | None = None, default: VoiceChoice | None = None) -> Casting:
    def find(name: str) -> Choir:
        if name == "choir":
            return Choir()
        if name in ("hoarse", "elevenlabs"):
            return Choir("tea is missing")
        raise InvalidInput(f"unknown tts provider {name!r}")

    return Casting(find, default or VoiceChoice("choir", "bob"), "en", fallback)


@pytest.mark.parametrize("provider", ["edge", "nobody"])
def test_given_a_provider_that_is_not_installed_when_cast_then_it_is_refused(provider: str) -> None:
    with pytest.raises(InvalidInput, match=provider):
        casting().check(VoiceChoice(provider))


def test_given_a_fallback_when_a_documented_provider_is_asked_for_then_it_speaks_with_a_warning() -> None:
    choir = casting(fallback=VoiceChoice("choir", "kate"))
    plain = choir.check(VoiceChoice("edge"))
    assert plain.voice("Hello.").info.name == "kate"
    assert plain.warning == "tts provider 'edge' is not usable here; 'choir' speaks instead, as 'kate'"
    named = choir.check(VoiceChoice("edge", "zh-CN-YunxiNeural", "a-model-of-edge"))
    assert named.voice("你好。").info.name == "wei"
    assert "'edge'" in named.warning
    assert "'zh-CN-YunxiNeural'" in named.warning


def test_given_a_session_of_a_foreign_provider_when_a_turn_names_none_then_the_fallback_speaks() -> None:
    session = casting(VoiceChoice("choir"), VoiceChoice("elevenlabs", "21m00Tcm4TlvDq8ikWAM"))
    assert session.check(VoiceChoice()).voice("Hello.").info.name == "amy"


def test_given_a_fallback_when_a_documented_provider_lacks_something_then_the_fallback_speaks() -> None:
    choir = casting(fallback=VoiceChoice("choir", "kate"))
    assert choir.check(VoiceChoice("elevenlabs")).voice("Hello.").info.name == "kate"
    with pytest.raises(InvalidInput, match="tea is missing"):
        casting().check(VoiceChoice("elevenlabs"))


def test_given_a_fallback_when_the_provider_is_nowhere_documented_or_not_usable_then_it_is_refused() -> None:
    choir = casting(fallback=VoiceChoice("choir"))
    with pytest.raises(InvalidInput, match="nobody"):
        choir.check(VoiceChoice("nobody"))
    with pytest.raises(InvalidInput, match="tea is missing"):
        choir.check(VoiceChoice("hoarse"))


@pytest.mark.parametrize(
    ("asked", "speaks", "sex"),
    [
        ("zh-CN-XiaoxiaoNeural", "cmn+f3", "female"),
        ("zh-CN-YunxiNeural", "cmn", "male"),
        ("Cherry", "cmn+f3", "female"),
        ("zh-HK-HiuMaanNeural", "yue+f3", "female"),
        ("en-GB-SoniaNeural", "en+f3", "female"),
        ("pt-BR-AntonioNeural", "pt-br", "male"),
    ],
)
def test_given_espeak_when_a_foreign_voice_is_asked_for_then_its_sex_is_kept(
    asked: str, speaks: str, sex: str
) -> None:
    chosen = Cast(EspeakProvider(Settings()), VoiceChoice("espeak", asked), "en")
    own = chosen.voice("").info
    assert (own.name, own.sex) == (speaks, sex)


@pytest.mark.parametrize(
    ("asked", "speaks"),
    [("en-US-JennyNeural", "slt"), ("en-US-GuyNeural", "rms"), ("en-GB-RyanNeural", "awb"), ("Cherry", "slt")],
)
def test_given_flite_when_a_foreign_voice_is_asked_for_then_the_nearest_speaks(asked: str, speaks: str) -> None:
    assert Cast(FliteProvider(Settings()), VoiceChoice("flite", asked), "en").voice("").info.name == speaks
