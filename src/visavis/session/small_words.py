"""Small words: those that encourage whoever speaks, those that stop it, and those that promise more."""

import re
import tomllib
from pathlib import Path

LISTS: dict[str, dict[str, frozenset[str]]] = {
    kind: {language: frozenset(entries) for language, entries in languages.items()}
    for kind, languages in tomllib.loads(Path(__file__).with_name("small_words.toml").read_text("utf-8")).items()
}
"""Backchannels, commands and unfinished endings, by language; contributors edit `small_words.toml`."""

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def words(text: str) -> list[str]:
    """The words of a transcript, lower case, without punctuation; each CJK character is one."""
    return re.findall(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+", text.lower())


def is_backchannel(text: str, language: str) -> bool:
    """Whether `text` is nothing but encouragement."""
    return _plain(text) in _of("backchannels", text, language)


def is_command(text: str, language: str) -> bool:
    """Whether `text` asks the avatar to stop."""
    return _plain(text) in _of("commands", text, language)


def is_unfinished(text: str, language: str) -> bool:
    """Whether `text` ends in a word that promises more."""
    endings = _of("unfinished", text, language)
    plain = _plain(text)
    if CJK.search(plain):
        return any(plain.endswith(ending) for ending in endings)
    return bool(plain) and plain.split()[-1] in endings


def _plain(text: str) -> str:
    found = words(text)
    return ("" if CJK.search(text) else " ").join(found)


def _of(kind: str, text: str, language: str) -> frozenset[str]:
    lists = LISTS[kind]
    if CJK.search(text):
        return lists["zh"]
    return lists.get(language.split("-")[0].lower(), lists["en"])
