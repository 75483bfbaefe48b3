"""Voices: text → a stream of `Speech`. The contract; each provider is a module of its own beside it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from visavis.media.samples import Samples
from visavis.registry import Provider

MarkKind = Literal["phoneme", "word", "expression"]

Sex = Literal["female", "male", ""]
"""What a voice sounds like; empty if that is not known."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something the voice says at a known time."""

    kind: MarkKind
    start: int
    """In samples of the Speech stream it belongs to (at that stream's `sample_rate`), since its first sample."""
    value: str
    """phoneme: IPA, without stress and length marks, empty for a pause; word: the word as it was given;
    expression: one of neutral, smile, serious, surprised, from now on (a session adds these, no voice does)."""
    offset: int = -1
    """word: index of its first character in the text given to `speak`; -1 if not known."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of a voice's sound. Pieces join without a gap."""

    pcm: Samples = field(repr=False)
    """int16 mono."""
    sample_rate: int
    """Hz; the same for every piece of one stream."""
    marks: tuple[Mark, ...] = ()
    """Marks that start in this piece (never in an earlier one), ascending."""
    marked: bool = False
    """Whether the voice knows its phonemes: if not, visemes have to come from the sound."""


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A voice that can be asked for."""

    provider: str
    name: str
    """What the provider calls it."""
    language: str
    """BCP 47 tag."""
    label: str
    """For people."""
    sex: Sex = ""


class Voice(Protocol):
    """One voice, ready to speak. Used by one turn at a time; may be shared by sessions."""

    info: VoiceInfo

    def speak(self, text: str) -> AsyncIterator[Speech]:
        """Say `text`, one sentence of at most 300 characters of plain, normalised text.

        The first piece comes as soon as there is sound. Closing the iterator early (`aclose`, or
        cancelling the task that reads it) stops the synthesis. Raises `StageFailed("tts", …)` or
        `UpstreamFailed("tts", …)`.
        """


class VoiceProvider(Provider, Protocol):
    """Entry-point group `visavis.tts`."""

    def voices(self) -> Sequence[VoiceInfo]:
        """The voices that can be named; may be empty when only the provider's server knows."""

    def voice(self, name: str, language: str, model: str = "") -> Voice:
        """The voice `name`, or the best one for `language` (BCP 47) if `name` is empty.

        A named voice that speaks several languages speaks `language` if that is one of them: its `info` tells.
        `model` is the provider's own model identifier, empty for its default. `InvalidInput` if there
        is no such voice.
        """
