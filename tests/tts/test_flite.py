"""The real flite: `apt install flite`. Without it these tests fail, as they say."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import InvalidInput, StageFailed
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.tts import check_voice
from visavis.tts import Mark, Voice, flite
from visavis.tts.flite import VOICES, FliteProvider

TEXT = "Hello there, how are you today?"


@pytest.fixture
def installed() -> FliteProvider:
    found = FliteProvider(Settings())
    if missing := found.missing():
        pytest.fail(f"{missing}; ./dev test does it for you")
    return found


async def marks(voice: Voice, text: str) -> list[Mark]:
    return [mark async for piece in voice.speak(text) for mark in piece.marks]


@pytest.mark.parametrize("name", VOICES)
async def test_given_a_voice_when_spoken_then_the_contract_is_kept(installed: FliteProvider, name: str) -> None:
    await check_voice(installed.voice(name, "en"), TEXT)


async def test_given_english_when_spoken_then_phonemes_are_ipa_with_pauses(installed: FliteProvider) -> None:
    phonemes = [mark.value for mark in await marks(installed.voice("slt", "en"), TEXT)]
    assert [phoneme for phoneme in phonemes if phoneme][:4] == ["h", "ə", "l", "oʊ"]
    assert "" in phonemes[2:-1], "the pause at the comma"
    assert ("", "") not in zip(phonemes, phonemes[1:], strict=False)


async def test_given_two_sentences_when_spoken_then_marks_go_on_after_the_first(installed: FliteProvider) -> None:
    found = await marks(installed.voice("kal16", "en"), "One. Two.")
    assert [mark.value for mark in found if mark.value][-2:] == ["t", "u"]
    assert [mark.start for mark in found] == sorted(mark.start for mark in found)


async def test_given_a_stretch_when_set_then_speech_is_slower(installed: FliteProvider) -> None:
    slow = FliteProvider(Settings(options={"flite": {"stretch": 2.0}})).voice("kal16", "en")
    lengths = [
        sum([len(piece.pcm) async for piece in voice.speak(TEXT)])
        for voice in (installed.voice("kal16", "en"), slow)
    ]
    assert lengths[1] > 1.5 * lengths[0]


@pytest.mark.parametrize("text", ["", " ", "…", "((("])
async def test_given_nothing_to_say_when_spoken_then_nothing_comes(installed: FliteProvider, text: str) -> None:
    assert [piece async for piece in installed.voice("", "en").speak(text)] == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800 lone", "-o /tmp/x", "a\nb\n\nc", "你好 hello", "x" * 300])
async def test_given_odd_text_when_spoken_then_it_is_said(installed: FliteProvider, text: str) -> None:
    pieces = [piece.pcm async for piece in installed.voice("kal16", "en").speak(text)]
    assert np.concatenate(pieces).any()


async def test_given_twenty_sentences_at_once_when_spoken_then_each_is_whole(installed: FliteProvider) -> None:
    voice = installed.voice("kal16", "en")
    found = await asyncio.gather(*(marks(voice, TEXT) for _ in range(20)))
    assert all(each == found[0] for each in found)


async def test_given_a_sentence_when_cancelled_then_its_process_is_killed(
    installed: FliteProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = _fake_flite(tmp_path, monkeypatch, "exec sleep 1000")
    task = asyncio.create_task(marks(installed.voice("slt", "en"), TEXT))
    pid = int(await asyncio.to_thread(started.read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_given_a_program_that_hangs_when_spoken_then_the_stage_fails(
    installed: FliteProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_flite(tmp_path, monkeypatch, "exec sleep 1000", report=False)
    monkeypatch.setattr(flite, "TIMEOUT", 0.05)
    with pytest.raises(StageFailed, match="did not finish"):
        await marks(installed.voice("slt", "en"), TEXT)


@pytest.mark.parametrize(("script", "words"), [("exit 3", "status 3"), ("exit 0", "no sound")])
async def test_given_a_program_that_fails_when_spoken_then_the_stage_fails(
    installed: FliteProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    _fake_flite(tmp_path, monkeypatch, script, report=False)
    with pytest.raises(StageFailed, match=words):
        await marks(installed.voice("slt", "en"), TEXT)


async def test_given_no_program_when_used_then_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    nowhere = FliteProvider(Settings())
    assert "Debian package flite" in str(nowhere.missing())
    with pytest.raises(StageFailed, match="Debian package flite"):
        await marks(nowhere.voice("slt", "en"), TEXT)


@pytest.mark.parametrize(("name", "language"), [("nobody", "en"), ("", "zh"), ("-x", "en")])
def test_given_an_unknown_voice_when_asked_for_then_it_is_invalid_input(name: str, language: str) -> None:
    with pytest.raises(InvalidInput):
        FliteProvider(Settings()).voice(name, language)


def test_given_the_registry_when_asked_for_flite_then_it_is_this_provider() -> None:
    assert isinstance(provider("tts", "flite", Settings()), FliteProvider)


def _fake_flite(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str, *, report: bool = True) -> Path:
    """Put a program in flite's place; the path it gives is a pipe that yields its process id."""
    pipe = directory / "started"
    os.mkfifo(pipe)
    program = directory / "flite"
    program.write_text(f"#!/bin/sh\n{f'echo $$ > {pipe}' if report else ''}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=os.pathsep)
    return pipe
