"""Numbers by themselves: 1,234.5, 21st, 1/2, 3–5, 2 + 2 = 4."""

import re
from functools import partial

from visavis.speech_text.figures import AFTER, BEFORE, LETTER, SIGN, TO
from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

_GLYPHS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8", "⅜": "3/8"}

_COUNTED_PEOPLE = re.compile(r"\s(?!was\b|is\b|has\b|does\b|as\b|this\b|its\b)(?:[a-z]{2,}s|people|men|women)\b")
"""What follows a number of things, not a year. For languages whose years are said otherwise than numbers."""

_MATHS = r"+−×÷=<>≈±*^"


def steps(words: Words) -> list[Step]:
    """Fractions and ordinals, ranges, signs, and then the numbers that are left."""
    found = words.lexicon
    steps: list[Step] = []
    if found.fraction or found.fractions:
        whole = rf"(?:(?P<whole>\d+)\s?)?(?P<glyph>[{''.join(_GLYPHS)}])"
        steps.append((re.compile(rf"(?<![{LETTER}\d]){whole}"), partial(_glyph, words)))
        written = (
            rf"{BEFORE}(?<!/)(?:(?P<whole>\d{{1,3}})\s)?(?P<n>\d{{1,3}})/(?P<d>\d{{1,3}})(?![\d/]|[.,]\d){AFTER}"
        )
        steps.append((re.compile(written), partial(_fraction, words)))
    if not found.joined:
        # 24/7, 50/50.
        steps.append((re.compile(r"(?<=\d)/(?=\d)"), lambda _: " "))
    if words.decimal == ".":
        steps.append((re.compile(r"(?<![\w.])\.(?=\d)"), lambda _: "0."))
    if found.ordinals:
        suffix = "|".join(re.escape(end) for end in sorted(found.ordinals, key=len, reverse=True))
        steps.append(
            (re.compile(rf"{BEFORE}(?P<n>\d{{1,9}})(?P<suffix>{suffix})(?!\w)"), partial(_ordinal, words))
        )
    if found.ordinals_after:
        before = "|".join(filter(None, found.ordinals_after))
        nth = rf"(?<!\w)(?P<before>{before})\s(?P<n>\d{{1,4}})\.(?=\s[{LETTER}])"
        steps.append((re.compile(nth, re.I), partial(_german_ordinal, words)))
    steps += _signs(words)
    to = words.space + found.to + words.space
    steps.append((re.compile(rf"(?<=\d)(?<![{LETTER}]\d){TO}(?=\d)"), partial(_range, to)))
    number = rf"{SIGN}(?<![{LETTER}\d_])(?P<figure>{words.figure}){AFTER}"
    steps.append((re.compile(number), partial(_number, words)))
    return steps


def _signs(words: Words) -> list[Step]:
    signs = words.lexicon.signs

    def between(match: re.Match[str]) -> str | None:
        said = signs.get(match["sign"])
        return words.space + said + words.space if said else None

    def before(match: re.Match[str]) -> str | None:
        said = signs.get(match["sign"])
        return said + words.space if said else None

    return [
        (re.compile(r"(?<=\d)\s[xX]\s(?=\d)"), lambda _: f" {signs.get('×', 'x')} "),
        (re.compile(r"(?<=[\d)])\s(?P<sign>-)\s(?=[\d(][^=]*=)"), between),
        (re.compile(rf"(?<=[\d)])\s?(?P<sign>[{re.escape(_MATHS)}])\s?(?=[\d(−-])"), between),
        (re.compile(r"(?<![^\s(])(?P<sign>[~≈±#<>])\s?(?=\d)"), before),
        (re.compile(r"(?<=\s)(?P<sign>&)(?=\s)"), lambda _: signs.get("&")),
    ]


def _range(to: str, match: re.Match[str]) -> str | None:
    # 3 - 5 with spaces may be a difference, or a dash between two thoughts.
    return None if match[0].strip() == "-" and match[0] != "-" else to


def _number(words: Words, match: re.Match[str]) -> str:
    found = words.lexicon
    figure = match["figure"]
    rest = match.string[match.end() :]
    minus = found.minus + words.space if match["sign"] else ""
    if found.year and not minus and re.fullmatch(r"1[1-9]\d\d|20\d\d", figure) and not _COUNTED_PEOPLE.match(rest):
        return words.year(int(figure))
    return minus + words.said(figure, _form(words, match.string[: match.start()], rest))


def _form(words: Words, before: str, after: str) -> str:
    found = words.lexicon
    if found.counted_feminine and re.match(found.counted_feminine, after):
        return "feminine"
    counted = found.counted and not before.endswith("第") and re.match(found.counted, after)
    return "masculine" if counted else ""


def _ordinal(words: Words, match: re.Match[str]) -> str:
    return words.rule(int(match["n"]), words.lexicon.ordinals[match["suffix"]])


def _german_ordinal(words: Words, match: re.Match[str]) -> str:
    ruleset = words.lexicon.ordinals_after[match["before"].lower()]
    return f"{match['before']} {words.rule(int(match['n']), ruleset)}"


def _glyph(words: Words, match: re.Match[str]) -> str | None:
    numerator, _, denominator = _GLYPHS[match["glyph"]].partition("/")
    return _parts(words, match["whole"], int(numerator), int(denominator))


def _fraction(words: Words, match: re.Match[str]) -> str | None:
    return _parts(words, match["whole"], int(match["n"]), int(match["d"]))


def _parts(words: Words, whole: str | None, numerator: int, denominator: int) -> str | None:
    found = words.lexicon
    names = found.fractions.get(str(denominator))
    if not numerator or numerator >= denominator or not (found.fraction or names):
        return None
    if found.fraction:
        said = found.fraction.format(numerator=words.rule(numerator, ""), denominator=words.rule(denominator, ""))
    else:
        one, many = names or ("", "")
        said = f"{words.said(str(numerator), 'masculine')} {one if numerator == 1 else many}"
    return words.space.join((words.said(whole, ""), found.mixed, said)) if whole else said
