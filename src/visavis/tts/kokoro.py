"""Kokoro: one small neural model with many natural voices, in English and some other languages.

A model is a directory with a `.onnx` file and a `.bin` file of voices (`kokoro-v1.0.onnx` and `voices-v1.0.bin`).
Phonemes come from espeak-ng through `phonemizer`, Chinese ones from `misaki`, by which the model was trained.

Source: kokoro-onnx 0.6.1. A session may be run by several threads at once; espeak-ng may not, and is guarded here.
"""

import logging
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from visavis.errors import InvalidInput, StageFailed, Unavailable
from visavis.models.shelf import Shelf
from visavis.settings import Settings
from visavis.tts import Sex, Speech, VoiceInfo
from visavis.tts.ipa_marks import ipa_marks
from visavis.tts.onnx_model import Once, StoppableSession, Stretch, once, sayable, speak, to_samples

SAMPLE_RATE = 24_000

AT_ONCE = 200
"""Phonemes of one run: a long sentence is heard before its end is made. 100 to 200 are what the model says best
(https://huggingface.co/hexgrad/Kokoro-82M/blob/main/VOICES.md); it could take 510.
"""

SENTENCE_PAUSE, CLAUSE_PAUSE = 0.25, 0.1
"""Seconds between two runs, as the library has them."""


class Tongue(NamedTuple):
    """What the first letter of a voice's name says."""

    tag: str
    """BCP 47."""
    espeak: str
    """Espeak's name of it; empty where espeak does not write what the model has learnt."""


TONGUES = {
    "a": Tongue("en-US", "en-us"),
    "b": Tongue("en-GB", "en-gb"),
    "e": Tongue("es-ES", "es"),
    "f": Tongue("fr-FR", "fr-fr"),
    "h": Tongue("hi-IN", "hi"),
    "i": Tongue("it-IT", "it"),
    "j": Tongue("ja-JP", ""),
    "p": Tongue("pt-BR", "pt-br"),
    "z": Tongue("zh-CN", ""),
}
SEXES: dict[str, Sex] = {"f": "female", "m": "male"}
"""By the second letter."""

USUAL = ("af_heart", "bf_emma", "zf_xiaoxiao")
"""Preferred to the first by name: those that the model's author judges best."""

_espeak = threading.Lock()


class KokoroProvider:
    """Voices of Kokoro.

    Options (`VISAVIS_OPTIONS__KOKORO__…`): `MODEL_DIR`; `THREADS`, 2, that work on one sentence; `SPEED`, 1.0,
    from 0.5 to 2.
    """

    name = "kokoro"

    def __init__(self, settings: Settings) -> None:
        self._shelf = Shelf(settings)
        self._threads = settings.option("kokoro", "threads", 2)
        self._speed = min(2.0, max(0.5, settings.option("kokoro", "speed", 1.0)))

    def missing(self) -> str | None:
        """See `Provider`."""
        if not find_spec("kokoro_onnx"):
            return "install it: pip install 'visavis[kokoro]'"
        if lack := self._shelf.lack(self.name):
            return lack
        try:
            self._files()
        except Unavailable as error:
            return error.message
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        """Those in the file of voices whose language can be spoken here."""
        if self.missing():
            return []
        _, voices = self._files()
        infos = (_info(name) for name in _names(voices, voices.stat().st_mtime_ns))
        return [info for info in infos if info is not None and _lack(info.name) is None]

    def voice(self, name: str, language: str, model: str = "") -> "KokoroVoice":
        """See `VoiceProvider`. The model is loaded with its first sentence."""
        if missing := self.missing():
            raise InvalidInput(missing)
        listed = {info.name: info for info in self.voices()}
        if name and name not in listed:
            lack = _lack(name) if _info(name) else None
            raise InvalidInput(lack or f"kokoro has no voice {name[:80]!r}; try one like af_heart or bm_george")
        info = listed[name] if name else _best(list(listed.values()), language)
        model_file, voices = self._files()
        loaded = once(
            (self.name, model_file, voices, self._threads), lambda: Model(model_file, voices, self._threads)
        )
        return KokoroVoice(info, loaded, self._speed)

    def _files(self) -> tuple[Path, Path]:
        """The model and its voices."""
        directory = self._shelf.choose(self.name, "en")
        models, voices = sorted(directory.glob("*.onnx")), sorted(directory.glob("*.bin"))
        if not models or not voices or not _names(voices[0], voices[0].stat().st_mtime_ns):
            raise Unavailable("kokoro: the model's directory lacks the model, *.onnx, or its voices, *.bin")
        return models[0], voices[0]


