"""What a language says for the marks and short forms of written text; one file a language in `lexicons/`.

The files hold what CLDR does not: names of numbers, months, units and most currencies come from there.
"""

from functools import cache
from pathlib import Path

import msgspec

_FILES = {path.stem: path for path in Path(__file__).with_name("lexicons").glob("*.toml")}


class Currency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A currency as people call it: `dollars`, where CLDR has `US dollars`."""

    one: str
    many: str
    cent: str = ""
    """Its hundredth part; empty to say the bare number after the join."""
    cents: str = ""


class Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The words of one language. Templates have their parts in braces."""

    joined: bool = False
    """Written without spaces between words."""
    spelled: bool = True
    """Whether numbers are written out; if not, voices read the digits of this language better."""
    feminine: frozenset[str] = frozenset()
    """Units (`length-mile`) and currencies (`GBP`) that are feminine."""
    counted: str = ""
    """Regular expression: what follows a number that counts things (ein Haus, 两个), not one that names one."""
    counted_feminine: str = ""
    """The same for things that are probably feminine, by their endings."""

    minus: str
    point: str
    """The decimal mark."""
    point_dot: str = ""
    """The same in regions that write a dot for the usual comma."""
    to: str
    """Between the ends of a range."""
    ratio: str
    """3:2."""
    dot: str
    """In an address."""
    at: str
    """In an e-mail address."""
    version: str = ""
    """For the v of v1.2."""
    version_dot: str = ""
    """In 1.2.3; empty for `point`."""
    signs: dict[str, str] = {}
    """Mathematical signs between numbers, `~5` and `#5`."""

    number: str = "spellout-numbering"
    """CLDR rule set of a number by itself; the others likewise."""
    masculine: str = "spellout-cardinal-masculine"
    feminine_number: str = "spellout-cardinal-feminine"
    year: str = ""
    """Rule set of years from 1100 to 2099; empty if they are said like any number."""
    decade_mark: str = ""
    """Regular expression: the s of 1990s."""
    decade: tuple[str, str] = ("", "")
    """How it is said: after a number, and instead of its final y."""
    ordinals: dict[str, str] = {}
    """The rule set for each suffix a figure may have: st, er, º."""
    ordinals_after: dict[str, str] = {}
    """The rule set of `3.` after such a word and before a capital letter; "" for after any other word."""
    fraction: str = ""
    """Template with {numerator} and {denominator}, if any fraction is said like that."""
    fractions: dict[str, tuple[str, str]] = {}
    """One and several of each denominator."""
    mixed: str = ""
    """Between a number and its fraction."""

    date: str
    """Template with {day}, {ordinal}, {month}, {number} (of the month), {year}."""
    day: str
    """The same without the year."""
    day_first: str = ""
    """`day` where the day is written before the month, if it is said otherwise then; `date` follows it."""
    day_first_date: str = ""
    first: str = ""
    """The first of a month, where other days are plain numbers."""
    time: str
    """Template with {hour} and {minute}."""
    full_hour: str
    """Template for 14:00."""
    bare_hour: str = "{hour}"
    """Template for 2 pm."""
    morning_hour: str = ""
    """`full_hour` for 1:00 to 12:00, if different."""
    seconds: str
    """Template with {second}; follows the time."""
    small_minute: str = "{minute}"
    """Template for the minutes from 1 to 9."""
    feminine_hours: bool = False
    half_days: dict[str, str] = {}
    """Templates for times with am and pm, with {time}."""
    time_mark: str = ""
    """Regular expression: what may follow a time, makes a number by itself an hour, and is in the templates."""
    hour_mark: str = ""
    """Regular expression of what may stand for the colon: 14h30."""

    currencies: dict[str, Currency] = {}
    """By ISO code; others go by their CLDR names."""
    home_yen: str = "JPY"
    """The currency that ¥ is."""
    cents_join: str = " "
    """Between the currency and its hundredth parts."""
    of: str = ""
    """Between a million and what there are a million of."""
    magnitudes: dict[str, str] = {}
    """Short: m in £1m. A plural, if it differs, follows a bar; digits are multiplied with."""
    magnitude_words: tuple[str, ...] = ()
    """Written out."""
    units: dict[str, str] = {}
    """By symbol; where CLDR's name is not what people say."""

    abbreviations: dict[str, str] = {}
    """Anywhere; upper and lower case count."""
    before_names: dict[str, str] = {}
    """Before a capital letter."""
    before_numbers: dict[str, str] = {}
    """Before a number."""


@cache
def lexicon(language: str) -> Lexicon | None:
    """The words of a language (ISO 639), if there is a file of it."""
    file = _FILES.get(language)
    return msgspec.toml.decode(file.read_bytes(), type=Lexicon) if file else None
