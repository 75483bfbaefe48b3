"""The real PortAudio and PulseAudio, without hardware: see `tests.transport.pulse`."""

import asyncio
import ctypes.util
import os
import sys
import threading
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.asr.flite_speech import PAUSE, said
from tests.transport.pulse import PATIENCE, Pulse, lag, pulse_audio
from visavis.errors import InvalidInput, Unavailable, VisavisError
from visavis.media.chunk import AVChunk
from visavis.media.samples import EMPTY, Resampler, Samples, rms
from visavis.media.timeline import HEARD_RATE, PACKET, SAMPLE_RATE
from visavis.testing.transport import check_transport
from visavis.transport.local_microphone import WAITING, LocalMicrophone
from visavis.transport.local_sound import find_input, find_output, input_devices
from visavis.transport.loudspeaker import CUSHION, ROOM, Loudspeaker, Ring

pytestmark = pytest.mark.peers


LOUD = 1000
SILENCE = np.zeros(PACKET, dtype=np.int16)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    with pulse_audio(tmp_path_factory.mktemp("pulse")) as found:
        yield found


@pytest.fixture
def pulse(server: Pulse, monkeypatch: pytest.MonkeyPatch) -> Pulse:
    use(server, monkeypatch)
    return server


def use(server: Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def deserted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sound server, and an ALSA that knows no device."""
    alsa = tmp_path / "asound.conf"
    # PortAudio aborts if there is no pcm at all; this one leads nowhere.
    alsa.write_text("pcm.nobody { type pulse }", "utf-8")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")


class Heard:
    """What a microphone has given so far, and on which threads."""

    def __init__(self) -> None:
        self.pieces: list[Samples] = []
        self.threads: set[int] = set()
        self._more = asyncio.Event()

    def __call__(self, pcm: Samples) -> None:
        self.pieces.append(pcm)
        self.threads.add(threading.get_ident())
        self._more.set()

    @property
    def sound(self) -> Samples:
        return np.concatenate([EMPTY, *self.pieces])

    async def until(self, check: Callable[[Samples], bool]) -> Samples:
        async with asyncio.timeout(PATIENCE):
            while not check(self.sound):
                self._more.clear()
                await self._more.wait()
        return self.sound


@asynccontextmanager
async def listening(
    device: int | str | None = None, sample_rate: int = HEARD_RATE
) -> AsyncIterator[tuple[LocalMicrophone, Heard]]:
    heard = Heard()
    microphone = LocalMicrophone(device, sample_rate, heard)
    try:
        await microphone.opened()
        yield microphone, heard
    finally:
        await microphone.close()


@asynccontextmanager
async def speaking(device: int | str | None = None) -> AsyncIterator[Loudspeaker]:
    speaker = Loudspeaker(device)
    try:
        await speaker.opened()
        yield speaker
    finally:
        await speaker.close()


async def spoken(text: str) -> Samples:
    """A sentence at 16 kHz, without a pause at its ends."""
    return (await said(text))[len(PAUSE) : -len(PAUSE)]


def write(path: Path, pcm: Samples) -> Path:
    """A file with half a second of silence before and after."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HEARD_RATE)
        file.writeframes(np.concatenate([PAUSE, pcm, PAUSE]).tobytes())
    return path


def at_rate(pcm: Samples, sample_rate: int, source_rate: int = HEARD_RATE) -> Samples:
    resampler = Resampler(source_rate, sample_rate)
    return np.concatenate([resampler.push(pcm), resampler.flush()])


def assert_same(sound: Samples, speech: Samples, sample_rate: int) -> None:
    """`speech` is in `sound`, at its level, from its beginning to its end without a gap."""
    start = lag(sound, speech)
    same = sound[start : start + len(speech)]
    assert len(same) == len(speech)
    assert abs(20 * np.log10(rms(same) / rms(speech))) < 1
    # A gap moves what comes after it: every part has to be where the whole is.
    loud = [
        part for part in range(0, len(speech), sample_rate // 4) if rms(speech[part:][: sample_rate // 4]) > 500
    ]
    assert len(loud) >= 3
    for part in loud:
        piece, original = same[part:][: sample_rate // 4], speech[part:][: sample_rate // 4]
        assert np.corrcoef(piece, original)[0, 1] > 0.97, f"{part / sample_rate} s"


def test_devices_are_listed_with_what_a_client_wants_to_know(pulse: Pulse) -> None:
    devices = {device.name: device for device in input_devices()}
    assert {"default", "kiosk", "room"} <= devices.keys()
    assert devices["kiosk"].channels > 0
    assert devices["kiosk"].sample_rate > 8000


def test_a_device_is_found_by_index_by_part_of_its_name_or_by_default(pulse: Pulse) -> None:
    kiosk = next(device for device in input_devices() if device.name == "kiosk")
    assert find_input(kiosk.index) == find_input("KIOSK") == find_input("iosk") == kiosk
    assert find_input(None).name == find_output(None).name == "default"
    assert find_output("room").index == find_input("room").index


@pytest.mark.parametrize(
    ("device", "text"),
    [(9999, "Error querying device 9999: choose"), ("x'y", 'No input device matching "x\'y": choose')],
)
def test_a_device_that_is_not_there_is_answered_with_those_that_are(
    pulse: Pulse, device: int | str, text: str
) -> None:
    with pytest.raises(InvalidInput, match="kiosk") as refused:
        find_input(device)
    assert refused.value.message.startswith(text)


@pytest.mark.usefixtures("deserted")
async def test_without_a_device_the_list_is_empty_and_the_error_clear() -> None:
    assert input_devices() == []
    lost: list[VisavisError] = []
    microphone = LocalMicrophone(None, HEARD_RATE, Heard(), lost.append)
    with pytest.raises(Unavailable, match="^Error querying device -1: this server has no microphone"):
        await microphone.opened()
    assert [error.message for error in lost] == [str(lost[0])]
    assert microphone.is_over
    await microphone.close()
    for device, text in ((9999, "^Error querying device 9999: "), ("x", "^No input device matching 'x': ")):
        with pytest.raises(InvalidInput, match=text):
            find_input(device)
    with pytest.raises(Unavailable, match="no loudspeaker"):
        find_output(None)


@pytest.mark.usefixtures("deserted")
async def test_a_device_that_comes_later_is_seen_unless_a_stream_is_open(
    server: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert input_devices() == []
    use(server, monkeypatch)
    before = input_devices()
    assert before
    more = Path(server.environment["ALSA_CONFIG_PATH"]).with_name("more.conf")
    more.write_text(f"<{os.environ['ALSA_CONFIG_PATH']}>\npcm.late {{ type pulse hint {{ show on }} }}", "utf-8")
    async with listening():
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(more))
        assert input_devices() == before
    assert "late" in {device.name for device in input_devices()}


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(Unavailable, match=r"pip install 'visavis\[microphone\]'"):
        input_devices()


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(Unavailable, match="apt-get install libportaudio2"):
        input_devices()


async def test_what_is_said_in_the_room_is_heard_at_any_rate(pulse: Pulse, tmp_path: Path) -> None:
    speech = await spoken("The museum opens at nine.")
    path = write(tmp_path / "speech.wav", speech)
    rates = (16_000, 44_100, 48_000)
    async with listening("kiosk", 16_000) as a, listening("kiosk", 44_100) as b, listening(None, 48_000) as c:
        await pulse.play(path)
        ears = [heard for _, heard in (a, b, c)]
        for heard, rate in zip(ears, rates, strict=True):
            await heard.until(lambda pcm, rate=rate: quiet_again(pcm, rate))  # type: ignore[misc]  # bound now
    for (microphone, heard), rate in zip((a, b, c), rates, strict=True):
        assert_same(heard.sound, at_rate(speech, rate), rate)
        assert microphone.overflows == 0
        assert heard.threads == {threading.get_ident()}


def quiet_again(pcm: Samples, sample_rate: int) -> bool:
    loud = np.flatnonzero(np.abs(pcm) > LOUD)
    return len(loud) > 0 and len(pcm) - loud[-1] > sample_rate * 2 // 5


async def test_a_device_that_refuses_the_rate_is_opened_at_its_own(
    pulse: Pulse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sounddevice

    class Stubborn(sounddevice.RawInputStream):  # type: ignore[misc]  # untyped
        """As bare hardware: two channels at 44.1 kHz, or nothing."""

        def __init__(self, *, samplerate: int, channels: int, **options: object) -> None:
            if samplerate != 44_100:
                raise sounddevice.PortAudioError("Invalid sample rate", -9997)
            if channels == 1:
                raise sounddevice.PortAudioError("Invalid number of channels", -9998)
            super().__init__(samplerate=samplerate, channels=channels, **options)

    monkeypatch.setattr(sounddevice, "RawInputStream", Stubborn)
    speech = await spoken("At nine.")
    async with listening() as (_, heard):
        await pulse.play(write(tmp_path / "speech.wav", speech))
        await heard.until(lambda pcm: quiet_again(pcm, HEARD_RATE))
    assert_same(heard.sound, speech, HEARD_RATE)


async def test_nothing_is_heard_after_the_microphone_was_closed(pulse: Pulse) -> None:
    async with listening() as (microphone, heard):
        await heard.until(lambda pcm: len(pcm) > 0)
        await microphone.close()
        pieces = len(heard.pieces)
        await asyncio.sleep(0)
        assert microphone.is_over
        assert len(heard.pieces) == pieces


async def test_a_loop_that_is_busy_loses_sound_and_takes_no_more_memory(pulse: Pulse) -> None:
    microphone = LocalMicrophone("no such device", HEARD_RATE, Heard())
    block = np.ones(320, dtype=np.int16).tobytes()
    status = type("Status", (), {"input_overflow": False})
    for _ in range(WAITING + 50):
        microphone._captured(block, 320, None, status)
    assert microphone.overflows == 50
    await microphone.close()


async def test_a_microphone_and_a_loudspeaker_that_go_away_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: asyncio.Queue[VisavisError] = asyncio.Queue()
    with pulse_audio(tmp_path) as server:
        use(server, monkeypatch)
        heard = Heard()
        microphone = LocalMicrophone(None, HEARD_RATE, heard, lost.put_nowait)
        speaker = Loudspeaker(None, lost.put_nowait)
        await asyncio.gather(microphone.opened(), speaker.opened(), heard.until(lambda pcm: len(pcm) > 0))
        server.die()
        async with asyncio.timeout(PATIENCE):
            errors = [await lost.get(), await lost.get()]
    assert {type(error) for error in errors} == {Unavailable}
    assert {error.message.split(":")[0] for error in errors} == {
        "the microphone is gone",
        "the loudspeaker is gone",
    }
    assert microphone.is_over
    assert speaker.is_over
    speaker.play(AVChunk(0, SILENCE + 1))
    assert speaker.waiting == 0
    with pytest.raises(Unavailable, match="gone"):
        await microphone.opened()
    await asyncio.gather(microphone.close(), speaker.close())
    assert lost.empty()


async def test_a_loudspeaker_keeps_the_contract(pulse: Pulse) -> None:
    await check_transport(Loudspeaker())


async def paced(speaker: Loudspeaker, pcm: Samples) -> None:
    """Play as a playout does: as much as the device takes."""
    for start in range(0, len(pcm), PACKET):
        while speaker.waiting > ROOM // 2:  # noqa: ASYNC110  # the device tells nobody when it takes some
            await asyncio.sleep(0.005)
        speaker.play(AVChunk(start, pcm[start : start + PACKET]))


async def test_what_is_played_comes_out_of_the_loudspeaker(pulse: Pulse) -> None:
    speech = at_rate(await spoken("The museum opens at nine."), SAMPLE_RATE)
    async with pulse.recording() as recording, speaking() as speaker:
        await paced(speaker, speech)
        speaker.play(AVChunk(len(speech), SILENCE, silent=True))
        sound = await recording.until(lambda pcm: quiet_again(pcm, SAMPLE_RATE))
        assert (speaker.underruns, speaker.dropped) == (0, 0)
    assert_same(sound, speech, SAMPLE_RATE)


async def test_what_was_flushed_is_not_heard(pulse: Pulse) -> None:
    tone = AVChunk(0, np.full(PACKET, 8000, dtype=np.int16))
    written = 0
    async with pulse.recording() as recording, speaking() as speaker:
        beginning = asyncio.create_task(recording.until(lambda pcm: bool(np.any(pcm > LOUD))))
        while not beginning.done() or not speaker.waiting:
            if speaker.waiting < ROOM // 2:
                speaker.play(tone)
                written += PACKET
            else:
                await asyncio.sleep(0.005)
        await beginning
        waiting = speaker.waiting
        speaker.flush()
        assert speaker.waiting == 0
        sound = await recording.until(lambda pcm: quiet_again(pcm, SAMPLE_RATE))
    assert waiting > 0
    assert 0 < np.count_nonzero(sound > LOUD) <= written - waiting + PACKET


async def test_silence_is_left_out_where_the_device_is_late_and_never_makes_it_late(pulse: Pulse) -> None:
    speaker = Loudspeaker("no such device")
    speaker.play(AVChunk(0, SILENCE, silent=True))
    assert speaker.waiting == 0
    speaker.play(AVChunk(0, SILENCE + 1))
    assert speaker.waiting == CUSHION + PACKET
    speaker.play(AVChunk(PACKET, SILENCE, silent=True))
    assert speaker.waiting == CUSHION + PACKET
    await speaker.close()


async def test_what_does_not_fit_is_counted(pulse: Pulse) -> None:
    speaker = Loudspeaker("no such device")
    speaker.play(AVChunk(0, np.ones(ROOM, dtype=np.int16)))
    assert speaker.dropped == CUSHION
    with pytest.raises(InvalidInput, match="No output device matching"):
        await speaker.opened()
    await speaker.close()


def test_a_ring_gives_what_it_was_given_in_order() -> None:
    ring = Ring(10)
    given = np.arange(1, 100, dtype=np.int16)
    taken: list[Samples] = []
    position = 0
    for _ in range(20):
        position += ring.write(given[position : position + 7])
        taken.append(ring.read(4))
    assert np.array_equal(np.concatenate(taken), given[: len(np.concatenate(taken))])
    assert ring.write(given) == 10 - (position - len(np.concatenate(taken)))
    ring.clear()
    assert len(ring) == len(ring.read(5)) == 0
