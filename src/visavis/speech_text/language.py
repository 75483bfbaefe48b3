"""The language of a sentence, by its script."""

import re

from visavis.speech_text.scripts import BOPOMOFO, HAN, HANGUL, KANA

_SCRIPTS: tuple[tuple[str, re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (name, re.compile(pattern), languages)
    for name, pattern, languages in (
        ("han", f"[{HAN}{BOPOMOFO}]", ("zh", "yue", "ja")),
        ("kana", f"[{KANA}]", ("ja",)),
        ("hangul", f"[{HANGUL}]", ("ko",)),
        ("cyrillic", r"[\u0400-\u052f]+", ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tt", "ba", "cv")),
        (
            "arabic",
            r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]+",
            ("ar", "fa", "ur", "ug", "sd", "ku"),
        ),
        ("devanagari", r"[\u0900-\u097f]+", ("hi", "mr", "ne", "kok")),
        ("greek", r"[\u0370-\u03ff\u1f00-\u1fff]+", ("el", "grc")),
        ("thai", r"[\u0e00-\u0e7f]+", ("th",)),
        ("hebrew", r"[\u0590-\u05ff]+", ("he", "yi")),
        ("latin", r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+", ()),
    )
)
"""Script, what is counted (characters where words are not spaced, else words), languages, the usual one first."""


def writes_latin(language: str) -> bool:
    """Whether a language (BCP 47) is written in Latin letters."""
    primary, *rest = language.lower().replace("_", "-").split("-")
    if "latn" in rest:
        return True
    return primary != "cmn" and not any(primary in languages for _, _, languages in _SCRIPTS)


def language_of(sentence: str, latin: str) -> str:
    """A BCP 47 tag for `sentence`: the language of the script that most of its words are in.

    `latin`, the configured language, is what Latin script is taken to be; also any other script that it is
    written in, so that Ukrainian or Japanese stay themselves in a sentence that could as well be Russian or
    Chinese. A sentence without letters is in `latin` too.
    """
    words = {name: len(pattern.findall(sentence)) for name, pattern, _ in _SCRIPTS}
    if words["kana"]:
        words["kana"] += words.pop("han")
    script = max(words, key=lambda name: words[name])
    if not words[script]:
        return latin
    languages = next(languages for name, _, languages in _SCRIPTS if name == script)
    primary = latin.lower().replace("_", "-").split("-")[0]
    return latin if not languages or primary in languages else languages[0]
