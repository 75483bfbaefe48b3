"""A session as a guest in a room of a real LiveKit server."""

import asyncio
import gc
import json
import threading

import numpy as np
import pytest
from livekit import rtc
from livekit.rtc import _ffi_client

from tests.peers.livekit.company import Someone, loud, someone, tone
from tests.peers.livekit.conftest import Server
from tests.peers.livekit.visits import AGENTS_AVATAR, ended, guest, last, until
from visavis.media.samples import Resampler, Samples
from visavis.pool.inline import InlinePool
from visavis.registry import provider
from visavis.session.events import FirstFrame, MediaStarted, RoomJoined, TurnEnded, TurnStarted
from visavis.settings import Settings
from visavis.transport.livekit.room import LiveKitRoom

pytestmark = pytest.mark.peers


async def test_given_a_room_when_a_session_is_its_guest_then_it_is_seen_and_heard_at_once(
    pool: InlinePool, server: Server
) -> None:
    async with someone(server, "seen") as agent:
        handle = await guest(pool, server, "seen")
        assert (await until(handle, RoomJoined)).identity == "avatar"
        await until(handle, FirstFrame)
        await agent.until(lambda: agent.pictures >= 10 and len(agent.sound))
        tracks = agent.room.remote_participants["avatar"].track_publications.values()
        assert {(track.name, track.source) for track in tracks} == {
            ("protoface-avatar", rtc.TrackSource.SOURCE_CAMERA),
            ("protoface-avatar-audio", rtc.TrackSource.SOURCE_MICROPHONE),
        }
        async with someone(server, "seen", "late") as late:
            await late.until(lambda: late.pictures >= 10)
        await handle.close()
        assert await ended(handle) == ("", "closed")


@pytest.mark.parametrize(("rate", "channels", "piece"), [(16_000, 1, 1), (24_000, 1, 777), (48_000, 2, 19_999)])
async def test_given_an_utterance_when_an_agent_sends_it_then_it_is_said_and_its_length_reported(
    pool: InlinePool, server: Server, rate: int, channels: int, piece: int
) -> None:
    async with someone(server, "said") as agent:
        handle = await guest(pool, server, "said", attributes=AGENTS_AVATAR)
        await until(handle, FirstFrame)
        await agent.until(lambda: len(agent.sound))
        writer = await agent.stream(rate, channels)
        data = np.repeat(tone(0.5, rate), channels).tobytes()
        # The first pieces are odd ones, the rest follows at once.
        for at in range(0, 10 * piece, piece):
            await writer.write(data[at : at + piece])
        await writer.write(data[10 * piece :])
        await writer.aclose()
        await agent.until(agent.finished)
        assert [method for method, _ in agent.calls] == ["lk.playback_started", "lk.playback_finished"]
        told = json.loads(agent.finished()[0])
        assert told.keys() == {"playback_position", "interrupted"}
        assert told["interrupted"] is False
        assert told["playback_position"] == pytest.approx(0.5, abs=0.005)
        await agent.until(lambda: loud(agent.sound) >= 45)
        assert loud(agent.sound) <= 55
        await handle.close()


async def test_given_speech_when_the_agent_clears_it_then_it_stops_and_the_next_utterance_is_heard(
    pool: InlinePool, server: Server
) -> None:
    async with someone(server, "cleared") as agent:
        handle = await guest(pool, server, "cleared", attributes=AGENTS_AVATAR)
        await until(handle, FirstFrame)
        await agent.until(lambda: len(agent.sound))
        writer = await agent.stream()
        await writer.write(tone(20).tobytes())
        await agent.until(lambda: loud(agent.sound) > 50)
        assert await agent.clear() == "ok"
        assert not handle.session.busy
        await agent.until(agent.finished)
        told = json.loads(agent.finished()[0])
        assert told["interrupted"] is True
        interrupted = await until(handle, TurnEnded)
        assert told["playback_position"] == pytest.approx(interrupted.heard_ms / 1000, abs=0.011)
        # The rest of that stream belongs to what was cleared.
        await writer.write(tone(1).tobytes())
        await writer.aclose()
        await agent.say(tone(0.3))
        await agent.until(lambda: len(agent.finished()) == 2)
        assert json.loads(agent.finished()[1]) == {"playback_position": 0.3, "interrupted": False}
        heard = told["playback_position"] * 100 + 30
        await agent.until(lambda: loud(agent.sound) >= heard - 5)
        assert loud(agent.sound) <= heard + 5
        await handle.close()


async def test_given_a_stranger_when_the_avatar_is_an_agents_then_it_can_neither_speak_nor_clear(
    pool: InlinePool, server: Server
) -> None:
    async with someone(server, "strange") as agent, someone(server, "strange", "stranger") as stranger:
        handle = await guest(pool, server, "strange", attributes=AGENTS_AVATAR)
        await until(handle, FirstFrame)
        await agent.until(lambda: len(agent.sound))
        await stranger.say(tone(0.5))
        assert await stranger.clear() == "reject"
        await agent.say(tone(0.2))
        await agent.until(agent.finished)
        started = [record.event for record in handle.session.events._ring if isinstance(record.event, TurnStarted)]
        assert len(started) == 1
        assert not stranger.calls
        await handle.close()


async def test_given_nobody_is_named_when_two_send_then_the_first_one_is_the_speaker(
    pool: InlinePool, server: Server
) -> None:
    async with someone(server, "first", "one") as one, someone(server, "first", "two") as two:
        handle = await guest(pool, server, "first")
        await until(handle, FirstFrame)
        assert await one.clear() == "reject"
        await one.say(tone(0.2))
        await one.until(one.finished)
        await two.say(tone(0.2))
        assert await two.clear() == "reject"
        assert await one.clear() == "ok"
        assert not two.calls
        await handle.close()


