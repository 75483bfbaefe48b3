"""Recognisers in processes of their own: real processes, with PocketSphinx or one that does what it is told."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.asr.flite_speech import heard, said, streamed
from visavis.asr import child, pool
from visavis.asr.child import IN_FLIGHT
from visavis.asr.pool import RecognizerPool
from visavis.asr.process import NICENESS
from visavis.errors import StageFailed
from visavis.media.samples import Samples
from visavis.settings import Settings
from visavis.testing.asr import check_recognizer

ROOT = Path(__file__).parents[2]
SOUND = np.arange(5120, dtype=np.int16)


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installs the provider `scripted` for child processes, as any package would be."""
    information = tmp_path / "scripted-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[visavis.asr]\nscripted = tests.asr.scripted:ScriptedProvider\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")


async def words(recognizers: RecognizerPool, language: str = "en", sound: Samples = SOUND) -> list[str]:
    return [transcript.text for transcript in await heard(recognizers, sound, language)]


async def waiting() -> AsyncIterator[Samples]:
    """One piece, and nothing more."""
    yield SOUND
    await asyncio.Event().wait()


@contextmanager
def processes(pids: list[int]) -> Iterator[list[int]]:
    """File descriptors that become readable when the processes have ended."""
    handles = [os.pidfd_open(pid) for pid in pids]
    try:
        yield handles
    finally:
        for handle in handles:
            os.close(handle)


def ended(handles: list[int]) -> bool:
    return all(select.select([handle], [], [], 30)[0] for handle in handles)


async def test_given_pocketsphinx_in_a_process_when_checked_then_the_contract_is_kept() -> None:
    async with RecognizerPool(Settings(), "pocketsphinx") as recognizers:
        await check_recognizer(recognizers, await said("Where is the nearest train station?"), "en")
        (pid,) = recognizers.pids
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)


async def test_given_two_processes_when_two_speak_at_once_then_each_is_understood() -> None:
    async with RecognizerPool(Settings(), "pocketsphinx", 2) as recognizers:
        found = await asyncio.gather(
            heard(recognizers, await said("Please tell me where I can park my car.")),
            heard(recognizers, await said("How long does it take to get to the airport?", "rms")),
        )
        assert [transcripts[-1].text for transcripts in found] == [
            "please tell me where i can park my car",
            "how long does it take to get to the airport",
        ]


@pytest.mark.usefixtures("scripted")
async def test_given_one_process_when_many_speak_then_they_have_their_turn_in_order() -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        over: list[int] = []

        async def speak(number: int) -> None:
            assert (await words(recognizers, sound=np.zeros(100 + number, np.int16)))[-1] == str(100 + number)
            over.append(number)

        await asyncio.gather(*(speak(number) for number in range(5)))
        assert over == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("scripted")
async def test_given_too_many_who_wait_when_one_more_speaks_then_it_fails_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "MAX_WAITING", 0)
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        with pytest.raises(StageFailed, match="too many") as failed:
            await words(recognizers)
        assert failed.value.stage == "asr"


@pytest.mark.usefixtures("scripted")
async def test_given_nobody_is_free_in_time_when_one_waits_then_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        speaking = recognizers.transcribe(waiting(), "en")
        await anext(aiter(speaking))
        monkeypatch.setattr(pool, "MAX_WAIT", 0.0)
        with pytest.raises(StageFailed, match="no recogniser was free"):
            await words(recognizers)
        monkeypatch.setattr(pool, "MAX_WAIT", 30.0)
        await speaking.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert await words(recognizers)


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize("language", ["die", "defect"])
async def test_given_a_process_that_dies_when_speaking_then_the_utterance_fails_and_another_takes_its_place(
    language: str,
) -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        first = (await words(recognizers))[0]
        with pytest.raises(StageFailed, match="has died"):
            await words(recognizers, language)
        assert (await words(recognizers))[0] != first


@pytest.mark.usefixtures("scripted")
async def test_given_a_process_that_hangs_when_speaking_then_it_is_killed_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        first = (await words(recognizers))[0]
        monkeypatch.setattr(child, "PATIENCE", 0.05)
        with pytest.raises(StageFailed, match="hung"):
            await words(recognizers, "hang")
        monkeypatch.setattr(child, "PATIENCE", 10.0)
        assert (await words(recognizers))[0] != first


