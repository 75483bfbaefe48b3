"""Recordings as people have them, through a real server: what is heard of them, and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from tests.api.kiosk.real_kiosk import QUESTION, RealKiosk, question, real_kiosk, wav
from tests.asr.flite_speech import said
from tests.browser.conftest import serving
from visavis.media.samples import Resampler, Samples

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = {"VISAVIS_KIOSK_MAX_UPLOAD_MIB": "4"}
    with serving(tmp_path_factory.mktemp("data"), settings) as address:
        yield address


@pytest.fixture
async def kiosk(address: str) -> AsyncIterator[RealKiosk]:
    async with real_kiosk(address) as made:
        yield made


def encoded(pcm: Samples, container: str, codec: str, rate: int, other: Samples | None = None) -> bytes:
    """A file with `pcm`, which is at 16 kHz; with `other` it is the first of two channels."""
    resampler = Resampler(16_000, rate)
    sound = np.concatenate([resampler.push(pcm), resampler.flush()])
    layout = "mono" if other is None else "stereo"
    channels = [sound] if other is None else [sound, np.resize(other, len(sound))]
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels, dtype=np.int16), "s16p", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    file = BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        resample = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
        for piece in [*resample.resample(frame), *resample.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "container", "codec", "rate"),
    [
        ("16 bit.wav", "wav", "pcm_s16le", 44_100),
        ("24 bit.wav", "wav", "pcm_s24le", 48_000),
        ("8 bit.wav", "wav", "pcm_u8", 16_000),
        ("float.wav", "wav", "pcm_f32le", 44_100),
        ("telephone.wav", "wav", "pcm_s16le", 8000),
        ("question.mp3", "mp3", "mp3", 44_100),
        ("question.ogg", "ogg", "libopus", 48_000),
        ("question.flac", "flac", "flac", 44_100),
        ("question.webm", "webm", "libopus", 48_000),
        ("question.m4a", "ipod", "aac", 44_100),
    ],
)
async def test_a_recording_of_any_kind_is_understood(
    kiosk: RealKiosk, name: str, container: str, codec: str, rate: int
) -> None:
    recording = encoded(await said(QUESTION), container, codec, rate)
    snapshot = await kiosk.answered(recording, name)
    assert (snapshot["status"], snapshot["error"], snapshot["transcript"]) == ("completed", None, QUESTION)


async def test_of_two_channels_the_first_is_heard(kiosk: RealKiosk) -> None:
    """As deployed servers do it: what the second has in it does not matter."""
    noise = np.random.default_rng(7).integers(-9000, 9000, 16_000).astype(np.int16)
    recording = encoded(await said(QUESTION), "wav", "pcm_s16le", 44_100, other=noise)
    snapshot = await kiosk.answered(recording)
    assert (snapshot["status"], snapshot["transcript"]) == ("completed", QUESTION)

    silence = np.zeros(1, np.int16)
    quiet = (await said(QUESTION)) // 4
    mono = await kiosk.answered(wav(quiet), silence_threshold="400")
    stereo = await kiosk.answered(
        encoded(quiet, "wav", "pcm_s16le", 16_000, other=silence), silence_threshold="400"
    )
    assert stereo["captured_audio_seconds"] == mono["captured_audio_seconds"] > 0


@pytest.mark.parametrize(
    ("name", "recording", "reason"),
    [
        ("corrupt.wav", b"RIFF\x24\x08\x00\x00WAVEfmt \x10" + b"\xff" * 500, "decoded"),
        ("truncated.wav", wav(np.zeros(100, np.int16))[:30], "decoded"),
        ("corrupt.mp3", b"\xff\xfb\x90\x64" + bytes(400), "decoded"),
        ("empty.wav", b"", "empty"),
        ("notes.txt", b"When do you close?\n" * 40, "decoded"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), "no sound"),
    ],
)
async def test_what_is_no_sound_is_refused_with_a_reason(
    kiosk: RealKiosk, name: str, recording: bytes, reason: str
) -> None:
    answer = await kiosk.client.post("/api/v1/sessions/start-file", files={"file": (name, recording)})
    assert answer.status_code == 422
    (wrong,) = answer.json()["detail"]
    assert wrong["loc"] == ["body", "file"]
    assert reason in wrong["msg"]


async def test_a_huge_upload_is_refused_before_it_is_all_there(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(f"POST /api/v1/sessions/start-file HTTP/1.1\r\nHost: {host}\r\n{head}".encode())
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="huge.wav"\r\n\r\n'
    answer = asyncio.create_task(reader.readline())
    with suppress(ConnectionError):
        # It has no end: only the server's answer ends it.
        while not answer.done():
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
            part = bytes(MIB)
    assert b" 413 " in await answer
    writer.close()


async def test_a_recording_of_half_an_hour_is_refused(kiosk: RealKiosk) -> None:
    """It is small, but long."""
    recording = encoded(np.zeros(16_000 * 60 * 31, np.int16), "flac", "flac", 16_000)
    assert len(recording) < MIB
    answer = await kiosk.client.post("/api/v1/sessions/start-file", files={"file": ("long.flac", recording)})
    assert answer.status_code == 413
    assert "longer than" in answer.json()["detail"]


async def test_a_recording_that_breaks_off_is_heard_as_far_as_it_goes(kiosk: RealKiosk) -> None:
    recording = await question()
    snapshot = await kiosk.answered(recording[: len(recording) * 2 // 3])
    assert (snapshot["status"], snapshot["end_reason"], snapshot["error"]) == ("completed", "completed", None)
    assert snapshot["transcript"]


async def test_a_recording_without_samples_is_a_question_without_words(kiosk: RealKiosk) -> None:
    snapshot = await kiosk.answered(wav(np.zeros(0, np.int16)))
    assert (snapshot["status"], snapshot["end_reason"], snapshot["transcript"]) == ("completed", "completed", "")
    assert (snapshot["speech_started"], snapshot["response"]) == (False, "")
