"""The stubs keep the contracts, write down when they worked, and are found as anybody's providers are."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from visavis.asr import SAMPLE_RATE
from visavis.media.samples import Samples
from visavis.settings import Settings
from visavis.testing.asr import check_recognizer
from visavis.testing.llm import check_chat_model
from visavis.testing.stub_providers import (
    Stamps,
    StubChatProvider,
    StubRecognizerProvider,
    StubVoiceProvider,
    install,
)
from visavis.testing.tts import check_voice

TONE: Samples = (8000 * np.sin(np.arange(SAMPLE_RATE) / 10)).astype(np.int16)
PAUSE: Samples = np.zeros(SAMPLE_RATE // 4, np.int16)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stamps"


@pytest.fixture
def settings(file: Path) -> Settings:
    return Settings(options={"stub": {"stamps": str(file), "delay": 0}})


async def test_given_the_stubs_when_checked_then_they_keep_their_contracts(settings: Settings) -> None:
    await check_recognizer(StubRecognizerProvider(settings).recognizer("en"), TONE, "en")
    await check_chat_model(StubChatProvider(settings).model())
    await check_voice(StubVoiceProvider(settings).voice("", "en"), "Hello, big world.")


async def test_given_work_when_done_then_each_stub_has_written_down_when(settings: Settings, file: Path) -> None:
    async def sound() -> AsyncIterator[Samples]:
        yield TONE
        yield PAUSE

    recognizer = StubRecognizerProvider(settings).recognizer("en")
    assert [heard.final async for heard in recognizer.transcribe(sound(), "en")] == [True]
    async for _ in StubChatProvider(settings).model().answer([]):
        pass
    async for _ in StubVoiceProvider(settings).voice("", "en").speak("Yes."):
        pass
    stamps = Stamps(file)
    taken = stamps.take()
    assert [stamp.stage for stamp in taken] == ["asr", "llm", "tts"]
    assert all(stamp.given <= stamp.gave for stamp in taken)
    assert len(PAUSE) <= taken[0].quiet < len(PAUSE) + 10
    assert stamps.take() == []


def test_given_the_directory_on_its_path_when_a_process_looks_then_it_finds_the_stubs(tmp_path: Path) -> None:
    install(tmp_path)
    look = (
        "import json; from visavis.registry import names; print(json.dumps([*map(names, ('asr', 'llm', 'tts'))]))"
    )
    found = {}
    for path in ("", str(tmp_path)):
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-c", look], env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=True
        )
        found[path] = ["stub" in names for names in json.loads(done.stdout)]
    assert list(found.values()) == [[False] * 3, [True] * 3]
