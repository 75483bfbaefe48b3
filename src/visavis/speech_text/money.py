"""Sums of money: $3.50, 3,50 €, £1m, 20 USD, ¥100."""

import re
from decimal import Decimal
from functools import lru_cache, partial

from visavis.speech_text.figures import AFTER, BEFORE, NEVER, SIGN, TO
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

_WITHOUT_OF = {"mil", "mille", "mila"}
"""Thousands are counted directly: mille euros, but un million d'euros."""


def steps(words: Words) -> list[Step]:
    """Sums with their symbol or code before or after the number."""
    found = words.lexicon
    codes = {**SYMBOLS, "¥": found.home_yen, "￥": found.home_yen} | {code: code for code in CODES}
    symbol = "|".join(re.escape(mark) for mark in sorted(codes, key=len, reverse=True))
    short = "|".join(re.escape(mark) for mark in sorted(found.magnitudes, key=len, reverse=True)) or NEVER
    written = "|".join(sorted(found.magnitude_words, key=len, reverse=True)) or NEVER
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
    before = [found.minus] if match["sign"] else []
    if match["first"]:
        before += [words.said(match["first"], words.form(code)), found.to]
    if match["short"] or match["written"]:
        sum_ = _scaled(words, code, match)
    else:
        sum_ = _plain(words, code, match["figure"])
    return words.space.join((*before, sum_))


def _scaled(words: Words, code: str, match: re.Match[str]) -> str:
    found = words.lexicon
    value = words.value(match["figure"])
    scale = match["written"] or found.magnitudes[match["short"]]
    if scale.isdigit():
        whole = int(value * int(scale))
        return words.said(str(whole), words.form(code)) + words.space + _name(words, code, whole)
    if match["short"]:
        one, _, many = scale.partition("|")
        scale = one if value < 2 or not many else many
    name = _name(words, code, 2)
    of = "" if scale in _WITHOUT_OF else found.of
    if of and words.locale.language == "fr" and name[0].lower() in "aeiouy":
        of = "d'"
    return words.space.join((words.said(match["figure"], ""), scale, of + name))


def _plain(words: Words, code: str, figure: str) -> str:
    found = words.lexicon
    form = words.form(code)
    value = words.value(figure)
    whole = int(value)
    cents = round((value - whole) * 100)
    # Chinese says 三点五美元; and a third decimal is no coin.
    if cents and (found.joined or value != whole + Decimal(cents) / 100):
        figure = figure.rstrip("0") if words.decimal == "." else figure
        return words.said(figure, form) + words.space + _name(words, code, float(value))
    currency = found.currencies.get(code)
    coins = currency.cent if currency and cents == 1 else currency.cents if currency else ""
    said = words.said(str(whole), form) + words.space + _name(words, code, whole)
    if not cents:
        return said
    small = words.said(str(cents), "")
    if not coins:
        return said + found.cents_join + small
    return f"{said} {found.mixed} {small} {coins}" if whole else f"{small} {coins}"


@lru_cache(512)
def _name(words: Words, code: str, count: float) -> str:
    from babel.numbers import get_currency_name

    currency = words.lexicon.currencies.get(code)
    if currency is not None:
        return currency.one if count == 1 else currency.many
    return get_currency_name(code, count, locale=words.locale)
