"""Flite: clear English from the Debian package, with the time of every phoneme.

Each sentence is said by a process of its own: flite's libraries can neither stop in the middle of a sentence nor
be trusted with every text in a process that carries media. It takes some 10 ms per second of speech, all of
it before the first sound.
"""

import asyncio
import os
import shutil
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from weakref import WeakKeyDictionary

from visavis.errors import InvalidInput, StageFailed
from visavis.media.samples import Samples, from_bytes
from visavis.settings import Settings
from visavis.tts import Mark, Sex, Speech, VoiceInfo
from visavis.tts.silence import Trim

REMEDY = "install the Debian package flite: apt install flite"

TIMEOUT = 30.0
"""Seconds for one sentence; the slowest voice needs about a third of one."""

MAX_CHARS = 2000
"""A sentence of 300 characters with its numbers written out, and room to spare."""

PIECE = 0.1
"""Seconds of sound in one `Speech`."""

VOICES = {
    "slt": "US English, a woman",
    "rms": "US English, a man",
    "awb": "Scottish English, a man",
    "kal16": "US English, a man, quick to make, robotic",
}

IPA = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ", "b": "b",
    "ch": "tʃ", "d": "d", "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "l", "em": "m", "en": "n", "er": "ɝ", "ey": "eɪ",
    "f": "f", "g": "ɡ", "hh": "h", "hv": "ɦ", "ih": "ɪ", "iy": "i", "jh": "dʒ", "k": "k", "l": "l", "m": "m",
    "n": "n", "ng": "ŋ", "nx": "ɾ", "ow": "oʊ", "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t",
    "th": "θ", "uh": "ʊ", "uw": "u", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
    "pau": "", "h#": "", "brth": "",
}  # fmt: skip
"""Flite's phones (CMU Arpabet and the diphone voices' own) as IPA."""

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""How many processes a loop may have at once: one for each core."""


class FliteProvider:
    """Voices of the `flite` program. Option (`VISAVIS_OPTIONS__FLITE__…`): `STRETCH`, 1.0; greater is slower."""

    name = "flite"

    def __init__(self, settings: Settings) -> None:
        self._stretch = min(3.0, max(0.3, settings.option("flite", "stretch", 1.0)))

    def missing(self) -> str | None:
        """See `Provider`."""
        return None if shutil.which("flite") else REMEDY

    def voices(self) -> Sequence[VoiceInfo]:
        """The voices of the Debian package that are worth listening to."""
        return [_info(name) for name in VOICES]

    def voice(self, name: str, language: str, model: str = "") -> "FliteVoice":
        """See `VoiceProvider`; it speaks English only."""
        if not name and language.lower().split("-")[0] != "en":
            raise InvalidInput(f"flite speaks English only, not {language!r}")
        if name and name not in VOICES:
            raise InvalidInput(f"flite has no voice {name!r}; it has {', '.join(VOICES)}")
        return FliteVoice(_info(name or "slt"), self._stretch)


class FliteVoice:
    """One voice of flite; shared freely."""

    def __init__(self, info: VoiceInfo, stretch: float) -> None:
        self.info = info
        self._stretch = stretch

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. Nothing comes for a text that has nothing to say."""
        if len(text) > MAX_CHARS:
            raise StageFailed("tts", f"flite says at most {MAX_CHARS} characters at once; split the text")
        if not any(character.isalnum() for character in text):
            return
        wav, phones = await self._synthesise(text)
        pcm, sample_rate = _sound(wav)
        marks = list(_marks(phones, sample_rate))
        trim = Trim(sample_rate)
        step = round(PIECE * sample_rate)
        for start in range(0, len(pcm), step):
            ready = [mark for mark in marks if start <= mark.start < start + step]
            if speech := trim.push(pcm[start : start + step], ready):
                yield speech
        if speech := trim.flush():
            yield speech

    async def _synthesise(self, text: str) -> tuple[bytes, str]:
        """The WAV file and what `-psdur` prints. The text goes in by a pipe: arguments are seen by everybody."""
        # Flite appends to its output by name; a file in memory has one and needs no clearing away.
        output = os.memfd_create("speech")
        try:
            async with _place(), asyncio.timeout(TIMEOUT):
                process = await asyncio.create_subprocess_exec(
                    "flite", "-voice", self.info.name, "--setf", f"duration_stretch={self._stretch}",
                    "-psdur", "-f", "-", "-o", f"/proc/self/fd/{output}",
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL, pass_fds=(output,),
                )  # fmt: skip
                try:
                    printed, _ = await process.communicate(_one_line(text).encode("utf-8", "replace"))
                finally:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
            if process.returncode != 0:
                raise StageFailed("tts", f"flite has failed (status {process.returncode})")
            size = os.fstat(output).st_size
            return os.pread(output, size, 0), printed.decode("ascii", "replace")
        except FileNotFoundError as error:
            raise StageFailed("tts", REMEDY) from error
        except TimeoutError as error:
            raise StageFailed("tts", f"flite did not finish a sentence in {TIMEOUT:.0f} s") from error
        finally:
            os.close(output)


def _place() -> asyncio.Semaphore:
    return _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(os.cpu_count() or 1))


def _info(name: str) -> VoiceInfo:
    sex: Sex = "female" if "woman" in VOICES[name] else "male"
    return VoiceInfo("flite", name, "en-GB" if name == "awb" else "en-US", f"{name}: {VOICES[name]}", sex)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split()) + "\n"


def _sound(wav: bytes) -> tuple[Samples, int]:
    """The samples and the rate of a RIFF file of 16-bit mono sound."""
    at, rate = 12, 0
    while at + 8 <= len(wav):
        kind, size = struct.unpack_from("<4sI", wav, at)
        if kind == b"fmt ":
            rate = struct.unpack_from("<I", wav, at + 12)[0]
        if kind == b"data" and rate:
            return from_bytes(wav[at + 8 : at + 8 + size]), rate
        at += 8 + size
    raise StageFailed("tts", "flite gave no sound")


def _marks(printed: str, sample_rate: int) -> Iterator[Mark]:
    """Phonemes from `pau:0.164 hh:0.255 …`: each with its end in seconds, one utterance a line."""
    offset = 0.0
    pausing = False
    for line in printed.splitlines():
        start = 0.0
        for entry in line.split():
            phone, _, end = entry.partition(":")
            value = IPA.get(phone, "")
            if value or not pausing:
                yield Mark("phoneme", round((offset + start) * sample_rate), value)
            pausing = not value
            start = float(end)
        offset += start
