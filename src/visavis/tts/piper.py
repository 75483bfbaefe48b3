"""Piper: neural voices for some forty languages, 60 MB each, made on a CPU.

A voice is a file `NAME.onnx` with `NAME.onnx.json` beside it. Its phonemes come from the espeak-ng in the package,
which is not the one that the provider `espeak` uses.

Source: piper-tts 1.8.0. It guards espeak-ng by a lock of its own, and what else `synthesize` shares is only read
(but for Arabic, where two first sentences may load the same small model): one voice speaks for many at once.
"""

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from visavis.errors import InvalidInput
from visavis.models.shelf import Shelf
from visavis.settings import Settings
from visavis.tts import Sex, Speech, VoiceInfo
from visavis.tts.ipa_marks import ipa_marks
from visavis.tts.onnx_model import Once, StoppableSession, Stretch, once, sayable, speak, to_samples

PHONEMES = ("espeak", "text")
"""Of what voices are made that can be used; the package makes others (pinyin…) by means of what it downloads."""

WOMEN = frozenset(
    [
        "alba",
        "amy",
        "aru",
        "cori",
        "eva_k",
        "hfc_female",
        "huayan",
        "irina",
        "jenny_dioco",
        "kathleen",
        "kerstin",
        "kristin",
        "lessac",
        "ljspeech",
        "paola",
        "ramona",
        "siwis",
        "southern_english_female",
    ]
)
MEN = frozenset(
    [
        "alan",
        "bryce",
        "carlfm",
        "danny",
        "davefx",
        "denis",
        "dmitri",
        "edresson",
        "faber",
        "gilles",
        "hfc_male",
        "joe",
        "john",
        "karlsson",
        "kusal",
        "northern_english_male",
        "norman",
        "pim",
        "reza_ibrahim",
        "riccardo",
        "ronnie",
        "ruslan",
        "ryan",
        "thorsten",
        "tom",
    ]
)
"""Piper's public voices of one speaker each, by data set, as its model cards tell."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a voice's `.onnx.json` says, as far as it is needed before the voice is loaded."""

    info: VoiceInfo
    sample_rate: int
    """Hz."""
    phonemes: str
    """`espeak`, `text`, `pinyin`…"""
    speakers: dict[str, int]
    """Numbers by name; empty for one."""


class PiperProvider:
    """Voices of Piper that are installed here.

    Options (`VISAVIS_OPTIONS__PIPER__…`): `MODEL_DIR`, `MODEL_DIR_ZH` and the like, directories with voices;
    `THREADS`, 1, that work on one sentence; `LENGTH`, 1.0, from 0.3 to 3, greater is slower.
    """

    name = "piper"

    def __init__(self, settings: Settings) -> None:
        self._shelf = Shelf(settings)
        self._options = settings.options.get("piper", {})
        self._threads = settings.option("piper", "threads", 1)
        self._length = min(3.0, max(0.3, settings.option("piper", "length", 1.0)))

    def missing(self) -> str | None:
        """See `Provider`."""
        if not find_spec("piper"):
            return "install it: pip install 'visavis[piper]'"
        if lack := self._shelf.lack(self.name):
            return lack
        if not self._usable():
            return "its directories hold no voice that can be used: NAME.onnx, and NAME.onnx.json beside it"
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        """Those in the directories, with one speaker each; others are named after a `#`."""
        return [description.info for description in self._usable().values()]

    def voice(self, name: str, language: str, model: str = "") -> "PiperVoice":
        """See `VoiceProvider`. A name may carry a speaker: `en_US-libritts-high#p3922`. The name of a model
        in the catalogue will do. The voice is loaded with its first sentence.
        """
        if missing := self.missing():
            raise InvalidInput(missing)
        wanted, hash_, speaker = (name or model).partition("#")
        path, description = self._named(wanted) if wanted else self._speaking(language)
        if hash_ and speaker not in description.speakers:
            raise InvalidInput(f"the Piper voice {wanted!r} has no speaker {speaker[:80]!r}")
        info = description.info
        if hash_:
            info = VoiceInfo(info.provider, f"{info.name}#{speaker}", info.language, f"{info.label}, {speaker}")
        loaded = once((self.name, path, self._threads), lambda: _load(path, self._threads))
        return PiperVoice(info, description, loaded, description.speakers.get(speaker), self._length)

    def _usable(self) -> dict[Path, Description]:
        return {path: found for path, found in self._installed().items() if found.phonemes in PHONEMES}

    def _installed(self) -> dict[Path, Description]:
        """By the path of the model: what the operator names comes before what the catalogue has."""
        directories = [
            Path(str(self._options[key])) for key in sorted(self._options) if key.startswith("model_dir")
        ]
        directories += [self._shelf.place(model.name) for model in self._shelf.installed(self.name)]
        found = {}
        for directory in directories:
            for path in sorted(directory.glob("*.onnx")):
                config = path.with_name(path.name + ".json")
                if config.is_file() and (description := _described(config, config.stat().st_mtime_ns)):
                    found[path] = description
        return found

    def _named(self, name: str) -> tuple[Path, Description]:
        for path, description in self._installed().items():
            if name not in (path.stem, path.parent.name):
                continue
            if description.phonemes in PHONEMES:
                return path, description
            if name == path.stem:
                raise InvalidInput(
                    f"the Piper voice {name!r} is made of {description.phonemes}, which would need downloads "
                    "while it speaks; take one that is made of espeak's phonemes"
                )
        raise InvalidInput(f"piper has no voice {name[:80]!r} here; see: visavis models list")

    def _speaking(self, language: str) -> tuple[Path, Description]:
        """One of the region, or else of the language."""
        tag = language.replace("_", "-").lower()
        usable = self._usable().items()
        for fits in (tag.__eq__, lambda spoken: spoken.split("-")[0] == tag.split("-")[0]):
            for path, description in usable:
                if fits(description.info.language.lower()):
                    return path, description
        raise InvalidInput(
            f"piper has no voice for the language {language[:40]!r} here; see: visavis models list, or name a "
            "directory with one in VISAVIS_OPTIONS__PIPER__MODEL_DIR"
        )


