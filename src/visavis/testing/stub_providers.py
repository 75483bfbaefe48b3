"""Providers that do next to nothing, and write down when: so that what a turn took besides them can be told.

They are no part of an installation. `install` makes them one for a process that is started with the directory on
its `PYTHONPATH`: there they are found by entry points, as anybody else's providers are. All are named `stub`;
options (`VISAVIS_OPTIONS__STUB__…`): `STAMPS`, the file to write to, and `DELAY`, the seconds each takes, 0.02.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool
from visavis.media import timeline
from visavis.media.samples import Samples
from visavis.settings import Settings
from visavis.testing.fakes import FakeVoice
from visavis.tts import Speech, VoiceInfo

Stage: TypeAlias = Literal["asr", "llm", "tts"]

LOUD = 328
"""-40 dB of full scale, of a single sample: what is louder is somebody's voice."""

SAID = "Tell me what I have said"
"""What the recogniser always understands."""

ANSWER = ("This is the first of two sentences. And", " that was the second one.")
"""What the model always answers: with its first piece, the first sentence is complete."""


class Stamp(msgspec.Struct, frozen=True):
    """What one stage did for one turn. Times are `time.monotonic()`, one clock for all processes of a machine."""

    stage: Stage
    given: float
    """When it was given the last it had to wait for: the end of the sound, the conversation, the sentence."""
    gave: float
    """When it gave its first result that the next stage can work with."""
    quiet: int = 0
    """asr: samples (16 kHz) it was given after the last loud one."""


class Stamps:
    """A file of stamps, written by several processes, read by one."""

    def __init__(self, path: Path | None) -> None:
        """None for no file."""
        self._path = path
        self._read = 0

    def add(self, stamp: Stamp) -> None:
        """Write one down: one call of the system, so that those of several processes do not mix."""
        if self._path is None:
            return
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, msgspec.json.encode(stamp) + b"\n")
        finally:
            os.close(file)

    def take(self) -> list[Stamp]:
        """All that were written since the last call, in that order."""
        if self._path is None or not self._path.exists():
            return []
        written = self._path.read_bytes()
        fresh, self._read = written[self._read :], len(written)
        return [msgspec.json.decode(line, type=Stamp) for line in fresh.splitlines()]


def install(directory: Path) -> None:
    """Make `directory` hold what `importlib.metadata` takes for an installed package with these entry points."""
    here = __name__
    points = {"asr": "StubRecognizerProvider", "llm": "StubChatProvider", "tts": "StubVoiceProvider"}
    place = directory / "visavis_stub_providers-0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: visavis-stub-providers\nVersion: 0\n", "utf-8")
    sections = [f"[visavis.{kind}]\nstub = {here}:{provider}\n" for kind, provider in points.items()]
    (place / "entry_points.txt").write_text("\n".join(sections), "utf-8")


class _Provider:
    """What the three have in common."""

    name = "stub"

    def __init__(self, settings: Settings) -> None:
        path = settings.option("stub", "stamps", "")
        self._stamps = Stamps(Path(path) if path else None)
        self._delay = settings.option("stub", "delay", 0.02)

    def missing(self) -> str | None:
        """See `Provider`."""
        return None


class StubRecognizerProvider(_Provider):
    """Gives a `StubRecognizer`."""

    def recognizer(self, language: str, model: str = "") -> "StubRecognizer":
        """See `RecognizerProvider`."""
        return StubRecognizer(self._stamps, self._delay)


class StubRecognizer:
    """Understands the same words, whatever is said, when it is over."""

    def __init__(self, stamps: Stamps, delay: float) -> None:
        self._stamps = stamps
        self._delay = delay

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`."""
        samples = quiet = 0
        async for piece in sound:
            samples += len(piece)
            (loud,) = np.nonzero(np.abs(piece.astype(np.int32)) > LOUD)
            quiet = len(piece) - 1 - int(loud[-1]) if len(loud) else quiet + len(piece)
        given = time.monotonic()
        await asyncio.sleep(self._delay)
        self._stamps.add(Stamp("asr", given, time.monotonic(), quiet))
        yield Transcript(SAID, True, 0, samples * timeline.SAMPLE_RATE // SAMPLE_RATE)


class StubChatProvider(_Provider):
    """Gives a `StubChatModel`."""

    def model(self, name: str = "") -> "StubChatModel":
        """See `ChatProvider`."""
        return StubChatModel(self._stamps, self._delay)


class StubChatModel:
    """Gives the same answer, whatever was asked."""

    def __init__(self, stamps: Stamps, delay: float) -> None:
        self._stamps = stamps
        self._delay = delay

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """See `ChatModel`."""
        given = time.monotonic()
        await asyncio.sleep(self._delay)
        self._stamps.add(Stamp("llm", given, time.monotonic()))
        for text in ANSWER:
            yield TextDelta(text)
            await asyncio.sleep(0)


class StubVoiceProvider(_Provider):
    """Gives a `StubVoice`."""

    def voices(self) -> Sequence[VoiceInfo]:
        """See `VoiceProvider`."""
        return [StubVoice.info]

    def voice(self, name: str, language: str, model: str = "") -> "StubVoice":
        """See `VoiceProvider`."""
        return StubVoice(self._stamps, self._delay)


class StubVoice:
    """`FakeVoice`'s tones, which are loud from the first sample on."""

    info = VoiceInfo("stub", "tone", "en", "Stub: tones")

    def __init__(self, stamps: Stamps, delay: float) -> None:
        self._stamps = stamps
        self._delay = delay
        self._voice = FakeVoice()

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`."""
        given = time.monotonic()
        await asyncio.sleep(self._delay)
        self._stamps.add(Stamp("tts", given, time.monotonic()))
        async for piece in self._voice.speak(text):
            yield piece
