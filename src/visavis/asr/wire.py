"""What a media worker and its recogniser processes say to each other, over a `Line`."""

from typing import Any, TypeAlias

import msgspec

from visavis.asr import Transcript
from visavis.errors import StageFailed, UpstreamFailed, VisavisError


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First message to a process: what to load."""

    settings: dict[str, Any]
    """As plain values."""
    provider: str
    language: str
    model: str


class Begin(msgspec.Struct, frozen=True, tag=True):
    """An utterance begins; the one before has ended."""

    utterance: int
    language: str


class Sound(msgspec.Struct, frozen=True, tag=True):
    """A piece of it."""

    utterance: int
    pcm: bytes
    """s16le, mono, 16 kHz."""


class End(msgspec.Struct, frozen=True, tag=True):
    """No more sound comes."""

    utterance: int


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Nobody waits for it any more."""

    utterance: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded."""


class Taken(msgspec.Struct, frozen=True, tag=True):
    """A piece of sound has been worked on."""

    utterance: int
    samples: int


class Heard(msgspec.Struct, frozen=True, tag=True):
    """A transcript."""

    utterance: int
    text: str
    final: bool
    start: int
    end: int

    @property
    def transcript(self) -> Transcript:
        """As the contract has it."""
        return Transcript(self.text, self.final, self.start, self.end)


class Failed(msgspec.Struct, frozen=True, tag=True):
    """An utterance could not be recognised; 0 stands for the model, which could not be loaded."""

    utterance: int
    code: str
    message: str

    @property
    def error(self) -> StageFailed:
        """To be raised on the other side."""
        kind = UpstreamFailed if self.code == UpstreamFailed.code else StageFailed
        return kind("asr", self.message)

    @classmethod
    def of(cls, utterance: int, error: VisavisError) -> "Failed":
        """Put an error into words."""
        return cls(utterance, error.code, error.message)


class Done(msgspec.Struct, frozen=True, tag=True):
    """The utterance is over, one way or another; another may begin."""

    utterance: int


ToProcess: TypeAlias = Hello | Begin | Sound | End | Cancel
FromProcess: TypeAlias = Ready | Taken | Heard | Failed | Done
