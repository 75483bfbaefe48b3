"""Sums of money: $3.50, 3,50 €, £1m, 20 USD, ¥100."""

import re
from functools import lru_cache, partial

from visavis.speech_text.figures import AFTER, BEFORE, SIGN, TO
from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

SYMBOLS = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "￡": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY",
    "₴": "UAH", "₫": "VND", "฿": "THB", "₪": "ILS", "zł": "PLN", "R$": "BRL", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "HK$": "HKD", "NT$": "TWD", "S$": "SGD", "NZ$": "NZD", "RMB": "CNY",
}  # fmt: skip
"""ISO 4217 codes. ¥ depends on the language."""

CODES = (
    "USD", "EUR", "GBP", "JPY", "CNY", "CHF", "INR", "KRW", "RUB", "AUD", "CAD", "HKD", "TWD", "SGD", "NZD", "BRL",
    "MXN", "SEK", "NOK", "DKK", "PLN", "CZK", "TRY", "ZAR", "AED", "THB",
)  # fmt: skip


def steps(words: Words) -> list[Step]:
    """Sums with their symbol or code before or after the number."""
    found = words.lexicon
    codes = {**SYMBOLS, "¥": found.home_yen, "￥": found.home_yen} | {code: code for code in CODES}
    symbol = "|".join(re.escape(mark) for mark in sorted(codes, key=len, reverse=True))
    short = "|".join(re.escape(mark) for mark in sorted(found.magnitudes, key=len, reverse=True)) or "x^"
    written = "|".join(sorted(found.magnitude_words, key=len, reverse=True)) or "x^"
    scale = rf"(?:\s?(?P<short>{short})(?!\w)|\s?(?P<written>{written}){AFTER})?"
    # 3,50 € is written in English texts, too.
    figure = rf"(?:\d+,\d\d(?!\d)|{words.figure})"
    say = partial(_say, words, codes)
    ends = r"(?![A-Za-z\d])"
    return [
        (
            re.compile(
                rf"{SIGN}(?<![A-Za-z\d])(?P<symbol>{symbol})\s?(?:(?P<first>{figure}){TO}(?:(?P=symbol)\s?)?)?"
                rf"(?P<figure>{figure})(?!\d){scale}"
            ),
            say,
        ),
        (
            re.compile(
                rf"{SIGN}{BEFORE}(?:(?P<first>{figure}){TO})?(?P<figure>{figure}){scale}\s?(?P<symbol>{symbol}){ends}"
            ),
            say,
        ),
    ]


def _say(words: Words, codes: dict[str, str], match: re.Match[str]) -> str:
    found = words.lexicon
    code = codes[match["symbol"]]
    form = words.form(code)
    value = words.value(match["figure"])
    said = []
    if match["sign"]:
        said.append(found.minus)
    if match["first"]:
        said += [words.said(match["first"], form), found.to]
    scale = match["written"] or ""
    if match["short"]:
        one, _, many = found.magnitudes[match["short"]].partition("|")
        scale = one if value < 2 or not many else many
    if scale:
        name = _name(words, code, 2)
        of = found.of if scale not in ("mil", "mille", "mila") else ""
        # French and Italian cut the word short before a vowel.
        if of and name[0].lower() in "aeiouy" and words.locale.language == "fr":
            of = "d'"
        said += [words.said(match["figure"], ""), scale, of + name]
        return words.space.join(said)
    whole, hundredths = divmod(value, 1)
    if not hundredths or not found.spelled or found.joined or value.as_tuple().exponent not in (-1, -2):
        figure = match["figure"] if hundredths else str(int(whole))
        if words.decimal == ".":
            figure = figure.rstrip("0").rstrip(".") if hundredths else figure
        said += [words.said(figure, form), _name(words, code, float(value))]
        return words.space.join(said)
    cents = round(hundredths * 100)
    if whole or not (currency := found.currencies.get(code)) or not currency.cent:
        said += [words.said(str(int(whole)), form), _name(words, code, int(whole))]
    return words.space.join(said) + _cents(words, code, cents, bool(whole))


def _cents(words: Words, code: str, cents: int, after: bool) -> str:
    found = words.lexicon
    number = words.said(str(cents), "")
    currency = found.currencies.get(code)
    if currency is None or not currency.cent:
        return found.cents_join + number
    name = currency.cent if cents == 1 else currency.cents
    return f" {found.mixed} {number} {name}" if after else f"{number} {name}"


@lru_cache(512)
def _name(words: Words, code: str, count: float) -> str:
    from babel.numbers import get_currency_name

    currency = words.lexicon.currencies.get(code)
    if currency is not None:
        return currency.one if count == 1 else currency.many
    return get_currency_name(code, count, locale=words.locale)