@pytest.mark.usefixtures("scripted")
async def test_given_a_process_that_hangs_when_nobody_waits_any_more_then_it_is_replaced_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        first = (await words(recognizers))[0]
        monkeypatch.setattr(child, "PATIENCE", 0.05)
        speaking = recognizers.transcribe(waiting(), "stubborn")
        await anext(aiter(speaking))
        await speaking.aclose()  # type: ignore[attr-defined]  # it is a generator
        monkeypatch.setattr(child, "PATIENCE", 10.0)
        assert (await words(recognizers))[0] != first


@pytest.mark.usefixtures("scripted")
async def test_given_an_utterance_when_cancelled_then_the_same_process_takes_the_next() -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        speaking = recognizers.transcribe(waiting(), "en")
        first = (await anext(aiter(speaking))).text
        await speaking.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert (await words(recognizers))[0] == first


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(("language", "message"), [("fail", "try again"), ("mute", "no transcript")])
async def test_given_a_recogniser_that_fails_when_speaking_then_its_error_arrives_and_the_process_stays(
    language: str, message: str
) -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        first = (await words(recognizers))[0]
        with pytest.raises(StageFailed, match=message):
            await words(recognizers, language)
        assert (await words(recognizers))[0] == first


@pytest.mark.usefixtures("scripted")
async def test_given_a_language_without_a_model_when_speaking_then_the_remedy_arrives() -> None:
    async with RecognizerPool(Settings(), "scripted") as recognizers:
        with pytest.raises(StageFailed, match="get one"):
            await words(recognizers, "unknown")


@pytest.mark.usefixtures("scripted")
async def test_given_no_model_at_all_when_started_then_every_utterance_fails_with_the_remedy() -> None:
    async with RecognizerPool(Settings(), "scripted", language="unknown") as recognizers:
        for _ in range(2):
            with pytest.raises(StageFailed, match="get one"):
                await words(recognizers)


async def test_given_an_unknown_provider_when_started_then_utterances_fail_and_say_so() -> None:
    async with RecognizerPool(Settings(), "nobody") as recognizers:
        with pytest.raises(StageFailed, match="unknown asr provider"):
            await recognizers.warm()


@pytest.mark.usefixtures("scripted")
async def test_given_sound_that_fails_when_read_then_its_error_arrives() -> None:
    async def broken() -> AsyncIterator[Samples]:
        yield SOUND
        raise ZeroDivisionError

    async with RecognizerPool(Settings(), "scripted") as recognizers:
        with pytest.raises(ZeroDivisionError):
            async for _ in recognizers.transcribe(broken(), "en"):
                pass
        assert await words(recognizers)


@pytest.mark.usefixtures("scripted")
async def test_given_a_recogniser_that_is_behind_when_speaking_then_sound_waits_where_it_comes_from() -> None:
    given = 0
    full = asyncio.Event()

    async def endless() -> AsyncIterator[Samples]:
        nonlocal given
        while True:
            given += len(SOUND)
            if given > IN_FLIGHT:
                full.set()
            yield SOUND
            await asyncio.sleep(0)

    async with RecognizerPool(Settings(), "scripted") as recognizers:
        await recognizers.warm()
        speaking = recognizers.transcribe(endless(), "deaf")
        task = asyncio.ensure_future(anext(aiter(speaking)))
        await full.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        assert given <= IN_FLIGHT + 2 * len(SOUND)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.usefixtures("scripted")
async def test_given_a_pool_when_left_then_no_process_stays() -> None:
    async with RecognizerPool(Settings(), "scripted", 2) as recognizers:
        await recognizers.warm()
        pids = recognizers.pids
        assert len(pids) == 2
        with processes(pids) as handles:
            await recognizers.__aexit__()
            assert ended(handles)


def test_given_a_media_worker_that_is_killed_when_it_is_gone_then_its_processes_end() -> None:
    script = """
import asyncio
from visavis.asr.pool import RecognizerPool
from visavis.settings import Settings

async def main():
    async with RecognizerPool(Settings(), "pocketsphinx") as recognizers:
        await recognizers.warm()
        print(*recognizers.pids, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as worker:  # noqa: S603  # our own
        assert worker.stdout is not None
        pids = [int(pid) for pid in worker.stdout.readline().split()]
        assert pids
        with processes(pids) as handles:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            assert ended(handles)


async def test_given_sound_in_any_pieces_when_streamed_then_it_is_all_there() -> None:
    assert np.array_equal(np.concatenate([piece async for piece in streamed(SOUND, 333)]), SOUND)
