import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import numpy as np
import pytest

from visavis.asr import Transcript
from visavis.errors import StageFailed, Unavailable
from visavis.media.samples import Samples
from visavis.session.capture import Capture
from visavis.session.events import CaptureEnd
from visavis.session.gate import FRAME, LevelGate, VoiceGate
from visavis.session.plan import Plan
from visavis.session.reaper import Reaper

PLAN = Plan("pushed")
LOUD, SOFT = 4000, 1000


class Asker:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.ended: tuple[object, ...] | None = None
        """Reason, seconds, speech."""
        self.parts: list[str] = []
        self.partials: list[str] = []
        self.failures: list[str] = []
        self.answer: list[tuple[str, bool]] = []
        self.told = asyncio.Event()

    def capturing(self, seconds: float, speech: bool) -> None:
        assert speech
        self.seconds = seconds

    def captured(self, reason: CaptureEnd, seconds: float, speech: bool) -> None:
        assert self.ended is None
        self.ended = (reason, seconds, speech)

    def heard(self, text: str, final: bool) -> None:
        (self.parts if final else self.partials).append(text)

    def deaf(self, error: StageFailed) -> None:
        self.failures.append(error.message)

    def understood(self, text: str, answer: bool) -> None:
        self.answer.append((text, answer))
        self.told.set()


class Reader:
    """A recogniser that "reads" the loudness of every tenth of a second; each utterance waits for a permit."""

    def __init__(self, permits: int = 100) -> None:
        self.gate = asyncio.Semaphore(permits)
        self.fails: set[int] = set()
        self.begun = 0
        self.read = asyncio.Event()
        """Set when an utterance was."""
        self.open = 0

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        number = self.begun
        self.begun += 1
        self.open += 1
        try:
            levels = [int(piece.max()) async for piece in sound]
            await self.gate.acquire()
            if number in self.fails:
                raise StageFailed("asr", "it is broken; mend it")
            text = "".join("-" if level < 900 else "s" for level in levels)
            self.read.set()
            yield Transcript(text, True, 0, 0)
        finally:
            self.open -= 1


class Bench:
    def __init__(self, plan: Plan, reader: Reader) -> None:
        self.asker = Asker()
        self.reader = reader
        self.reaper = Reaper()
        self.capture = Capture(plan, LevelGate(plan.threshold), reader, "en", self.asker, self.reaper)

    async def hear(self, pattern: str) -> None:
        """`s` is a tenth of a second of speech, `,` a softer one, `-` one of silence."""
        for mark in pattern:
            level = {"s": LOUD, ",": SOFT, "-": 10}[mark]
            self.capture.hear(np.full(FRAME, level, dtype=np.int16))
            await asyncio.sleep(0)

    async def told(self) -> str:
        async with asyncio.timeout(5):
            await self.asker.told.wait()
        assert len(self.asker.answer) == 1
        return self.asker.answer[0][0]


def bench(reader: Reader | None = None, **changes: Any) -> Bench:
    return Bench(msgspec.structs.replace(PLAN, **changes), reader or Reader())


async def test_given_speech_when_it_is_silent_for_long_enough_then_the_question_is_over() -> None:
    here = bench()
    await here.hear("-----ss-s" + "-" * 15)

    assert here.asker.ended == ("silence", pytest.approx(0.3 + 0.4 + 1.5), True)
    assert await here.told() == "---ss-s-----"
    assert here.asker.answer == [("---ss-s-----", True)]


async def test_given_a_single_click_then_it_counts_as_speech_with_the_sound_before_it() -> None:
    here = bench(silence=0.2)
    await here.hear("-s--")

    assert here.asker.ended == ("silence", pytest.approx(0.4), True)


async def test_given_no_speech_when_the_source_ends_then_nothing_is_recognised() -> None:
    here = bench()
    await here.hear("-" * 40)
    here.capture.finish()

    assert here.asker.ended == ("source_ended", 0.0, False)
    assert await here.told() == ""
    assert here.reader.begun == 0


