"""Voices of services that are not here: what language and sex a client means that asks for one by its name."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from visavis.tts import Sex

_DATA = tomllib.loads(Path(__file__).with_name("foreign_voices.toml").read_text("utf-8"))
_SEXES: dict[str, Sex] = {"female": "female", "male": "male", "unknown": ""}

PROVIDERS = frozenset(_DATA["providers"])
"""Documented names of providers; contributors edit `foreign_voices.toml`."""

_AZURE = re.compile(
    r"(?P<language>[a-z]{2,3}-(?:[A-Z][a-z]{3}-)?[A-Z]{2})(?:-[a-z]+)?-(?P<name>\w+?)(?:Turbo)?(?:Multilingual)?Neural.*"
)
_SAMBERT = re.compile(r"sambert-(?P<name>[\w-]+)-v\d+")
_VERSION = re.compile(r"_v\d[\w.]*$")


@dataclass(frozen=True, slots=True)
class ForeignVoice:
    """What is known of a voice by its name."""

    language: str
    """BCP 47 tag; empty if unknown."""
    sex: Sex


_NAMED = {
    name.lower(): ForeignVoice(group["language"], sex)
    for group in reversed(_DATA["voices"])
    for key, sex in _SEXES.items()
    for name in group.get(key, ())
}
_AZURE_SEX: dict[str, Sex] = {
    name.lower(): sex for key, sex in _SEXES.items() for name in _DATA["azure"].get(key, ())
}


def foreign_voice(name: str) -> ForeignVoice:
    """What `name` stands for: `zh-CN-YunxiNeural` is a Chinese man, `Cherry` a Chinese woman."""
    if azure := _AZURE.fullmatch(name):
        return ForeignVoice(azure["language"], _AZURE_SEX.get(azure["name"].lower(), ""))
    if sambert := _SAMBERT.fullmatch(name):
        name = sambert["name"]
    if known := _NAMED.get(_VERSION.sub("", name).lower()):
        return known
    # Other services' names begin with a language too: de-DE-Standard-A, en_US-amy-medium, cmn-CN-Wavenet-B.
    tag = re.match(r"([a-z]{2,3})[-_]([A-Z]{2})(?![A-Za-z])", name)
    return ForeignVoice(f"{tag[1]}-{tag[2]}" if tag else "", "")
