import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

import numpy as np
import pytest

from tests.session.still_face import PIXELS, StillFace
from visavis.face import Face
from visavis.media.chunk import AVChunk
from visavis.media.clock import FreeClock, ManualClock
from visavis.media.pictures import Live
from visavis.media.samples import Samples
from visavis.media.timeline import PACKET, frame_start
from visavis.session.playout import MAX_BURST, Playout
from visavis.session.utterance import PICTURE_LEAD, SOUND_LEAD, Utterance
from visavis.testing.recording import RecordingTransport

SECOND = 48_000


def tone(samples: int, level: int = 1000) -> Samples:
    return np.full(samples, level, dtype=np.int16)


def drawn(start: int, samples: int, fps: Fraction = Fraction(25)) -> AVChunk:
    """What a face makes of `samples` of tone: its pictures carry their index in the turn."""
    pictures = []
    index = 0
    while frame_start(index, fps) < start + samples:
        if frame_start(index, fps) >= start:
            pictures.append((frame_start(index, fps), Live(PIXELS, index)))
        index += 1
    return AVChunk(start, tone(samples), tuple(pictures))


class Bench:
    def __init__(self, face: Face | None) -> None:
        self.clock = ManualClock()
        self.out = RecordingTransport()
        self.playout = Playout(self.clock, face, self.out)

    def states(self) -> list[object]:
        return [picture.state for _, picture in self.out.pictures if isinstance(picture, Live)]

    async def speak(self, samples: int, generation: int = 1) -> Utterance:
        utterance = self.playout.begin(generation)
        await utterance.sound(tone(samples))
        await utterance.show(drawn(0, samples))
        utterance.finish()
        return utterance


@asynccontextmanager
async def running(face: Face | None) -> AsyncIterator[Bench]:
    bench = Bench(face)
    task = asyncio.create_task(bench.playout.run())
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def test_idle_time_is_silence_and_the_face_at_rest() -> None:
    async with running(StillFace()) as bench:
        await bench.clock.advance(SECOND)

    assert [chunk.start for chunk in bench.out.chunks] == list(range(0, SECOND + 1, PACKET))
    assert all(chunk.silent for chunk in bench.out.chunks)
    assert [time for time, _ in bench.out.pictures] == list(range(0, SECOND + 1, 1920))
    assert set(bench.states()) == {"rest"}