class KokoroVoice:
    """One voice; shared freely."""

    def __init__(self, info: VoiceInfo, loaded: "Once[Model]", speed: float) -> None:
        self.info = info
        self._loaded = loaded
        self._speed = speed

    def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. Nothing comes for a text that has nothing to say."""
        return speak(
            "kokoro", text, SAMPLE_RATE, lambda: self._loaded.get().say(text, self.info.name, self._speed)
        )


class Model:
    """The model with its voices. For threads."""

    def __init__(self, model: Path, voices: Path, threads: int) -> None:
        from kokoro_onnx import Kokoro

        # They would log what is said.
        for name in ("kokoro_onnx", "phonemizer", "jieba"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self._kokoro = Kokoro.from_session(StoppableSession(str(model), threads), str(voices))
        self._styles: dict[str, npt.NDArray[np.float32]] = {}
        self._writers: dict[str, Callable[[str], str]] = {}

    def say(self, text: str, voice: str, speed: float) -> Iterator[Stretch]:
        """One stretch for each part of the sentence."""
        from kokoro_onnx.chunker import pause_after, split_phonemes

        style, phonemes = self._prepared(text, voice)
        parts = split_phonemes(phonemes, AT_ONCE)
        for number, part in enumerate(parts, 1):
            if not self._kokoro.tokenizer.tokenize(part):
                continue
            sound, rate, timings = self._kokoro.create_timed(part, style, speed, is_phonemes=True)
            if rate != SAMPLE_RATE:
                raise StageFailed("tts", f"kokoro makes sound of {rate} Hz; it should be {SAMPLE_RATE}")
            pause = 0.0 if number == len(parts) else pause_after(part, SENTENCE_PAUSE, CLAUSE_PAUSE)
            pcm = np.concatenate((to_samples(sound), np.zeros(round(pause * rate), dtype=np.int16)))
            symbols = [(timing.phoneme, round(timing.start * rate)) for timing in timings]
            yield Stretch(pcm, ipa_marks(symbols) if symbols else None)

    def _prepared(self, text: str, voice: str) -> tuple[npt.NDArray[np.float32], str]:
        """The voice's style, and the phonemes. The file of voices is read piece by piece, by one at a time."""
        with _espeak:
            if voice not in self._styles:
                self._styles[voice] = np.array(self._kokoro.get_voice_style(voice))
            letter = voice[0]
            if letter not in self._writers:
                self._writers[letter] = _chinese() if letter == "z" else _espeaking(TONGUES[letter].espeak)
            written = self._writers[letter](sayable(text))
        return self._styles[voice], " ".join(self._kokoro.tokenizer.known(written).split())


def _espeaking(language: str) -> Callable[[str], str]:
    """Text → phonemes. One backend for all sentences: making one takes 10 ms, a sentence less than one."""
    from phonemizer.backend import EspeakBackend

    # With flags, "(en)" would be said before each English word of a French sentence.
    backend = EspeakBackend(
        language,
        preserve_punctuation=True,
        with_stress=True,
        language_switch="remove-flags",
        logger=logging.getLogger("phonemizer"),
    )
    return lambda text: str("".join(backend.phonemize([text], strip=True)))


def _chinese() -> Callable[[str], str]:
    from misaki.zh import ZHG2P

    writer = ZHG2P()
    return lambda text: str(writer(text)[0])


def _lack(name: str) -> str | None:
    """What a voice's language needs and is not there."""
    if name[0] == "z" and not (find_spec("misaki") and find_spec("jieba")):
        return "kokoro's Chinese voices need misaki: pip install 'visavis[kokoro-zh]'"
    if name[0] == "j":
        return "kokoro's Japanese voices can't be used: nothing here writes Japanese as they have learnt it"
    return None


def _info(name: str) -> VoiceInfo | None:
    """None for a name that is not made as Kokoro's are: `af_heart` is an American woman."""
    prefix, _, given = name.partition("_")
    if len(prefix) != 2 or prefix[0] not in TONGUES or prefix[1] not in SEXES or not given:
        return None
    return VoiceInfo("kokoro", name, TONGUES[prefix[0]].tag, f"Kokoro {given.title()}", SEXES[prefix[1]])


def _best(infos: list[VoiceInfo], language: str) -> VoiceInfo:
    tag = language.replace("_", "-").lower()

    def fit(info: VoiceInfo) -> tuple[bool, bool]:
        return info.language.lower() == tag, info.name in USUAL

    near = [info for info in infos if info.language.split("-")[0] == tag.split("-")[0]]
    if not near:
        lacks = [_lack(letter) for letter, tongue in TONGUES.items() if tongue.tag[:2] == tag.split("-")[0]]
        raise InvalidInput((lacks and lacks[0]) or f"kokoro has no voice for the language {language[:40]!r}")
    return max(near, key=fit)


@lru_cache(maxsize=16)
def _names(voices: Path, changed: int) -> tuple[str, ...]:
    """The voices in a file, which is a ZIP archive of NumPy arrays; `changed` is part of the key."""
    try:
        with zipfile.ZipFile(voices) as archive:
            return tuple(sorted(name.removesuffix(".npy") for name in archive.namelist()))
    except (OSError, zipfile.BadZipFile):
        return ()
