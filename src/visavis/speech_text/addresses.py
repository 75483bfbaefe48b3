"""Addresses and versions: info@example.com, example.com, 192.168.0.1, v1.2.3."""

import re

from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

_EMAIL = re.compile(r"(?<![\w.])[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?!\w)", re.A)
_HOST = re.compile(r"(?<![\w.@/-])(?:[A-Za-z0-9][A-Za-z0-9-]+\.)+[a-z]{2,5}(?![\w@]|\.\w)", re.A)
_IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)", re.A)
_VERSION = re.compile(r"(?<![\w.])(?:[vV](?P<v>\d+(?:\.\d+)*)|(?P<dots>\d+(?:\.\d+){2,}))(?!\w|\.\d)", re.A)

_NAMES = (
    "version", "Version", "release", "Release", "versión", "versione", "versão", "版本", "Python", "Java", "Node",
    "Android", "iOS", "macOS", "Ubuntu", "Debian", "Windows", "Linux", "Kotlin", "Ruby", "PHP", "Go",
)  # fmt: skip
_NAMED = re.compile(
    "(?:" + "|".join(rf"(?<={name} )|(?<={name})" for name in _NAMES) + r")(?P<dots>\d+\.\d+)(?!\w|\.\d)", re.A
)
"""Python 3.11 is not a decimal. Other names are common words, or are said alike either way."""


def steps(words: Words) -> list[Step]:
    """E-mail addresses, IP addresses, versions and host names."""
    found = words.lexicon
    groups = re.compile(r"\d{1,3}(?:\.\d{3})+")

    def name(text: str) -> str:
        text = re.sub(r"[._]", lambda mark: f" {_mark(words, mark[0])} ", text)
        return " ".join(text.split())

    def email(match: re.Match[str]) -> str:
        person, _, host = match[0].partition("@")
        return f"{name(person)} {found.at} {name(host)}"

    def numbers(text: str, mark: str) -> str:
        return f"{words.space}{mark}{words.space}".join(words.said(part, "") for part in text.split("."))

    def version(match: re.Match[str]) -> str | None:
        parts = match.groupdict()
        text = parts["dots"] or parts["v"]
        if words.decimal == "," and groups.fullmatch(text):
            return None
        prefix = found.version + words.space if parts.get("v") else ""
        return prefix + numbers(text, found.version_dot or found.point)

    spelled: list[Step] = [
        (_IP, lambda match: numbers(match[0], found.dot)),
        (_VERSION, version),
        (_NAMED, version),
    ]
    return [(_EMAIL, email), *(spelled if found.spelled else []), (_HOST, lambda match: name(match[0]))]


def _mark(words: Words, mark: str) -> str:
    return words.lexicon.dot if mark == "." else words.lexicon.signs.get("_", "")
