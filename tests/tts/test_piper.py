"""Piper's real library, with models that hum instead of speaking."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tests.tts.tiny_models import PIPER_HOP, endless, frames, piper_voice
from visavis.errors import InvalidInput, StageFailed
from visavis.models.shelf import Shelf
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.tts import check_voice
from visavis.tts import Speech, Voice, onnx_model

TEXT = "Hello there, how are you?"


def settings(tmp_path: Path, **options: Any) -> Settings:
    return Settings(data_dir=tmp_path, options={"piper": options} if options else {})


def with_voice(tmp_path: Path, name: str = "en_GB-alba-medium", **kind: Any) -> Any:
    piper_voice(tmp_path / "mine", name, **kind)
    return provider("tts", "piper", settings(tmp_path, model_dir=str(tmp_path / "mine")))


async def said(voice: Voice, text: str = TEXT) -> list[Speech]:
    return [speech async for speech in voice.speak(text)]


def sound(pieces: list[Speech]) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.concatenate([piece.pcm for piece in pieces])


async def test_given_a_voice_of_the_catalogue_when_checked_then_the_contract_is_kept(tmp_path: Path) -> None:
    piper_voice(Shelf(settings(tmp_path)).place("piper-en-alba"), "en_GB-alba-medium")
    piper = provider("tts", "piper", settings(tmp_path))
    assert piper.missing() is None
    voice = piper.voice("", "en-US")
    assert (voice.info.name, voice.info.language, voice.info.sex) == ("en_GB-alba-medium", "en-GB", "female")
    await check_voice(voice, TEXT)
    assert piper.voice("piper-en-alba", "en").info == piper.voice("en_GB-alba-medium", "de").info == voice.info


async def test_given_a_model_that_tells_lengths_when_it_speaks_then_each_phoneme_is_marked_where_it_is(
    tmp_path: Path,
) -> None:
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP as NUMBERS

    pieces = await said(with_voice(tmp_path).voice("", "en"), "Bee.")
    assert all(piece.marked and piece.sample_rate == 16_000 for piece in pieces)
    pad = frames(NUMBERS["_"][0])
    starts, begin = [], 0
    for symbol in ("^", "b", "ˈ", "i", "ː", ".", "$"):
        starts.append(begin * PIPER_HOP)
        begin += frames(NUMBERS[symbol][0]) + (0 if symbol == "$" else pad)
    marks = [(mark.value, mark.start) for piece in pieces for mark in piece.marks]
    # Stress belongs to the vowel after it, length to the one before.
    assert marks == [("", starts[0]), ("b", starts[1]), ("i", starts[2]), ("", starts[5])]
    assert abs(len(sound(pieces)) - begin * PIPER_HOP) <= 0.02 * 16_000


async def test_given_a_model_that_tells_no_lengths_when_checked_then_it_is_unmarked(tmp_path: Path) -> None:
    voice = with_voice(tmp_path, tells_lengths=False).voice("", "en")
    await check_voice(voice, TEXT)
    assert not any(piece.marked or piece.marks for piece in await said(voice))


async def test_given_two_sentences_when_they_are_said_then_pieces_are_short_and_marks_go_on(
    tmp_path: Path,
) -> None:
    pieces = await said(with_voice(tmp_path).voice("", "en"), "Hello. Good evening.")
    assert len(pieces) > 10
    assert max(len(piece.pcm) for piece in pieces) <= 2 * 1_600
    starts = [mark.start for piece in pieces for mark in piece.marks]
    assert starts == sorted(starts)
    assert starts[-1] > len(sound(await said(with_voice(tmp_path).voice("", "en"), "Hello.")))


async def test_given_several_speakers_when_one_is_named_then_that_one_speaks(tmp_path: Path) -> None:
    piper = with_voice(tmp_path, "en_US-crowd-high", code="en_US", speakers=["p1", "p2"])
    low, high = piper.voice("en_US-crowd-high", "en"), piper.voice("en_US-crowd-high#p2", "en")
    assert (low.info.sex, high.info.name) == ("", "en_US-crowd-high#p2")
    heard = [np.count_nonzero(np.diff(np.signbit(sound(await said(voice))))) for voice in (low, high)]
    assert heard[1] == pytest.approx(2 * heard[0], rel=0.05)
    with pytest.raises(InvalidInput, match="no speaker"):
        piper.voice("en_US-crowd-high#p3", "en")


async def test_given_a_greater_length_when_it_speaks_then_it_is_slower(tmp_path: Path) -> None:
    usual = with_voice(tmp_path).voice("", "en")
    options = {"model_dir": str(tmp_path / "mine"), "length": 2}
    slow = provider("tts", "piper", settings(tmp_path, **options)).voice("", "en")
    assert len(sound(await said(slow))) == pytest.approx(2 * len(sound(await said(usual))), rel=0.05)


def test_given_voices_of_several_languages_when_asked_for_then_region_and_language_decide(tmp_path: Path) -> None:
    for name, code in (
        ("en_GB-alba-medium", "en_GB"),
        ("en_US-ryan-high", "en_US"),
        ("zh_CN-huayan-medium", "zh_CN"),
    ):
        piper_voice(tmp_path / "mine", name, code=code)
    piper = provider("tts", "piper", settings(tmp_path, model_dir_zh=str(tmp_path / "mine")))
    asked = {tag: piper.voice("", tag).info for tag in ("en-US", "en-GB", "en-AU", "zh", "zh-CN")}
    assert {tag: info.name.split("-")[1] for tag, info in asked.items()} == {
        "en-US": "ryan", "en-GB": "alba", "en-AU": "alba", "zh": "huayan", "zh-CN": "huayan"
    }  # fmt: skip
    assert {info.label: info.sex for info in piper.voices()} == {
        "Piper alba": "female", "Piper ryan": "male", "Piper huayan": "female"
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="'de'"):
        piper.voice("", "de")


async def test_given_odd_texts_when_they_are_said_then_nothing_breaks(tmp_path: Path) -> None:
    voice = with_voice(tmp_path).voice("", "en")
    for text in ("", "…", " \n"):
        assert await said(voice, text) == []
    for text in ("a\0b", "[[[hello]]]", "x\ud800y", "你好", "[[ħħ", "<b>&amp;"):
        await said(voice, text)
    with pytest.raises(StageFailed, match="split"):
        await said(voice, "word " * 1000)


def test_given_no_voice_when_asked_for_then_it_says_how_to_get_one(tmp_path: Path) -> None:
    piper = provider("tts", "piper", settings(tmp_path))
    assert "visavis models get piper-en-alba" in piper.missing()
    assert piper.voices() == []
    with pytest.raises(InvalidInput, match="models get"):
        piper.voice("", "en")


@pytest.mark.parametrize("content", [None, "no JSON", "{}", "[]"])
def test_given_a_directory_without_a_voice_when_asked_for_then_it_says_what_is_lacking(
    content: str | None, tmp_path: Path
) -> None:
    (tmp_path / "x.onnx").touch()
    if content is not None:
        (tmp_path / "x.onnx.json").write_text(content)
    missing = provider("tts", "piper", settings(tmp_path, model_dir=str(tmp_path))).missing()
    assert "onnx.json" in missing
    assert str(tmp_path) not in missing


def test_given_no_library_when_asked_for_then_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piper = with_voice(tmp_path)
    monkeypatch.setattr(sys, "path", [])
    for name in [name for name in sys.modules if name.partition(".")[0] == "piper"]:
        monkeypatch.delitem(sys.modules, name)
    assert "visavis[piper]" in piper.missing()


def test_given_a_voice_that_would_download_when_named_then_it_is_refused(tmp_path: Path) -> None:
    piper_voice(tmp_path / "mine", "zh_CN-xiao_ya-medium", code="zh_CN", phonemes="pinyin")
    piper = with_voice(tmp_path)
    assert [info.name for info in piper.voices()] == ["en_GB-alba-medium"]
    with pytest.raises(InvalidInput, match="pinyin"):
        piper.voice("zh_CN-xiao_ya-medium", "zh")


@pytest.mark.parametrize("damage", ["model", "config"])
async def test_given_a_damaged_voice_when_it_speaks_then_the_stage_fails_without_a_path(
    damage: str, tmp_path: Path
) -> None:
    voice = with_voice(tmp_path).voice("", "en")
    path = tmp_path / "mine" / "en_GB-alba-medium.onnx"
    if damage == "model":
        path.write_bytes(b"rubbish")
    else:
        config = path.with_name(path.name + ".json")
        config.write_text(json.dumps({"audio": {"sample_rate": 16_000}}))
    with pytest.raises(StageFailed, match="piper has failed") as failed:
        await said(voice)
    assert str(tmp_path) not in failed.value.message


async def test_given_models_that_never_end_when_cancelled_then_they_let_their_threads_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piper = with_voice(tmp_path)
    good = piper.voice("", "en")
    await said(good)
    endless(piper_voice(tmp_path / "mine", "en_GB-stuck-low"))
    run = onnx_model.StoppableSession.run
    begun = threading.Semaphore(0)

    def told(self: onnx_model.StoppableSession, names: object, inputs: object) -> object:
        begun.release()
        return run(self, names, inputs)

    monkeypatch.setattr(onnx_model.StoppableSession, "run", told)
    threads = onnx_model._threads._max_workers
    tasks = [asyncio.create_task(said(piper.voice("en_GB-stuck-low", "en"))) for _ in range(threads)]
    for _ in tasks:
        await asyncio.to_thread(begun.acquire)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await said(good)


async def test_given_a_sentence_that_is_closed_when_it_is_said_again_then_it_is_the_same(tmp_path: Path) -> None:
    voice = with_voice(tmp_path).voice("", "en")
    async with aclosing(cast(AsyncGenerator[Speech, None], voice.speak(TEXT))) as speech:
        first = await anext(speech)
    again = await said(voice)
    assert np.array_equal(again[0].pcm, first.pcm)