class PiperVoice:
    """One speaker of one voice; shared freely."""

    def __init__(
        self, info: VoiceInfo, description: Description, loaded: Once[Any], speaker: int | None, length: float
    ) -> None:
        self.info = info
        self._description = description
        self._loaded = loaded
        self._speaker = speaker
        self._length = length

    def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. Nothing comes for a text that has nothing to say."""
        return speak("piper", text, self._description.sample_rate, lambda: self._made(text))

    def _made(self, text: str) -> Iterator[Stretch]:
        """In a thread: one stretch for each sentence that espeak finds in the text."""
        voice = self._loaded.get()
        from piper import SynthesisConfig

        manner = SynthesisConfig(speaker_id=self._speaker, length_scale=voice.config.length_scale * self._length)
        for chunk in voice.synthesize(_plain(text), manner, include_alignments=True):
            alignments = chunk.phoneme_alignments if self._description.phonemes == "espeak" else None
            yield Stretch(
                to_samples(chunk.audio_float_array), None if alignments is None else ipa_marks(_starts(alignments))
            )


def _starts(alignments: Sequence[Any]) -> list[tuple[str, int]]:
    found = []
    start = 0
    for alignment in alignments:
        found.append((alignment.phoneme, start))
        start += int(alignment.num_samples)
    return found


def _plain(text: str) -> str:
    """Without brackets that the library takes for the beginning of phonemes: `[[`."""
    return re.sub(r"\[{2,}", "[", sayable(text))


def _load(path: Path, threads: int) -> Any:
    """A `piper.PiperVoice`: as the library's `load` makes it, but with a session of ours."""
    # They would log what is said.
    logging.getLogger("piper").setLevel(logging.WARNING)
    from piper import PiperConfig
    from piper import PiperVoice as Loaded

    config = PiperConfig.from_dict(json.loads(path.with_name(path.name + ".json").read_text("utf-8")))
    return Loaded(session=StoppableSession(_with_alignments(path), threads), config=config)


def _with_alignments(path: Path) -> str | bytes:
    """The model, changed in memory so that it tells how long each phoneme is; its path if it can't be changed."""
    if not find_spec("onnx"):
        return str(path)
    import onnx
    from google.protobuf.message import DecodeError
    from piper.patch_voice_with_alignment import add_alignment_output

    try:
        model = onnx.load(str(path))
        add_alignment_output(model)
    except (DecodeError, ValueError):
        # It tells already, or has nothing to tell; a damaged one is complained of when it is opened.
        return str(path)
    return bytes(model.SerializeToString())


@lru_cache(maxsize=1024)
def _described(config: Path, changed: int) -> Description | None:
    """None if the file is none of Piper's. `changed` is part of the key."""
    try:
        content = json.loads(config.read_text("utf-8"))
        rate = int(content["audio"]["sample_rate"])
        code = content.get("language", {}).get("code") or content["espeak"]["voice"]
        speakers = {str(name): int(number) for name, number in (content.get("speaker_id_map") or {}).items()}
        phonemes = str(content.get("phoneme_type") or "espeak")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    name = config.name.removesuffix(".onnx.json")
    data_set = str(content.get("dataset") or (name.split("-")[1:2] or [name])[0])
    language = re.sub(r"^cmn\b", "zh", str(code).replace("_", "-"))
    label = f"Piper {data_set.replace('_', ' ')}"
    return Description(VoiceInfo("piper", name, language, label, _sex(data_set)), rate, phonemes, speakers)


def _sex(data_set: str) -> Sex:
    if data_set in WOMEN:
        return "female"
    return "male" if data_set in MEN else ""
