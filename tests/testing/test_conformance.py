"""The conformance suites see what is wrong."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool, ToolCall
from visavis.media.samples import Samples
from visavis.testing.asr import check_recognizer
from visavis.testing.contract import ContractBroken
from visavis.testing.fakes import FakeVoice
from visavis.testing.knowledge import check_knowledge_base
from visavis.testing.llm import check_chat_model
from visavis.testing.tts import check_voice
from visavis.testing.vad import check_detector
from visavis.tts import Mark, Speech

TONE: Samples = np.full(SAMPLE_RATE, 8000, dtype=np.int16)


class Voice:
    """Says the pieces it was given, whatever the text."""

    def __init__(self, *pieces: Speech) -> None:
        self.info = FakeVoice().info
        self._pieces = pieces

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        for piece in self._pieces:
            yield piece


GOOD = Speech(TONE, 16_000, (Mark("word", 0, "Hello", 0), Mark("phoneme", 10, "h")), marked=True)
BAD_SPEECH = {
    "nothing is said": [],
    "int16": [replace(GOOD, pcm=TONE.astype(np.float32))],
    "a piece is empty": [GOOD, replace(GOOD, pcm=TONE[:0], marks=())],
    "sample rate changes": [GOOD, Speech(TONE, 8_000, marked=True)],
    "`marked` changes": [GOOD, Speech(TONE, 16_000)],
    "is silent": [replace(GOOD, pcm=np.zeros_like(TONE))],
    "not between 8 and 48": [Speech(TONE, 96_000)],
    "is not in its piece": [GOOD, replace(GOOD, marks=(Mark("phoneme", 0, "h"),))],
    "order of their times": [replace(GOOD, marks=(Mark("phoneme", 9, "h"), Mark("phoneme", 3, "ə")))],
    "order of the text": [replace(GOOD, marks=(Mark("word", 0, "big", 6), Mark("word", 9, "Hello", 0)))],
    "not in the text": [replace(GOOD, marks=(Mark("word", 0, "Hallo", 0),))],
    "a word is empty": [replace(GOOD, marks=(Mark("word", 0, "", 0),))],
    "not IPA": [replace(GOOD, marks=(Mark("phoneme", 0, "ˈoʊ"),))],
    "there are none": [replace(GOOD, marks=())],
}


@pytest.mark.parametrize(("words", "pieces"), BAD_SPEECH.items())
async def test_given_a_voice_that_breaks_its_contract_when_checked_then_it_is_told_how(
    words: str, pieces: list[Speech]
) -> None:
    await check_voice(Voice(GOOD), "Hello big")
    with pytest.raises(ContractBroken, match=words):
        await check_voice(Voice(*pieces), "Hello big")


class Model:
    def __init__(self, *deltas: Delta) -> None:
        self._deltas = deltas

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        for delta in self._deltas:
            yield delta


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ("answers nothing", Model()),
        ("is empty", Model(TextDelta(""))),
        ("not a Delta", Model("text")),  # type: ignore[arg-type]  # that is the point
        ("not given", Model(ToolCall("1", "x", "{}"))),
    ],
)
async def test_given_a_model_that_breaks_its_contract_when_checked_then_it_is_told_how(
    words: str, model: Model
) -> None:
    with pytest.raises(ContractBroken, match=words):
        await check_chat_model(model)


class Recognizer:
    def __init__(self, *transcripts: Transcript) -> None:
        self._transcripts = transcripts

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        async for _ in sound:
            pass
        for transcript in self._transcripts:
            yield transcript


FINAL = Transcript("hello", True, 0, 48_000)


@pytest.mark.parametrize(
    ("words", "recognizer"),
    [
        ("no transcript", Recognizer()),
        ("exactly one final", Recognizer(replace(FINAL, final=False))),
        ("exactly one final", Recognizer(FINAL, FINAL)),
        ("after the final", Recognizer(FINAL, replace(FINAL, final=False))),
        ("no words", Recognizer(replace(FINAL, text=" "))),
        ("covers", Recognizer(replace(FINAL, end=480_000))),
        ("covers", Recognizer(replace(FINAL, start=50_000))),
        ("ends before", Recognizer(replace(FINAL, final=False), replace(FINAL, end=100))),
    ],
)
async def test_given_a_recognizer_that_breaks_its_contract_when_checked_then_it_is_told_how(
    words: str, recognizer: Recognizer
) -> None:
    await check_recognizer(Recognizer(FINAL), TONE, "en")
    with pytest.raises(ContractBroken, match=words):
        await check_recognizer(recognizer, TONE, "en")


class Detector:
    def __init__(self, *, window: int = 512, quiet: float = 0.0, loud: float = 1.0, drift: float = 0.0) -> None:
        self.window = window
        self._levels = (quiet, loud)
        self._drift = drift

    def probability(self, pcm: Samples) -> float:
        self._levels = (self._levels[0], self._levels[1] - self._drift)
        return self._levels[bool(pcm.any())]

    def reset(self) -> None:
        pass


@pytest.mark.parametrize(
    ("words", "detector"),
    [
        ("window", Detector(window=0)),
        ("silence is taken", Detector(quiet=0.9)),
        ("not taken for speech", Detector(loud=0.4)),
        ("between 0 and 1", Detector(loud=1.5)),
        ("after a reset", Detector(drift=0.002)),
    ],
)
def test_given_a_detector_that_breaks_its_contract_when_checked_then_it_is_told_how(
    words: str, detector: Detector
) -> None:
    check_detector(Detector(), TONE)
    with pytest.raises(ContractBroken, match=words):
        check_detector(detector, TONE)


class Knowledge:
    def __init__(self, *found: Passage, obeys: bool = True) -> None:
        self._found = found
        self._obeys = obeys

    async def passages(self, question: str, limit: int = 5, earlier: Sequence[str] = ()) -> Sequence[Passage]:
        if not self._obeys:
            return self._found
        return self._found[:limit] if question else ()


A, B = Passage("a", "a.md", 2.0), Passage("b", "b.md", 1.0)


@pytest.mark.parametrize(
    ("words", "knowledge"),
    [
        ("no passage", Knowledge()),
        ("is empty", Knowledge(replace(A, text=" "))),
        ("no source", Knowledge(replace(A, source=""))),
        ("path", Knowledge(replace(A, source="shelf/a.md"))),
        ("not the first", Knowledge(B, A)),
        ("limit of one", Knowledge(A, B, obeys=False)),
        ("limit says", Knowledge(*[A] * 6, obeys=False)),
        ("empty question", Knowledge(A, obeys=False)),
    ],
)
async def test_given_a_knowledge_base_that_breaks_its_contract_when_checked_then_it_is_told_how(
    words: str, knowledge: Knowledge
) -> None:
    await check_knowledge_base(Knowledge(A, B), "a?")
    with pytest.raises(ContractBroken, match=words):
        await check_knowledge_base(knowledge, "a?")
