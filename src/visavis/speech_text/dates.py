"""Dates: 2026-03-04, 3/4/2026, March 3rd, 3. März 2026; years that are marked as such: 1990s, 2026年."""

import re
from functools import partial

from visavis.speech_text.figures import AFTER, BEFORE, NEVER, TO
from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

_WORD_BEFORE = re.compile(r"(\w+)\s+$")


def steps(words: Words) -> list[Step]:
    """Dates in figures, then those with the month's name."""
    order = [part for part in words.locale.date_formats["short"].pattern if part in "yMd"]
    order = sorted(set(order), key=order.index)
    iso = rf"{BEFORE}(?P<year>\d{{4}})(?P<mark>[-/.]|年)(?P<month>\d{{1,2}})(?:(?P=mark)|月)(?P<day>\d{{1,2}})"
    local = rf"{BEFORE}(?P<a>\d{{1,2}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d)"
    found: list[Step] = [
        (re.compile(rf"{iso}[日号號]?(?:T(?=\d\d:)|(?![\d./-]))"), partial(_iso, words)),
        (re.compile(rf"{local}(?![\d/])(?!\.\d)"), partial(_local, words, order.index("M") < order.index("d"))),
    ]
    if words.lexicon.joined:
        return [
            *found,
            (re.compile(rf"{BEFORE}(?:(?P<first>\d{{4}}){TO})?(?P<last>\d{{4}})(?=年)"), partial(_years, words)),
        ]
    if mark := words.lexicon.decade_mark:
        decade = rf"{BEFORE}['’]?(?P<n>\d\d(?:\d0)?)['’]?(?:{mark}){AFTER}"
        found.append((re.compile(decade), partial(_decade, words)))
        found.append((re.compile(r"(?<![\w\d])['’](?P<n>\d\d)(?![\w'’])"), lambda m: words.said(m["n"], "")))
    return [*found, *_named(words)]


def _named(words: Words) -> list[Step]:
    months: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in words.locale.months[context][width].items():
                months.setdefault(name.rstrip("."), number)
                months.setdefault(name.rstrip(".").capitalize(), number)
    name = "|".join(re.escape(month) for month in sorted(months, key=len, reverse=True) if len(month) > 2)
    stop = r"(?:\.(?=,?\s[\da-z]))?"
    suffix = "|".join(re.escape(end) for end in sorted(words.lexicon.ordinals, key=len, reverse=True)) or NEVER
    day = rf"{BEFORE}(?P<day>\d{{1,2}})(?:{suffix}|\.)?"
    year = rf"(?:,?\s(?:de\s|del\s)?(?P<year>\d{{4}}){AFTER}(?![:/]\d))?"
    before = rf"{day}\s(?:of\s|de\s)?(?P<month>{name})(?!\w){stop}{year}"
    found: list[Step] = [(re.compile(before), partial(_spelled, words, months, day_first=True))]
    if words.lexicon.day_first:
        after = rf"(?<!\w)(?P<month>{name}){stop}\s(?P<day>\d{{1,2}})(?:{suffix})?(?![\w:/%]|[.,]\d|-\d){year}"
        found.append((re.compile(after), partial(_spelled, words, months, day_first=False)))
    return found


def _iso(words: Words, match: re.Match[str]) -> str | None:
    return _date(words, match, int(match["day"]), int(match["month"]), match["year"], day_first=False)


def _local(words: Words, month_first: bool, match: re.Match[str]) -> str | None:
    # 3-4-26 may be anything; 3.4.2026 is never a month first.
    if len(match["year"]) == 2 and match["mark"] == "-":
        return None
    first, second = int(match["a"]), int(match["b"])
    month, day = (first, second) if month_first and match["mark"] != "." else (second, first)
    if month > 12 >= day:
        month, day = day, month
    return _date(words, match, day, month, match["year"], day_first=not month_first)


def _spelled(words: Words, months: dict[str, int], match: re.Match[str], day_first: bool) -> str | None:
    return _date(words, match, int(match["day"]), months[match["month"]], match["year"] or "", day_first=day_first)


def _date(words: Words, match: re.Match[str], day: int, month: int, year: str, *, day_first: bool) -> str | None:
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    found = words.lexicon
    number = int(year or 0)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    long, short = (
        (found.day_first_date, found.day_first) if day_first and found.day_first else (found.date, found.day)
    )
    said = (long if year else short).format(
        day=words.rule(day, found.first if day == 1 else ""),
        ordinal=words.rule(day, _ordinal(words, match)),
        month=words.locale.months["format"]["wide"][month],
        number=words.rule(month, ""),
        year=words.year(number),
    )
    before = _WORD_BEFORE.search(match.string, 0, match.start())
    return said.removeprefix("the ") if before and before[1].lower() == "the" else said


def _ordinal(words: Words, match: re.Match[str]) -> str:
    found = words.lexicon
    before = _WORD_BEFORE.search(match.string, 0, match.start())
    after = found.ordinals_after
    return after.get(before[1].lower() if before else "", after.get("", "spellout-ordinal"))


def _years(words: Words, match: re.Match[str]) -> str:
    last = words.year(int(match["last"]))
    return words.year(int(match["first"])) + words.lexicon.to + last if match["first"] else last


def _decade(words: Words, match: re.Match[str]) -> str | None:
    number = int(match["n"])
    if number % 10 or (number > 99 and not 1100 <= number < 2100):
        return None
    ending, after_y = words.lexicon.decade
    said = words.year(number)
    return said[:-1] + after_y if said.endswith("y") else said + ending
