"""The models that `visavis models get` knows.

Each has pinned addresses and the SHA-256 of each file. The checksums come from places that others publish them at, and are
named with each model; one that is found nowhere is not listed, for it could not be checked.
"""

from dataclasses import dataclass
from typing import Literal

from visavis.errors import NotFound

SHERPA = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models"
VOSK = "https://alphacephei.com/vosk/models"
WHISPER = "https://huggingface.co/Systran/faster-whisper"


@dataclass(frozen=True, slots=True)
class File:
    """Something to download."""

    url: str
    sha256: str
    size: int
    """Bytes; 0 if it is not known before."""
    name: str = ""
    """What it is called in the model's directory; empty for an archive, which is unpacked there."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is installed as a whole."""

    name: str
    """Of its directory, too: lower case letters, digits, dots and dashes."""
    kind: Literal["asr", "tts"]
    provider: str
    """The entry point's name of the provider that uses it."""
    languages: tuple[str, ...]
    """Primary subtags; `*` for many."""
    about: str
    licence: str
    """SPDX identifier, or in words."""
    licence_url: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes to download, as far as they are known before."""
        return sum(file.size for file in self.files)

    def knows(self, tag: str) -> bool:
        """Whether it is for a language, given by its primary subtag."""
        return tag in self.languages or "*" in self.languages


def find(name: str) -> Model:
    """The model of that name; `NotFound` if the catalogue has none."""
    for model in MODELS:
        if model.name == name:
            return model
    raise NotFound(f"there is no model {name!r}; see: visavis models list")


MODELS: tuple[Model, ...] = ()
