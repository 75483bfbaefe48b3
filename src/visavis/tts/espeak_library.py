"""espeak-ng as a library: what it can say, and how it is asked to.

libespeak-ng has one global, non-reentrant instance. All calls happen in one thread of this process, which is
therefore also the lock: at a hundredth of real time it serves hundreds of sessions. espeak-ng is GPL-3: it is
a separately installed library that is loaded at run time (`espeakng-loader` brings it).

Source: espeak-ng 1.52, `speak_lib.h`.
"""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from visavis.errors import StageFailed, Unavailable
from visavis.media.samples import Samples
from visavis.tts import Sex

REMEDY = "install espeak-ng: pip install espeakng-loader"

thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")
"""The one thread that may call the library; it starts with the first call."""

BUFFER_MS = 60
"""Length of the pieces the library is asked for; real ones are 40 to 100 ms."""

WORD, PHONEME = 1, 7
"""`espeak_EVENT_TYPE`s that are passed on."""

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_UTF8, _END_PAUSE = 0x1, 0x1000
_POSITION_CHARACTER = 1
_RATE, _VOLUME, _PITCH = 1, 2, 3

_SEXES: dict[int, Sex] = {1: "male", 2: "female"}
"""By `espeak_VOICE.gender`."""

_WITHOUT_DICTIONARY = {"gmq/fo", "trk/kaa", "art/xex"}
"""Listed by espeakng-loader 0.2.4, but their dictionaries are not in it: the library complains on stderr."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_void_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class ListedVoice:
    """A voice file of the library."""

    identifier: str
    """`gmw/en-US`."""
    label: str
    """`English (America)`."""
    languages: tuple[tuple[int, str], ...]
    """(priority, tag in lower case); a lower number is a better match."""
    sex: Sex


@dataclass(frozen=True, slots=True)
class Event:
    """Something the library says about the sound of the same piece."""

    type: int
    """`WORD` or `PHONEME`."""
    start_ms: int
    """Since the start of the sound."""
    text_position: int
    """Index of the character in the text."""
    length: int
    """WORD: its characters."""
    phoneme: str
    """PHONEME: IPA as the library writes it, stress and length included; empty for a pause."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to say it."""

    rate: int
    """Words a minute, 80 to 450."""
    pitch: int
    """0 to 100."""
    volume: int
    """0 to 200, 100 is normal."""


TakePiece = Callable[[Samples, list[Event]], bool]
"""Given each piece as it is made; False stops the synthesis."""


class Library:
    """The loaded library. Made and used in `thread` only."""

    def __init__(self) -> None:
        location = _location()
        if location is None:
            raise Unavailable(REMEDY)
        try:
            self._lib = ctypes.CDLL(str(location))
        except OSError as error:
            raise Unavailable(f"espeak-ng cannot be loaded; {REMEDY}") from error
        self._lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._lib.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        data = str(location.parent).encode()
        self.sample_rate: int = self._lib.espeak_Initialize(_SYNCHRONOUS, BUFFER_MS, data, options)
        """Hz of the sound."""
        if self.sample_rate <= 0:
            raise Unavailable(f"espeak-ng finds no voice data; {REMEDY}")
        self._callback = _Callback(self._took)
        self._lib.espeak_SetSynthCallback(self._callback)
        listed = (voice for voice in self._list(None) if voice.identifier not in _WITHOUT_DICTIONARY)
        self.voices = tuple(listed)
        """Every voice that can be chosen."""
        self.variants = {Path(voice.identifier).name: voice.sex for voice in self._list(b"variant")}
        """Names that may follow a voice's, after a `+`, and how they make it sound."""
        self._take: TakePiece | None = None
        self._failure: BaseException | None = None

    def speak(self, text: str, voice: str, manner: Manner, take: TakePiece) -> None:
        """Say `text`; return when all is said or `take` has answered False.

        `voice` is an identifier, perhaps with a variant: `gmw/en-US+f3`.
        """
        self._check(self._lib.espeak_SetVoiceByName(voice.encode()), "does not know the voice")
        # Voice files change these for good, so they are set each time.
        for parameter, value in ((_RATE, manner.rate), (_PITCH, manner.pitch), (_VOLUME, manner.volume)):
            self._check(self._lib.espeak_SetParameter(parameter, value, 0), "refuses its settings")
        raw = text.replace("\0", " ").encode("utf-8", "replace")
        self._take, self._failure = take, None
        try:
            status = self._lib.espeak_Synth(
                raw, len(raw) + 1, 0, _POSITION_CHARACTER, 0, _UTF8 | _END_PAUSE, None, None
            )
        finally:
            self._take = None
        if self._failure is not None:
            raise self._failure
        self._check(status, "cannot say the text")

    def _took(self, wav: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
        # An exception must not leave a ctypes callback: it would be printed and forgotten. It ends the
        # synthesis instead, and `speak` raises it.
        try:
            if self._take is None:
                return 1
            heard = _events(events)
            if not count and not heard:
                return 0
            pcm = np.ctypeslib.as_array(wav, (count,)).copy() if count else np.zeros(0, dtype=np.int16)
            return 0 if self._take(pcm, heard) else 1
        except BaseException as error:  # noqa: BLE001  # raised again by `speak`
            self._failure = error
            return 1

    def _list(self, kind: bytes | None) -> list[ListedVoice]:
        kept = ctypes.create_string_buffer(kind + b"\0") if kind else None
        like = _Voice(languages=ctypes.addressof(kept)) if kept else None
        found = self._lib.espeak_ListVoices(ctypes.byref(like) if like else None)
        voices: list[ListedVoice] = []
        while found[len(voices)]:
            voice = found[len(voices)].contents
            languages = () if kind else _languages(voice.languages)
            sex = _SEXES.get(voice.gender, "")
            voices.append(ListedVoice(voice.identifier.decode(), voice.name.decode().strip(), languages, sex))
        return voices

    @staticmethod
    def _check(status: int, what: str) -> None:
        if status != 0:
            raise StageFailed("tts", f"espeak {what} (code {status})")


def installed() -> bool:
    """Whether the library is there; does not load it."""
    return _location() is not None


@cache
def library() -> Library:
    """The library of this process; only for `thread`. `Unavailable` if it cannot be loaded."""
    return Library()


def _location() -> Path | None:
    """The library file, whose directory also holds `espeak-ng-data`."""
    spec = find_spec("espeakng_loader")
    if spec is None or spec.origin is None:
        return None
    names = ("libespeak-ng.so", "libespeak-ng.dylib", "espeak-ng.dll")
    return next((path for name in names if (path := Path(spec.origin).parent / name).exists()), None)


def _events(first: "ctypes._Pointer[_Event]") -> list[Event]:
    events = []
    index = 0
    while (kind := first[index].type) != 0:
        if kind in (WORD, PHONEME):
            raw = first[index]
            # At most 8 bytes, without a final zero if it needs them all: the last character may be cut.
            name = ctypes.string_at(ctypes.addressof(raw.id), 8).split(b"\0")[0].decode("utf-8", "ignore")
            phoneme = name if kind == PHONEME else ""
            events.append(Event(kind, raw.audio_position, raw.text_position - 1, raw.length, phoneme))
        index += 1
    return events


def _languages(address: int) -> tuple[tuple[int, str], ...]:
    """A list of (priority byte, tag, zero byte), ended by a zero byte."""
    languages = []
    while priority := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        languages.append((priority, tag.decode()))
        address += len(tag) + 2
    return tuple(languages)