async def test_given_a_rest_of_less_than_a_frame_when_the_source_ends_then_it_is_heard() -> None:
    here = bench()
    here.capture.hear(np.full(FRAME // 2, LOUD * 2, dtype=np.int16))
    here.capture.finish()

    assert here.asker.ended == ("source_ended", pytest.approx(0.1), True)
    assert await here.told() == "s"


async def test_given_endless_speech_then_it_is_cut_at_the_longest() -> None:
    here = bench(longest=1.0, chunk=30.0)
    await here.hear("s" * 20)

    assert here.asker.ended == ("longest", pytest.approx(1.0), True)
    assert await here.told() == "s" * 10


async def test_given_sound_of_any_length_then_frames_are_the_same() -> None:
    rng = np.random.default_rng(1)
    pcm = np.concatenate([np.full(FRAME, level, np.int16) for level in (10, LOUD, LOUD, 10, 10, 10)])
    whole, cut = bench(silence=0.3), bench(silence=0.3)
    whole.capture.hear(pcm)
    for piece in np.split(pcm, np.sort(rng.integers(0, len(pcm), 40))):
        cut.capture.hear(piece)

    assert await whole.told() == await cut.told() == "-ss---"
    assert whole.asker.ended == cut.asker.ended


async def test_given_a_long_chunk_then_it_is_cut_at_a_quiet_moment() -> None:
    here = bench(chunk=1.0, silence=0.5)
    await here.hear("sssssss,ss" + "ssss" + "-" * 5)

    assert await here.told() == "ssssssss ssssss--"
    assert here.asker.parts == ["ssssssss", "ssssss--"]
    # Nothing is recognised twice.
    assert here.reader.begun == 2


async def test_given_a_chunk_that_ends_in_a_pause_then_its_silence_is_not_recognised_again() -> None:
    here = bench(chunk=1.0, silence=3.0)
    await here.hear("sssss" + "-" * 30)

    assert await here.told() == "sssss---"
    assert here.reader.begun == 1


async def test_given_half_a_second_of_silence_then_the_transcript_is_there_before_the_end() -> None:
    here = bench()
    await here.hear("sss" + "-" * 5)
    async with asyncio.timeout(5):
        await here.reader.read.wait()
    assert here.capture.hearing
    assert here.asker.parts == []

    await here.hear("-" * 10)
    assert await here.told() == "sss-----"
    assert here.reader.begun == 1


async def test_given_speech_that_resumes_then_the_early_transcript_is_dropped() -> None:
    here = bench()
    await here.hear("sss" + "-" * 7 + "ss" + "-" * 15)

    assert await here.told() == "sss-------ss-----"
    assert here.asker.parts == ["sss-------ss-----"]
    assert here.reader.begun == 2


async def test_given_a_slow_recogniser_then_hearing_goes_on_and_parts_keep_their_order() -> None:
    here = bench(Reader(permits=0), chunk=1.0, silence=0.5)
    await here.hear("s" * 9 + "," + "s" * 9 + "," + "ss" + "-" * 5)

    assert here.asker.ended is not None
    assert here.asker.parts == []
    # One at a time: recognisers are few.
    assert here.reader.open == 1
    for _ in range(10):
        here.reader.gate.release()
    assert await here.told() == f"{'s' * 10} {'s' * 10} ss-----"


async def test_given_a_recogniser_that_fails_then_every_loss_is_told() -> None:
    reader = Reader()
    reader.fails = {0, 1}
    here = bench(reader, chunk=1.0, silence=0.6)
    await here.hear("sssss" + "-" * 5 + "sss" + "-" * 6)

    assert await here.told() == ""
    assert here.asker.failures == ["it is broken; mend it"] * 2


async def test_given_a_recogniser_that_fails_once_then_the_rest_is_kept() -> None:
    reader = Reader()
    reader.fails = {0}
    here = bench(reader, chunk=1.0, silence=0.6)
    await here.hear("sssss" + "-" * 5 + "sss" + "-" * 6)
    assert await here.told() == "--sss-----"
    assert here.asker.failures == ["it is broken; mend it"]


async def test_given_a_stop_then_what_was_heard_is_understood() -> None:
    here = bench()
    await here.hear("sss")
    assert here.capture.stop()
    assert not here.capture.stop()
    await here.hear("sss")

    assert here.asker.ended == ("stopped", pytest.approx(0.3), True)
    assert await here.told() == "sss"


async def test_given_an_interruption_while_it_recognises_then_all_is_let_go() -> None:
    here = bench(Reader(permits=0), silence=0.2)
    await here.hear("sss--")
    assert here.capture.interrupt()
    assert not here.capture.interrupt()

    assert here.asker.answer == [("", False)]
    await here.reaper.close()
    assert here.reader.open == 0


async def test_given_a_source_that_is_lost_then_what_was_heard_is_understood() -> None:
    here = bench()
    await here.hear("ss")
    here.capture.fail(Unavailable("it was unplugged; plug it in"))

    assert here.asker.failures == ["it was unplugged; plug it in"]
    assert here.asker.ended == ("failed", pytest.approx(0.2), True)
    assert await here.told() == "ss"


async def test_given_nobody_who_speaks_then_it_ends_by_the_clock() -> None:
    here = bench(patience=0.01)
    await here.hear("--")

    assert await here.told() == ""
    assert here.asker.ended == ("silence", 0.0, False)


async def test_given_a_recording_then_the_clock_does_not_end_it() -> None:
    here = bench(source="recording", patience=0.001)
    await here.hear("--")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(here.asker.told.wait(), 0.01)
    assert here.capture.hearing
    here.capture.finish()
    assert await here.told() == ""


@pytest.mark.parametrize(("amplitude", "speech"), [(1000, False), (1400, True)])
def test_the_level_gate_measures_the_root_mean_square(amplitude: int, speech: bool) -> None:
    # The contract's own figures (kiosk 1.5): a sine of 1000 is silent at 900, one of 1400 is not.
    sine = (amplitude * np.sin(np.arange(FRAME) * 2 * np.pi * 50 / FRAME)).astype(np.int16)
    assert LevelGate(900).speech(sine) is speech


def test_the_voice_gate_hears_every_sample_once() -> None:
    heard: list[Samples] = []

    class Detector:
        window = 512

        def probability(self, pcm: Samples) -> float:
            heard.append(pcm)
            return float(pcm.max() > 100)

        def reset(self) -> None: ...

    gate = VoiceGate(Detector())
    sound = np.arange(5 * FRAME, dtype=np.int16) % 100
    sound[2 * FRAME + 700] = 5000
    found = [gate.speech(sound[start : start + FRAME]) for start in range(0, len(sound), FRAME)]

    assert found == [False, False, True, False, False]
    whole = len(sound) // 512 * 512
    np.testing.assert_array_equal(np.concatenate(heard), sound[:whole])