async def test_given_a_browser_when_it_sends_one_stream_without_an_end_then_each_speech_in_it_is_a_turn(
    pool: InlinePool, server: Server
) -> None:
    async with someone(server, "endless", "browser", answers=False) as browser:
        handle = await guest(pool, server, "endless")
        await until(handle, FirstFrame)
        await browser.until(lambda: len(browser.sound))
        writer = await browser.stream(16_000, mime="audio/pcm")

        async def send(pcm: Samples) -> None:
            # In real time: the picture that comes every 40 ms is the clock.
            for at in range(0, len(pcm), 640):
                seen = browser.pictures
                await writer.write(pcm[at : at + 640].tobytes())
                await browser.until(lambda seen=seen: browser.pictures > seen)

        silence = np.zeros(24_000, dtype=np.int16)
        await send(silence)
        assert not handle.session.busy
        for _ in range(2):
            began = last(handle)
            await send(np.concatenate((tone(0.6, 16_000), silence)))
            assert (await until(handle, TurnEnded, began)).reason == "completed"
        assert loud(browser.sound) == pytest.approx(120, abs=10)
        # After a clear the same stream is heard again.
        await writer.write(tone(3, 16_000).tobytes())
        await until(handle, MediaStarted, last(handle))
        assert await browser.clear() == "ok"
        began = last(handle)
        await send(np.concatenate((tone(0.3, 16_000), silence)))
        assert (await until(handle, TurnEnded, began)).reason == "completed"
        await writer.aclose()
        await handle.close()


async def test_given_a_microphone_when_it_is_the_source_then_its_speech_is_said(
    pool: InlinePool, server: Server
) -> None:
    voice = await _spoken()
    async with someone(server, "track", "speaker") as speaker, someone(server, "track", "other") as other:
        await _publish(other, tone(1, 48_000))
        handle = await guest(pool, server, "track", audio_source="track", subscribe_to="speaker")
        await until(handle, FirstFrame)
        talking = asyncio.create_task(_publish(speaker, voice))
        started = await until(handle, TurnStarted)
        assert (await until(handle, TurnEnded)).turn == started.turn
        await talking
        assert await other.clear() == "reject"
        assert await speaker.clear() == "ok"
        await handle.close()


async def _spoken() -> Samples:
    """A sentence of a real voice, at 48 kHz, with silence after it."""
    voices = provider("tts", "espeak", Settings())
    pieces = []
    async for speech in voices.voice("", "en").speak("The quick brown fox jumps over the lazy dog."):
        pieces.append((speech.pcm, speech.sample_rate))
    resampler = Resampler(pieces[0][1])
    pcm = resampler.push(np.concatenate([pcm for pcm, _ in pieces]))
    return np.concatenate((pcm, np.zeros(48_000 * 3 // 2, dtype=np.int16)))


async def _publish(who: Someone, pcm: Samples) -> None:
    source = rtc.AudioSource(48_000, 1, queue_size_ms=200)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    publication = await who.room.local_participant.publish_track(track, options)
    async with asyncio.timeout(10):
        if who.identity == "speaker":
            await publication.wait_for_subscription()
    for at in range(0, len(pcm), 480):
        piece = pcm[at : at + 480]
        await source.capture_frame(rtc.AudioFrame(piece.tobytes(), 48_000, 1, len(piece)))


@pytest.mark.parametrize(
    "scenario",
    [rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT, rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT],
)
async def test_given_the_connection_is_lost_when_it_comes_back_then_the_agent_is_still_heard(
    pool: InlinePool, server: Server, scenario: rtc.SimulateScenarioKind.ValueType
) -> None:
    name = f"reconnect-{scenario}"
    async with someone(server, name) as agent:
        handle = await guest(pool, server, name, attributes=AGENTS_AVATAR)
        await until(handle, FirstFrame)
        await agent.until(lambda: agent.pictures > 5)
        transport = handle.session._parts.transport
        assert isinstance(transport, LiveKitRoom)
        back = asyncio.Event()
        transport._room.on("reconnected", back.set)
        await transport._room.simulate_scenario(scenario)
        async with asyncio.timeout(20):
            await back.wait()
        seen = agent.pictures
        await agent.until(lambda: agent.pictures > seen + 5)
        await agent.say(tone(0.2))
        await agent.until(agent.finished)
        await handle.close()


async def test_given_sessions_that_came_and_went_when_the_last_is_over_then_nothing_of_them_is_left(
    pool: InlinePool, server: Server
) -> None:
    before = asyncio.all_tasks()

    async def visit() -> None:
        handle = await guest(pool, server, "left")
        await until(handle, FirstFrame)
        await handle.close()

    def handles() -> int:
        pool._ended.clear()
        gc.collect()
        return len(_ffi_client._live_handles)

    def threads() -> int:
        # Those of the loop's pool come with the load, and stay.
        return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())

    await visit()
    held, before_threads = handles(), threads()
    for _ in range(3):
        await visit()
    # The last one's may be on their way out; a leak is one of each visit, at least.
    assert handles() < held + 3
    assert threads() <= before_threads
    async with asyncio.timeout(5):
        # The events of a room that is gone are still being passed on.
        while left := asyncio.all_tasks() - before:
            await asyncio.wait(left)
