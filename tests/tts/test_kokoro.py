"""Kokoro's real library, with a model that hums instead of speaking. Only `misaki`, for Chinese, is a stand-in."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.tts.tiny_models import kokoro_model
from visavis.errors import InvalidInput, StageFailed
from visavis.models.shelf import Shelf
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.tts import check_voice
from visavis.tts import Speech, Voice
from visavis.tts.kokoro import AT_ONCE

pytest.importorskip("kokoro_onnx", reason="kokoro-onnx has no release for this Python")

VOICES = ("af_alloy", "af_heart", "am_adam", "bf_emma", "ff_siwis", "jf_alpha", "zf_xiaoxiao", "zm_yunxi", "odd")
TEXT = "Hello there, how are you?"
LONG = "First we go to the station, " * 8 + "and then home."


class ZHG2P:
    """What misaki 0.9.4 does: text → phonemes with arrows for tones, and None."""

    def __call__(self, text: str) -> tuple[str, None]:
        assert isinstance(text, str)
        return "ni↓xau↓." if text else "", None


@pytest.fixture
def misaki(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {"misaki": {}, "misaki.zh": {"ZHG2P": ZHG2P}, "jieba": {}}.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def no_misaki(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.tts.kokoro.find_spec", lambda name: name == "kokoro_onnx" or None)


def settings(tmp_path: Path, **options: Any) -> Settings:
    return Settings(data_dir=tmp_path, options={"kokoro": options} if options else {})


def with_model(tmp_path: Path, tells_lengths: bool = True, **options: Any) -> Any:
    kokoro_model(tmp_path / "mine", VOICES, tells_lengths)
    return provider("tts", "kokoro", settings(tmp_path, model_dir=str(tmp_path / "mine"), **options))


async def said(voice: Voice, text: str = TEXT) -> list[Speech]:
    return [speech async for speech in voice.speak(text)]


def sound(pieces: list[Speech]) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.concatenate([piece.pcm for piece in pieces])


async def test_given_the_model_of_the_catalogue_when_checked_then_the_contract_is_kept(tmp_path: Path) -> None:
    kokoro_model(Shelf(settings(tmp_path)).place("kokoro"), VOICES)
    kokoro = provider("tts", "kokoro", settings(tmp_path))
    assert kokoro.missing() is None
    voice = kokoro.voice("", "en")
    assert voice.info.name == "af_heart"
    await check_voice(voice, TEXT)
    pieces = await said(voice)
    assert {(piece.marked, piece.sample_rate) for piece in pieces} == {(True, 24_000)}
    values = [mark.value for piece in pieces for mark in piece.marks if mark.value]
    assert values[:4] == ["h", "ə", "l", "o"]


async def test_given_a_model_that_tells_no_lengths_when_checked_then_it_is_unmarked(tmp_path: Path) -> None:
    voice = with_model(tmp_path, tells_lengths=False).voice("bf_emma", "en")
    await check_voice(voice, TEXT)
    assert not any(piece.marked or piece.marks for piece in await said(voice))


async def test_given_a_long_sentence_when_it_is_said_then_its_beginning_is_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kokoro_onnx import Kokoro

    asked: list[str] = []
    create = Kokoro.create_timed

    def create_timed(self: Kokoro, text: str, *rest: Any, **more: Any) -> Any:
        asked.append(text)
        return create(self, text, *rest, **more)

    monkeypatch.setattr(Kokoro, "create_timed", create_timed)
    pieces = await said(with_model(tmp_path).voice("", "en"), LONG)
    assert len(asked) > 1
    assert max(map(len, asked)) <= AT_ONCE
    assert max(len(piece.pcm) for piece in pieces) < 24_000
    starts = [mark.start for piece in pieces for mark in piece.marks]
    assert starts == sorted(starts)
    assert starts[-1] > 0.9 * len(sound(pieces))


async def test_given_two_voices_when_they_speak_then_they_differ(tmp_path: Path) -> None:
    kokoro = with_model(tmp_path)
    heard = [
        np.count_nonzero(np.diff(np.signbit(sound(await said(kokoro.voice(name, "en")))))) for name in VOICES[:2]
    ]
    assert heard[1] == pytest.approx(2 * heard[0], rel=0.05)


async def test_given_more_speed_when_it_speaks_then_it_is_faster(tmp_path: Path) -> None:
    usual = with_model(tmp_path).voice("", "en")
    fast = with_model(tmp_path, speed=2).voice("", "en")
    assert len(sound(await said(fast))) < 0.7 * len(sound(await said(usual)))


@pytest.mark.usefixtures("misaki")
def test_given_a_file_of_voices_when_listed_then_language_and_sex_come_from_their_prefix(tmp_path: Path) -> None:
    listed = {info.name: (info.language, info.sex) for info in with_model(tmp_path).voices()}
    assert listed == {
        "af_alloy": ("en-US", "female"),
        "af_heart": ("en-US", "female"),
        "am_adam": ("en-US", "male"),
        "bf_emma": ("en-GB", "female"),
        "ff_siwis": ("fr-FR", "female"),
        "zf_xiaoxiao": ("zh-CN", "female"),
        "zm_yunxi": ("zh-CN", "male"),
    }


@pytest.mark.usefixtures("misaki")
@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "af_heart"),
        ("en-GB", "bf_emma"),
        ("en_US", "af_heart"),
        ("fr-CA", "ff_siwis"),
        ("zh", "zf_xiaoxiao"),
    ],
)
def test_given_a_language_when_asked_for_then_its_usual_voice_speaks(tag: str, name: str, tmp_path: Path) -> None:
    assert with_model(tmp_path).voice("", tag).info.name == name


@pytest.mark.usefixtures("misaki")
async def test_given_misaki_when_a_chinese_voice_speaks_then_it_writes_the_phonemes(tmp_path: Path) -> None:
    pieces = await said(with_model(tmp_path).voice("", "zh"), "你好。")
    assert [mark.value for piece in pieces for mark in piece.marks] == ["n", "i", "x", "a", "u", ""]


@pytest.mark.usefixtures("no_misaki")
def test_given_no_misaki_when_a_chinese_voice_is_asked_for_then_it_says_how_to_get_it(tmp_path: Path) -> None:
    kokoro = with_model(tmp_path)
    assert not any(info.language == "zh-CN" for info in kokoro.voices())
    for name in ("", "zf_xiaoxiao"):
        with pytest.raises(InvalidInput, match=r"visavis\[kokoro-zh\]"):
            kokoro.voice(name, "zh-CN")


@pytest.mark.parametrize(
    ("name", "tag"), [("jf_alpha", "ja"), ("", "ja"), ("odd", "en"), ("nobody", "en"), ("", "sw")]
)
def test_given_what_it_has_not_when_asked_for_then_it_is_refused(name: str, tag: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        with_model(tmp_path).voice(name, tag)


async def test_given_english_words_in_french_when_said_then_no_name_of_a_language_is_among_them(
    tmp_path: Path,
) -> None:
    pieces = await said(with_model(tmp_path).voice("", "fr"), "le weekend")
    values = "".join(mark.value for piece in pieces for mark in piece.marks)
    assert values.startswith("ləwi")


async def test_given_odd_texts_when_they_are_said_then_nothing_breaks(tmp_path: Path) -> None:
    voice = with_model(tmp_path).voice("", "en")
    for text in ("", "…", " \n"):
        assert await said(voice, text) == []
    for text in ("a\0b", "x\ud800y", "你好", "(en)", "x" * 700):
        await said(voice, text)
    with pytest.raises(StageFailed, match="split"):
        await said(voice, "word " * 1000)


def test_given_no_model_when_asked_for_then_it_says_how_to_get_one(tmp_path: Path) -> None:
    kokoro = provider("tts", "kokoro", settings(tmp_path))
    assert "visavis models get kokoro" in kokoro.missing()
    assert kokoro.voices() == []
    with pytest.raises(InvalidInput, match="models get"):
        kokoro.voice("", "en")


@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_given_a_directory_without_a_model_when_asked_for_then_it_says_what_is_lacking(
    content: bytes | None, tmp_path: Path
) -> None:
    (tmp_path / "x.onnx").touch()
    if content:
        (tmp_path / "voices.bin").write_bytes(content)
    missing = provider("tts", "kokoro", settings(tmp_path, model_dir=str(tmp_path))).missing()
    assert "lacks" in missing
    assert str(tmp_path) not in missing


def test_given_no_library_when_asked_for_then_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kokoro = with_model(tmp_path)
    monkeypatch.setattr("visavis.tts.kokoro.find_spec", lambda name: None)
    assert "visavis[kokoro]" in kokoro.missing()


async def test_given_a_damaged_model_when_it_speaks_then_the_stage_fails_without_a_path(tmp_path: Path) -> None:
    voice = with_model(tmp_path).voice("", "en")
    (tmp_path / "mine" / "kokoro-v1.0.onnx").write_bytes(b"rubbish")
    with pytest.raises(StageFailed, match="kokoro has failed") as failed:
        await said(voice)
    assert str(tmp_path) not in failed.value.message