@pytest.mark.parametrize("fps", [24, 25, 30])
async def test_every_picture_is_sent_at_its_own_start(fps: int) -> None:
    rate = Fraction(fps)
    async with running(StillFace(rate)) as bench:
        utterance = bench.playout.begin(1)
        await utterance.sound(tone(SECOND // 2))
        await utterance.show(drawn(0, SECOND // 2, rate))
        utterance.finish()
        await bench.clock.advance(SECOND // 2 - 1)

    sent = [(time, picture.state) for time, picture in bench.out.pictures if isinstance(picture, Live)]
    assert sent == [(frame_start(index, rate), index) for index in range(-(-fps // 2))]
    for chunk in bench.out.chunks:
        assert all(chunk.start <= time < chunk.start + max(len(chunk.pcm), 1) for time, _ in chunk.pictures)


async def test_an_utterance_is_played_whole_and_then_reported() -> None:
    async with running(StillFace()) as bench:
        utterance = await bench.speak(5 * PACKET + 100)
        played = asyncio.create_task(utterance.played())
        await bench.clock.advance(6 * PACKET - 1)
        assert not played.done()
        await bench.clock.advance(PACKET)
        assert played.done()

    assert utterance.heard == 5 * PACKET + 100
    assert np.count_nonzero(bench.out.sound) == 5 * PACKET + 100


async def test_sound_waits_for_its_first_picture_at_most_the_look_ahead() -> None:
    face = StillFace()
    face.look_ahead = 3 * PACKET
    async with running(face) as bench:
        utterance = bench.playout.begin(1)
        await utterance.sound(tone(SECOND))
        await bench.clock.advance(10 * PACKET)

    first = next(chunk for chunk in bench.out.chunks if not chunk.silent)
    assert first.start == 3 * PACKET
    assert set(bench.states()) == {"rest"}


async def test_when_the_face_falls_behind_the_sound_goes_on_and_the_pose_relaxes() -> None:
    async with running(StillFace()) as bench:
        utterance = bench.playout.begin(1)
        await utterance.sound(tone(SECOND))
        await utterance.show(drawn(0, 4 * 1920))
        await bench.clock.advance(20 * PACKET)

    assert not any(chunk.silent for chunk in bench.out.chunks[:20])
    assert bench.states()[:6] == [0, 1, 2, 3, "rest", "rest"]


async def test_a_late_part_of_the_face_is_used_from_where_the_sound_is() -> None:
    async with running(StillFace()) as bench:
        utterance = bench.playout.begin(1)
        await utterance.sound(tone(SECOND, 500))
        await utterance.show(drawn(0, 2 * 1920))
        await bench.clock.advance(8 * PACKET)
        await utterance.show(drawn(2 * 1920, 10 * 1920))
        await bench.clock.advance(6 * PACKET)

    levels = [int(chunk.pcm[0]) for chunk in bench.out.chunks[:15]]
    assert levels == [1000] * 4 + [500] * 5 + [1000] * 6
    indices = [state for state in bench.states() if isinstance(state, int)]
    assert indices == sorted(indices)
    assert bench.playout.late_pictures > 0


async def test_a_voice_that_is_slow_leaves_a_gap_and_loses_nothing() -> None:
    async with running(None) as bench:
        utterance = bench.playout.begin(1)
        await utterance.sound(tone(PACKET))
        await bench.clock.advance(3 * PACKET)
        await utterance.sound(tone(PACKET))
        utterance.finish()
        await bench.clock.advance(3 * PACKET)

    assert [chunk.silent for chunk in bench.out.chunks[:6]] == [False, True, True, True, False, True]
    assert utterance.heard == 2 * PACKET


async def test_after_a_flush_nothing_of_the_utterance_is_played() -> None:
    async with running(StillFace()) as bench:
        utterance = await bench.speak(SECOND)
        await bench.clock.advance(5 * PACKET)
        before = len(bench.out.chunks)
        bench.playout.flush()
        await utterance.sound(tone(SECOND))
        await utterance.show(drawn(0, SECOND))
        await utterance.played()
        await bench.clock.advance(20 * PACKET)

    assert utterance.heard == 6 * PACKET
    assert bench.out.flushes == 1
    assert all(chunk.silent for chunk in bench.out.chunks[before:])
    assert set(bench.states()[4:]) == {"rest"}


async def test_a_new_utterance_drops_the_one_before() -> None:
    async with running(StillFace()) as bench:
        old = await bench.speak(SECOND)
        await bench.clock.advance(5 * PACKET)
        new = await bench.speak(PACKET, generation=2)
        await bench.clock.advance(5 * PACKET)

    assert old.dropped
    assert not new.dropped
    assert new.heard == PACKET


async def test_pause_holds_at_the_sample_and_resume_goes_on_from_it() -> None:
    async with running(StillFace()) as bench:
        utterance = await bench.speak(10 * PACKET)
        await bench.clock.advance(3 * PACKET)
        assert bench.playout.pause()
        await bench.clock.advance(10 * PACKET)
        assert utterance.heard == 4 * PACKET
        assert bench.playout.resume()
        await bench.clock.advance(10 * PACKET)

    assert utterance.heard == 10 * PACKET
    assert len(bench.out.audible) == 10 * PACKET
    assert not bench.playout.resume()


async def test_cues_fire_as_their_sample_is_played_and_not_after_a_flush() -> None:
    fired: list[tuple[str, int]] = []
    async with running(None) as bench:
        utterance = bench.playout.begin(1)
        utterance.cue(0, lambda: fired.append(("start", bench.playout.position)))
        utterance.cue(3 * PACKET, lambda: fired.append(("middle", bench.playout.position)))
        utterance.cue(9 * PACKET, lambda: fired.append(("never", bench.playout.position)))
        await utterance.sound(tone(SECOND))
        await bench.clock.advance(5 * PACKET)
        bench.playout.flush()
        await bench.clock.advance(9 * PACKET)

    assert fired == [("start", 0), ("middle", 3 * PACKET)]


async def test_producers_are_held_back() -> None:
    async with running(StillFace()) as bench:
        utterance = bench.playout.begin(1)

        async def fill() -> None:
            for start in range(0, 10 * SECOND, 1920):
                await utterance.sound(tone(1920))
                await utterance.show(drawn(start, 1920))

        filling = asyncio.create_task(fill())
        await bench.clock.advance(2 * PACKET)
        assert not filling.done()
        assert utterance.length <= PICTURE_LEAD + 3 * 1920
        assert utterance.length <= SOUND_LEAD
        filling.cancel()
        await asyncio.wait([filling])


async def test_after_a_stall_nothing_is_sped_up() -> None:
    bench = Bench(StillFace())
    task = asyncio.create_task(bench.playout.run())
    utterance = await bench.speak(SECOND)
    await bench.clock.advance(2 * PACKET)
    before = len(bench.out.chunks)
    bench.clock.jump(10 * MAX_BURST)
    await bench.clock.advance(5 * PACKET)
    task.cancel()
    await asyncio.wait([task])

    assert len(bench.out.chunks) - before <= 7
    assert utterance.heard == (len(bench.out.chunks)) * PACKET


async def test_a_picture_that_is_a_frame_late_is_dropped_and_its_sound_is_not() -> None:
    bench = Bench(StillFace())
    task = asyncio.create_task(bench.playout.run())
    await bench.speak(SECOND)
    await bench.clock.advance(0)
    bench.clock.jump(MAX_BURST)
    await bench.clock.advance(20 * PACKET)
    task.cancel()
    await asyncio.wait([task])

    audible = [chunk for chunk in bench.out.chunks if not chunk.silent]
    assert [chunk.start for chunk in audible] == [index * PACKET for index in range(len(audible))]
    assert bench.playout.late_pictures > 0
    assert 1 not in bench.states()


async def test_a_free_running_clock_waits_for_every_picture_and_stands_still_without_a_turn() -> None:
    out = RecordingTransport()
    playout = Playout(FreeClock(), StillFace(), out)
    task = asyncio.create_task(playout.run())
    utterance = playout.begin(1)

    async def slowly() -> None:
        for start in range(0, SECOND, 1920):
            await utterance.sound(tone(1920))
            for _ in range(3):
                await asyncio.sleep(0)
            await utterance.show(drawn(start, 1920))
        utterance.finish()

    await slowly()
    await utterance.played()
    await playout.linger(5 * PACKET)
    position = playout.position
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert playout.position == position
    assert playout.late_pictures == 0
    assert len(out.audible) == SECOND
    assert [picture.state for _, picture in out.pictures if isinstance(picture, Live)][:25] == list(range(25))
