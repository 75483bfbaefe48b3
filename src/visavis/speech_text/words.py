"""Numbers as words of a language: by the spell-out rules of CLDR."""

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from visavis.speech_text.lexicon import Lexicon, lexicon

MAX_DIGITS = 15
"""Longer numbers are said digit by digit: nobody can follow them otherwise, and rules end at a quadrillion."""

if TYPE_CHECKING:
    from babel import Locale

_ALIASES = {"cmn": "zh", "yue": "zh"}

_SPACES = "\u00a0\u202f\u2009"
"""Spaces that group digits: no-break, narrow no-break, thin."""


class Words:
    """How one locale reads and says numbers. Made once for each; `words` keeps it."""

    def __init__(self, tag: str, found: Lexicon) -> None:
        # Tens of milliseconds to import: not before the first sentence, or `normal.prepare`.
        from unicode_rbnf import RbnfEngine

        self.lexicon = found
        self.locale = _locale(tag)
        self._engine = RbnfEngine.for_language(self.locale.language) if found.spelled else None
        symbols = self.locale.number_symbols.get("latn", {})
        self.decimal: str = symbols.get("decimal", ".")
        groups = {symbols.get("group", ","), *_SPACES} | ({"'", "’"} if self.locale.territory == "CH" else set())
        if symbols.get("group", "").isspace():
            groups.add(" ")
        group = "[" + "".join(sorted(groups)).replace("'", "\\'") + "]"
        # Many write 3.5 where the comma is the rule; as a group it would have three digits.
        point = r"(?:,\d+|\.\d{1,2}(?!\d)|\.\d{4,})" if self.decimal == "," else r"\.\d+"
        grouped = rf"\d{{1,3}}(?:{group}\d{{3}}){{1,4}}(?!\d)(?:{re.escape(self.decimal)}\d+)?"
        self.figure = rf"(?:{grouped}|\d{{1,{MAX_DIGITS}}}(?!\d)(?:{point})?)"
        """Regular expression of an unsigned number."""
        dotted = found.point_dot if self.decimal == "." else ""
        self._point = dotted or found.point
        self._groups = str.maketrans("", "", "".join(groups))
        self.said = lru_cache(1024)(self._said)
        """`said(figure, form)`: a figure as it is written, in words."""
        self.rule = lru_cache(1024)(self._rule)
        """`rule(number, ruleset)`: a whole number by a rule set of CLDR, or its first part that exists."""

    @property
    def space(self) -> str:
        """What stands between words."""
        return "" if self.lexicon.joined else " "

    def value(self, figure: str) -> Decimal:
        """The number that `figure` is."""
        if re.fullmatch(r"\d+[.,](?:\d{1,2}|\d{4,})", figure):
            return Decimal(figure.replace(",", "."))
        return Decimal(figure.translate(self._groups).replace(self.decimal, "."))

    def digits(self, text: str) -> str:
        """The digits of `text`, one by one; anything else separates groups, with a pause between them."""
        if self._engine is None:
            return text
        groups = [self.space.join(self.said(digit, "") for digit in group) for group in re.findall(r"\d+", text)]
        return ("，" if self.lexicon.joined else ", ").join(groups)

    def year(self, number: int) -> str:
        """A year. Chinese says its digits."""
        if self.lexicon.joined and self._engine is not None:
            return self.digits(str(number))
        if self.lexicon.year and 1100 <= number < 2100:
            return self.rule(number, self.lexicon.year)
        return self.said(str(number), "")

    def form(self, name: str) -> str:
        """The form of a number before the unit or currency `name`."""
        return "feminine" if name in self.lexicon.feminine else "masculine"

    def _said(self, figure: str, form: str) -> str:
        if self._engine is None:
            return figure.translate(self._groups) if self.decimal == "." else figure
        value = str(self.value(figure))
        whole, _, fraction = value.partition(".")
        if len(whole) > MAX_DIGITS:
            return self.digits(figure)
        rules = {"masculine": self.lexicon.masculine, "feminine": self.lexicon.feminine_number}
        words = self.rule(int(whole), "" if fraction else rules.get(form, ""))
        if not fraction:
            return words
        digits = self.space.join(self.rule(int(digit), "") for digit in fraction)
        return self.space.join((words, self._point, digits))

    def _rule(self, number: int, ruleset: str) -> str:
        if self._engine is None:
            return str(number)
        names = [name for name in (ruleset, self.lexicon.number) if name in self._engine.rulesets]
        text = self._engine.format_number(number, ruleset_names=names[:1]).text
        if self.lexicon.joined:
            # CLDR writes 〇, which not every voice knows; and 二百 where people say 两百.
            if number >= 200 and ruleset in ("", self.lexicon.number):
                return self.rule(number, self.lexicon.masculine)
            return text.replace("〇", "零")
        return text.replace("\u00ad", "")


@cache
def words(language: str) -> Words | None:
    """The words of a language (BCP 47); None if it has no lexicon: its digits are left to the voice."""
    parts = language.replace("_", "-").split("-")
    base = _ALIASES.get(parts[0].lower(), parts[0].lower())
    # Chinese in Latin letters is pinyin, which no rule here writes.
    if "latn" in (part.lower() for part in parts[1:]) and base == "zh":
        return None
    found = lexicon(base)
    return Words("_".join((base, *parts[1:])), found) if found else None


def _locale(tag: str) -> "Locale":
    from babel import Locale, UnknownLocaleError

    parts = (tag if "_" in tag or tag != "en" else "en_US").split("_")
    for length in range(len(parts), 1, -1):
        try:
            return Locale.parse("_".join(parts[:length]))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(parts[0])
