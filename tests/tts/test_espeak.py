"""The real espeak-ng."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

import numpy as np
import pytest

from visavis.errors import InvalidInput, StageFailed, Unavailable
from visavis.media.samples import Samples
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.tts import check_voice
from visavis.tts import Mark, Speech, Voice, espeak_library
from visavis.tts.espeak import MAX_CHARS, EspeakProvider, EspeakVoice
from visavis.tts.espeak_library import Event, Library, Manner
from visavis.tts.espeak_marks import ipa
from visavis.tts.silence import TAIL, THRESHOLD

SENTENCES = {
    "en": "The quick brown fox jumps over the lazy dog.",
    "en-US": "Hello there, how are you?",
    "en-GB": "Hello there, how are you?",
    "zh": "你好，世界。今天天气很好！",
    "zh-CN": "我们去吃饭吧。",
    "zh-TW": "我們去吃飯吧。",
    "yue": "你好，世界。",
    "ja": "こんにちは、せかい。",
    "ko": "안녕하세요, 반갑습니다.",
    "fr": "Bonjour, un bon vin blanc.",
    "fr-FR": "Bonjour, un bon vin blanc.",
    "de": "Guten Tag, schöne Füße.",
    "es": "Hola, el perro corre.",
    "es-MX": "Hola, el perro corre.",
    "it": "Ciao, gnocchi e pizza.",
    "pt": "Olá, não, coração.",
    "pt-BR": "Olá, não, coração.",
    "ru": "Здравствуйте, это жизнь.",
    "uk": "Привіт, їжа, щастя.",
    "ar": "مرحبا بالعالم.",
    "hi": "नमस्ते दुनिया, भारत।",
    "nl": "Goedendag, het huis is groot.",
    "pl": "Cześć, szczęście.",
    "tr": "Merhaba, gözlük.",
    "vi": "Xin chào, tôi thích ăn phở.",
    "el": "Γεια σου Κόσμε.",
    "he": "שלום עולם.",
    "th": "สวัสดีครับ",
}


def voice(language: str = "en", name: str = "", **options: int | str) -> Voice:
    return EspeakProvider(Settings(options={"espeak": options})).voice(name, language)


async def said(voice: Voice, text: str) -> tuple[Samples, list[Mark]]:
    pieces = [piece async for piece in voice.speak(text)]
    pcm = np.concatenate([piece.pcm for piece in pieces]) if pieces else np.zeros(0, dtype=np.int16)
    return pcm, [mark for piece in pieces for mark in piece.marks]


def values(marks: list[Mark], kind: str) -> list[str]:
    return [mark.value for mark in marks if mark.kind == kind]


@pytest.mark.parametrize(("language", "sentence"), SENTENCES.items())
async def test_given_a_documented_language_when_spoken_then_the_contract_is_kept(
    language: str, sentence: str
) -> None:
    await check_voice(voice(language), sentence)


async def test_given_every_listed_voice_when_asked_for_by_name_then_it_speaks() -> None:
    espeak = EspeakProvider(Settings())
    infos = espeak.voices()
    assert len(infos) > 100
    assert {"en-us", "en", "cmn", "pt-br", "fr"} <= {info.name for info in infos}
    for info in infos:
        chosen = espeak.voice(info.name, "")
        assert chosen.info == info
        assert (await said(chosen, "hello"))[0].any(), info


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "en-us"), ("en-US", "en-us"), ("en_GB", "en"), ("en-AU", "en"), ("en-PH", "en-us"), ("zh", "cmn"),
        ("zh-Hans-CN", "cmn"), ("zh-HK", "yue"), ("pt-BR", "pt-br"), ("pt-PT", "pt"), ("es-MX", "es-419"),
        ("fr-FR", "fr"), ("no", "nb"), ("nb-NO", "nb"), ("FR", "fr"),
    ],
)  # fmt: skip
def test_given_a_language_tag_when_no_voice_is_named_then_the_nearest_is_chosen(language: str, name: str) -> None:
    assert voice(language).info.name == name


async def test_given_a_variant_when_named_then_it_sounds_different() -> None:
    plain, _ = await said(voice(), "Hello there.")
    female, _ = await said(voice(name="en-us+f3"), "Hello there.")
    assert not np.array_equal(plain[:1000], female[:1000])
    assert voice(name="EN-US+f3").info.name == "en-us+f3"
    assert voice(variant="f3").info.name == "en-us+f3"
    assert voice(name="en-us+m3", variant="f3").info.name == "en-us+m3"


@pytest.mark.parametrize(
    ("name", "language"), [("nobody", "en"), ("en-us+nobody", "en"), ("en-us+", "en"), ("", "tlh"), ("", "")]
)
def test_given_an_unknown_voice_when_asked_for_then_it_is_invalid_input(name: str, language: str) -> None:
    with pytest.raises(InvalidInput):
        voice(language, name)


async def test_given_a_rate_when_set_then_speech_is_faster() -> None:
    slow, _ = await said(voice(rate=100), SENTENCES["en"])
    fast, _ = await said(voice(rate=300), SENTENCES["en"])
    assert len(fast) < len(slow) * 0.6


async def test_given_other_languages_before_when_speaking_then_they_leave_no_trace() -> None:
    before, _ = await said(voice(), SENTENCES["en"])
    for language in ("yue", "he", "zh", "fr"):
        await said(voice(language), SENTENCES[language])
    after, _ = await said(voice(), SENTENCES["en"])
    assert abs(len(before) - len(after)) < 100


async def test_given_english_when_spoken_then_words_and_phonemes_are_marked() -> None:
    text = "Hello, it's 12 o'clock."
    _, marks = await said(voice(), text)
    assert values(marks, "word") == ["Hello", "it's", "12", "o'clock"]
    assert values(marks, "phoneme")[:4] == ["h", "ə", "l", "oʊ"]
    assert "" in values(marks, "phoneme"), "the pause at the comma"


async def test_given_chinese_when_spoken_then_each_character_is_a_word_at_its_place() -> None:
    text = "你好，世界。"
    _, marks = await said(voice("zh"), text)
    words = [(mark.value, mark.offset) for mark in marks if mark.kind == "word"]
    assert [word for word, _ in words if word not in "你好世界"] == []
    assert all(text[offset] == word for word, offset in words)
    assert "tɕ" in values(marks, "phoneme")


async def test_given_astral_characters_when_spoken_then_later_words_keep_their_place() -> None:
    text = "Hi 😀 there 𝒳 friend."
    _, marks = await said(voice(), text)
    friend = next(mark for mark in marks if mark.value == "friend")
    assert friend.offset == text.index("friend")


@pytest.mark.parametrize("text", ["", " ", "…", "\n"])
async def test_given_nothing_to_say_when_spoken_then_nothing_comes(text: str) -> None:
    assert [piece async for piece in voice().speak(text)] == []


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800 lone surrogate", "[[h@l]] <b>x</b> & %s", "\u202eabc", "é" * 300]
)
async def test_given_odd_text_when_spoken_then_it_is_said(text: str) -> None:
    pcm, _ = await said(voice(), text)
    assert pcm.any()


async def test_given_far_too_long_a_text_when_spoken_then_it_is_refused() -> None:
    with pytest.raises(StageFailed, match="split the text"):
        await said(voice(), "a" * (MAX_CHARS + 1))


@pytest.mark.parametrize("language", ["en", "zh", "ja", "it", "pl"])
async def test_given_a_sentence_when_spoken_then_silence_around_it_is_short(language: str) -> None:
    pcm, _ = await said(voice(language), SENTENCES[language])
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > THRESHOLD)
    rate = espeak_library.library().sample_rate
    assert loud[0] <= 0.01 * rate
    assert len(pcm) - loud[-1] <= TAIL * rate + 1


async def test_given_a_taker_that_has_enough_when_synthesising_then_the_library_stops_and_works_again() -> None:
    def taken(enough: int) -> int:
        pieces: list[Samples] = []

        def take(pcm: Samples, events: list[Event]) -> bool:
            pieces.append(pcm)
            return len(pieces) < enough

        espeak_library.library().speak(SENTENCES["en"], "gmw/en-US", Manner(165, 50, 100), take)
        return len(pieces)

    async def in_thread(enough: int) -> int:
        return await asyncio.wrap_future(espeak_library.thread.submit(taken, enough))

    assert await in_thread(2) == 2
    assert await in_thread(1000) > 20


async def test_given_an_error_in_the_callback_when_synthesising_then_it_is_raised_and_the_library_works_on() -> (
    None
):
    def take(pcm: Samples, events: list[Event]) -> bool:
        raise ZeroDivisionError

    def broken() -> None:
        espeak_library.library().speak("Hello.", "gmw/en-US", Manner(165, 50, 100), take)

    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(espeak_library.thread.submit(broken))
    assert (await said(voice(), "Hello."))[0].any()


class GatedLibrary:
    """Makes one piece, and the next when the test says so."""

    sample_rate = 22_050

    def __init__(self) -> None:
        self.proceed = threading.Event()
        self.wanted: list[bool] = []

    def speak(self, text: str, name: str, manner: Manner, take: Callable[[Samples, list[Event]], bool]) -> None:
        tone = np.full(1324, 5000, dtype=np.int16)
        self.wanted.append(take(tone, []))
        self.proceed.wait(10)
        self.wanted.append(take(tone, []))


def gated() -> tuple[GatedLibrary, EspeakVoice]:
    library = GatedLibrary()
    return library, EspeakVoice(cast(Library, library), "gmw/en-US", voice().info, Manner(165, 50, 100))


async def test_given_a_sentence_when_closed_in_the_middle_then_no_more_of_it_is_made() -> None:
    library, speaker = gated()
    async with aclosing(cast(AsyncGenerator[Speech, None], speaker.speak("Hello."))) as speech:
        await anext(speech)
    library.proceed.set()
    await asyncio.wrap_future(espeak_library.thread.submit(int))
    assert library.wanted == [True, False]


async def test_given_a_sentence_when_its_reader_is_cancelled_then_no_more_of_it_is_made() -> None:
    library, speaker = gated()
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in speaker.speak("Hello."):
            begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    library.proceed.set()
    await asyncio.wrap_future(espeak_library.thread.submit(int))
    assert library.wanted == [True, False]


async def test_given_twenty_sentences_at_once_when_spoken_then_each_is_whole() -> None:
    speaker = voice()
    sounds = await asyncio.gather(*(said(speaker, SENTENCES["en"]) for _ in range(20)))
    lengths = [len(pcm) for pcm, _ in sounds]
    assert max(lengths) - min(lengths) < 100
    assert all(values(marks, "word")[-1] == "dog" for _, marks in sounds)


def test_given_no_library_when_asked_what_is_missing_then_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    espeak = EspeakProvider(Settings())
    assert espeak.missing() is None
    monkeypatch.setattr(espeak_library, "find_spec", lambda name: None)
    assert "espeakng-loader" in str(espeak.missing())
    with pytest.raises(Unavailable, match="espeakng-loader"):
        Library()


def test_given_a_new_process_when_asked_what_is_missing_then_the_library_is_not_loaded() -> None:
    script = (
        "import sys; from visavis.tts.espeak import EspeakProvider; from visavis.settings import Settings;"
        "EspeakProvider(Settings()).missing(); sys.exit('espeakng_loader' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603  # our own


@pytest.mark.parametrize(
    ("name", "value"),
    [("ˈoʊ", "oʊ"), ("ɑːɹ", "ɑɹ"), ("", ""), ("(en)", ""), ("tɕh", "tɕʰ"), ("s.", "s"), ("h", "h"), ("ə-", "ə")],
)
def test_given_a_phoneme_of_the_library_when_marked_then_it_is_plain_ipa(name: str, value: str) -> None:
    assert ipa(name) == value


def test_given_the_registry_when_asked_for_espeak_then_it_is_this_provider() -> None:
    assert isinstance(provider("tts", "espeak", Settings()), EspeakProvider)
