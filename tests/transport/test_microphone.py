import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpReceiver
from aiortc.mediastreams import MediaStreamError

from tests.transport.peer import PATIENCE
from visavis.media.encoding import OpusEncoder
from visavis.media.samples import EMPTY, Samples, rms
from visavis.media.timeline import HEARD_RATE, PACKET, SAMPLE_RATE
from visavis.transport.audio_stream import TIME_BASE
from visavis.transport.ice import Network
from visavis.transport.microphone import Microphone, OpusStream, prefer_speech
from visavis.transport.packet_track import timed_packet

HEARD_PACKET = HEARD_RATE // 50
SILENT = b"\x48"
"""A packet without a frame, as Chromium sends one when it falls silent."""


def tone(seconds: float, frequency: float = 440.0, amplitude: float = 8000.0) -> Samples:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * frequency * times)).astype(np.int16)


def encoded(pcm: Samples) -> list[bytes]:
    encoder = OpusEncoder()
    return [encoder.encode(pcm[start : start + PACKET]) for start in range(0, len(pcm), PACKET)]


TONE = encoded(tone(1.0))


class Heard:
    """What came, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[Samples] = []
        self._news = asyncio.Event()

    def __call__(self, pcm: Samples) -> None:
        assert pcm.dtype == np.int16 and pcm.ndim == 1
        self.pieces.append(pcm)
        self._news.set()

    @property
    def sound(self) -> Samples:
        return np.concatenate([EMPTY, *self.pieces])

    @property
    def silence(self) -> int:
        """Samples of digital silence."""
        return sum(len(piece) for piece in self.pieces if not piece.any())

    async def at_least(self, count: int) -> Samples:
        async with asyncio.timeout(PATIENCE):
            while len(self.sound) < count:
                self._news.clear()
                await self._news.wait()
        return self.sound


class Sender(MediaStreamTrack):
    """Sends packets with their RTP times as quickly as they are taken, then nothing."""

    kind = "audio"

    def __init__(self, packets: Iterable[tuple[int, bytes]]) -> None:
        super().__init__()
        self._packets = iter(packets)

    async def recv(self):  # type: ignore[no-untyped-def]  # aiortc takes packets, but doesn't say so
        for time, data in self._packets:
            return timed_packet(data, time, TIME_BASE)
        await asyncio.get_running_loop().create_future()
        raise MediaStreamError


@asynccontextmanager
async def speaker(packets: Iterable[tuple[int, bytes]], heard: Heard) -> AsyncIterator[tuple[Microphone, str]]:
    """A peer that sends, a peer with a `Microphone` that receives; gives that and the answer."""
    sender, receiver = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    sender.addTransceiver(Sender(packets), "sendonly")
    adapt(sender)
    await sender.setLocalDescription(await sender.createOffer())
    receivers: list[RTCRtpReceiver] = []
    receiver.on("track", lambda _: receivers.append(receiver.getTransceivers()[0].receiver))
    await receiver.setRemoteDescription(sender.localDescription)
    adapt(receiver)
    microphone = Microphone(receivers[0], heard)
    prefer_speech(receiver.getTransceivers()[0])
    await receiver.setLocalDescription(await receiver.createAnswer())
    await sender.setRemoteDescription(receiver.localDescription)
    try:
        yield microphone, receiver.localDescription.sdp
    finally:
        await asyncio.gather(sender.close(), receiver.close())
        await microphone.close()


def adapt(connection: RTCPeerConnection) -> None:
    for transceiver in connection.getTransceivers():
        Network(loopback=True).adapt(transceiver.receiver.transport.transport._connection)


def in_time(packets: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return [(index * PACKET, data) for index, data in enumerate(packets)]


def pitch(pcm: Samples) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)))))) * HEARD_RATE / len(pcm)


async def test_what_a_peer_says_is_heard_at_its_level_length_and_pitch() -> None:
    heard = Heard()
    async with speaker(in_time(TONE), heard):
        # What the resampler keeps back is less than a piece.
        sound = await heard.at_least(len(TONE) * HEARD_PACKET - HEARD_PACKET)
    assert len(TONE) * HEARD_PACKET - len(sound) < 40
    middle = sound[HEARD_RATE // 4 : HEARD_RATE * 3 // 4]
    assert rms(middle) == pytest.approx(8000 / np.sqrt(2), rel=0.05)
    assert pitch(middle) == pytest.approx(440, abs=4)


async def test_a_gap_is_heard_as_silence() -> None:
    heard = Heard()
    packets = in_time(TONE[:20])
    packets += [(time + 10 * PACKET, data) for time, data in in_time(TONE)[20:30]]
    async with speaker(packets, heard):
        sound = await heard.at_least(39 * HEARD_PACKET)
    assert heard.silence == 10 * HEARD_PACKET
    assert not sound[21 * HEARD_PACKET : 29 * HEARD_PACKET].any()


async def test_the_answer_asks_to_be_spared_silence() -> None:
    async with speaker([], Heard()) as (_, answer):
        assert "usedtx=1;maxplaybackrate=16000" in answer


async def test_time_passes_when_a_peer_has_fallen_silent() -> None:
    heard = Heard()
    async with speaker([*in_time(TONE[:5]), (5 * PACKET, SILENT)], heard):
        await heard.at_least(HEARD_RATE)
    assert heard.silence > HEARD_RATE // 2


async def test_it_ends_with_the_peer() -> None:
    async with speaker(in_time(TONE), Heard()) as (microphone, _):
        assert not microphone.is_over
    assert microphone.is_over


async def test_nothing_is_heard_after_it_was_closed() -> None:
    heard = Heard()
    async with speaker(in_time(TONE), heard) as (microphone, _):
        await heard.at_least(HEARD_PACKET)
        await microphone.close()
        pieces = len(heard.pieces)
        for _ in range(10):
            await asyncio.sleep(0)
        assert microphone.is_over
        assert len(heard.pieces) == pieces


def play(stream: OpusStream, indices: Iterable[int], first: int = 0, time: int = 0) -> None:
    """Push packets of the tone; `first` and `time` are the sequence number and the RTP time of packet 0."""
    for index in indices:
        stream.push((first + index) % 65536, (time + index * PACKET) % 2**32, TONE[index], index / 50)


def test_packets_are_heard_in_order() -> None:
    ordered, disordered = Heard(), Heard()
    play(OpusStream(ordered), range(10))
    play(OpusStream(disordered), [0, 1, 3, 2, 4, 7, 5, 6, 8, 9, 2])
    assert np.array_equal(ordered.sound, disordered.sound)


def test_counters_may_wrap_around() -> None:
    heard, wrapped = Heard(), Heard()
    play(OpusStream(heard), range(10))
    play(OpusStream(wrapped), range(10), first=65530, time=2**32 - 5 * PACKET)
    assert np.array_equal(heard.sound, wrapped.sound)


def test_a_lost_packet_is_silence_after_three_others_have_come() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    play(stream, [0, 1, 3, 4, 5])
    assert heard.silence == 0
    play(stream, [6, 7])
    assert heard.silence == HEARD_PACKET
    assert len(heard.sound) == pytest.approx(8 * HEARD_PACKET, abs=40)


def test_a_lost_packet_is_given_up_after_a_while() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    play(stream, [0, 1, 3])
    stream.pass_time(1 / 50 + 0.07)
    assert heard.silence == HEARD_PACKET
    assert len(heard.sound) == pytest.approx(4 * HEARD_PACKET, abs=40)


def test_a_long_gap_is_cut_to_a_second() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    stream.push(0, 0, TONE[0], 0)
    stream.push(1, 3600 * SAMPLE_RATE, TONE[1], 0)
    assert heard.silence == HEARD_RATE


def test_announced_silence_is_heard_as_time_passes_and_only_once() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    stream.push(0, 0, TONE[0], 0.0)
    stream.push(1, PACKET, SILENT, 0.02)
    stream.pass_time(0.05)
    assert heard.silence == 0
    stream.pass_time(0.12)
    stream.pass_time(0.22)
    assert heard.silence == round(0.2 * HEARD_RATE)
    stream.push(2, 21 * PACKET, TONE[2], 0.42)
    assert heard.silence == round(0.4 * HEARD_RATE)


def test_an_unannounced_pause_is_no_silence_until_it_is_long_and_a_second_at_most() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    stream.push(0, 0, TONE[0], 0.0)
    stream.pass_time(0.39)
    assert heard.silence == 0
    stream.pass_time(0.41)
    assert heard.silence == pytest.approx(0.41 * HEARD_RATE, abs=1)
    for later in range(1, 20):
        stream.pass_time(later)
    assert heard.silence == pytest.approx(HEARD_RATE, abs=2)


def test_late_sound_is_heard_after_the_silence_that_stood_in_for_it() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    stream.push(0, 0, TONE[0], 0.0)
    stream.pass_time(0.5)
    play(stream, [1, 2, 3])
    assert len(heard.sound) == pytest.approx(HEARD_RATE // 2 + 4 * HEARD_PACKET, abs=40)


def test_rubbish_is_a_gap() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    play(stream, [0, 1])
    stream.push(2, 2 * PACKET, b"\xff" * 7, 0.04)
    play(stream, [3])
    assert heard.silence == HEARD_PACKET
    assert len(heard.sound) == pytest.approx(4 * HEARD_PACKET, abs=40)


def test_a_sender_may_begin_anew() -> None:
    heard = Heard()
    stream = OpusStream(heard)
    play(stream, range(5), first=30_000, time=90_000)
    play(stream, range(5), first=100, time=50)
    assert len(heard.sound) == pytest.approx(10 * HEARD_PACKET, abs=40)


def test_nothing_is_heard_before_the_first_packet() -> None:
    heard = Heard()
    OpusStream(heard).pass_time(1000.0)
    assert heard.pieces == []
