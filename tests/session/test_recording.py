"""What a session makes of its recorder: it stands beside, and fails alone."""

import asyncio
import errno

import pytest

from tests.session.room import room
from visavis.errors import Conflict, Unavailable
from visavis.media.chunk import AVChunk
from visavis.media.timeline import PACKET, from_seconds
from visavis.session.casting import VoiceChoice
from visavis.session.events import Warned


class FakeRecorder:
    """Keeps chunks; the test says when it fails."""

    def __init__(self) -> None:
        self.length = 0
        self.chunks: list[AVChunk] = []
        self.refuses: OSError | None = None
        self.discarded = False
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        if self.refuses is not None:
            raise self.refuses

    def take(self, chunk: AVChunk) -> None:
        self.chunks.append(chunk)
        self.length += len(chunk.pcm)

    def finish(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def fail(self, error: OSError) -> None:
        self._over.set_exception(error)

    async def run(self) -> None:
        await self._over

    async def discard(self) -> None:
        self.discarded = True


FULL = OSError(errno.ENOSPC, "No space left on device", "the/path/of.mp4")


async def test_everything_that_is_played_is_recorded_idle_too() -> None:
    recorder = FakeRecorder()
    async with room(make_recorder=lambda: recorder) as made:
        await made.session.recording.start()
        await made.clock.advance(from_seconds(0.5))
        made.session.say("Hello.", VoiceChoice())
        await made.clock.advance(from_seconds(0.5))
        assert recorder.chunks == made.out.chunks
        assert made.session.recording.length == recorder.length >= from_seconds(0.9)
        assert any(chunk.pcm.any() for chunk in recorder.chunks)
        await made.session.recording.stop()
        assert made.session.recording.state == "complete"
        taken = len(recorder.chunks)
        await made.clock.advance(from_seconds(0.5))
        assert len(recorder.chunks) == taken
        await made.session.close()


async def test_a_recording_that_fails_is_told_and_the_session_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    recorder = FakeRecorder()
    async with room(make_recorder=lambda: recorder) as made:
        await made.session.recording.start()
        await made.clock.advance(10 * PACKET)
        recorder.fail(FULL)
        await made.clock.advance(10 * PACKET)
        [warning] = made.of(Warned)
        assert isinstance(warning, Warned)
        assert warning.code == "recording_failed"
        assert "No space left" in warning.message
        assert "path" not in warning.message + caplog.text
        assert made.session.recording.state == "failed"
        made.session.say("Hello.", VoiceChoice())
        await made.clock.advance(from_seconds(2))
        assert made.ended() == [("completed", "Hello.", "Hello.")]
        await made.session.recording.stop()
        await made.session.close()


async def test_a_recorder_that_can_not_begin_is_refused() -> None:
    recorder = FakeRecorder()
    recorder.refuses = FULL
    async with room(make_recorder=lambda: recorder) as made:
        with pytest.raises(Unavailable, match="No space left"):
            await made.session.recording.start()
        assert recorder.discarded
        recorder.refuses = None
        await made.session.recording.start()
        await made.session.close()
        assert made.session.recording.state == "complete"


async def test_a_session_that_is_over_is_not_recorded() -> None:
    recorder = FakeRecorder()
    async with room(make_recorder=lambda: recorder) as made:
        await made.session.close()
        with pytest.raises(Conflict):
            await made.session.recording.start()
        assert recorder.discarded
