"""Measures: 5 km/h, 20 °C, 3–5 kg, 50 %."""

import re
from decimal import Decimal
from functools import partial

from visavis.speech_text.figures import AFTER, BEFORE, SIGN, TO
from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

SYMBOLS = {
    "%": "concentr-percent", "‰": "concentr-permille", "°": "angle-degree", "°C": "temperature-celsius",
    "℃": "temperature-celsius", "°F": "temperature-fahrenheit", "℉": "temperature-fahrenheit",
    "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter", "mm": "length-millimeter",
    "µm": "length-micrometer", "μm": "length-micrometer", "nm": "length-nanometer", "mi": "length-mile",
    "ft": "length-foot", "yd": "length-yard",
    "km²": "area-square-kilometer", "m²": "area-square-meter", "cm²": "area-square-centimeter",
    "km2": "area-square-kilometer", "m2": "area-square-meter", "ha": "area-hectare", "sq ft": "area-square-foot",
    "m³": "volume-cubic-meter", "m3": "volume-cubic-meter", "cm³": "volume-cubic-centimeter",
    "l": "volume-liter", "L": "volume-liter", "ml": "volume-milliliter", "mL": "volume-milliliter",
    "cl": "volume-centiliter", "dl": "volume-deciliter", "gal": "volume-gallon",
    "kg": "mass-kilogram", "g": "mass-gram", "mg": "mass-milligram", "µg": "mass-microgram", "t": "mass-tonne",
    "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce",
    "km/h": "speed-kilometer-per-hour", "kmh": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour",
    "m/s": "speed-meter-per-second", "mph": "speed-mile-per-hour",
    "GB": "digital-gigabyte", "MB": "digital-megabyte", "KB": "digital-kilobyte", "kB": "digital-kilobyte",
    "TB": "digital-terabyte", "Hz": "frequency-hertz", "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz", "W": "power-watt", "kW": "power-kilowatt", "MW": "power-megawatt",
    "kWh": "energy-kilowatt-hour", "V": "electric-volt", "kcal": "energy-kilocalorie", "kJ": "energy-kilojoule",
    "hPa": "pressure-hectopascal", "kPa": "pressure-kilopascal", "h": "duration-hour", "hr": "duration-hour",
    "hrs": "duration-hour", "min": "duration-minute", "mins": "duration-minute", "s": "duration-second",
    "sec": "duration-second", "secs": "duration-second", "ms": "duration-millisecond", "px": "graphics-pixel",
}  # fmt: skip
"""Identifiers of CLDR (`common/validity/unit.xml`). Letters that often mean something else (A, K, in) are left."""

_PLACE = "\ufffc"


def steps(words: Words) -> list[Step]:
    """Numbers, or ranges of them, with a unit's symbol."""
    symbols = {**dict.fromkeys(words.lexicon.units, ""), **SYMBOLS}
    symbol = "|".join(re.escape(mark) for mark in sorted(symbols, key=len, reverse=True))
    pattern = (
        rf"{SIGN}{BEFORE}(?:(?P<first>{words.figure})(?:\s?%)?{TO})?(?P<figure>{words.figure})"
        rf"(?:\s|(?P<hyphen>-)(?=[A-Za-z]{{2}}))?(?P<symbol>{symbol}){AFTER}(?!/[A-Za-z])"
    )
    return [(re.compile(pattern), partial(_say, words))]


def _say(words: Words, match: re.Match[str]) -> str:
    found = words.lexicon
    symbol = match["symbol"]
    form = words.form(SYMBOLS.get(symbol, ""))
    said = words.said(match["figure"], form)
    if match["first"]:
        said = words.space.join((words.said(match["first"], form), found.to, said))
    # A 5-kilometer run.
    template = _template(words, symbol, Decimal(1) if match["hyphen"] else words.value(match["figure"]))
    minus = found.minus + words.space if match["sign"] else ""
    return minus + template.replace("{0}", said)


def _template(words: Words, symbol: str, value: Decimal) -> str:
    from babel.units import format_unit

    # Only the plural depends on it; babel refuses more than 28 digits.
    value = Decimal(str(value)[:20])

    own = words.lexicon.units.get(symbol)
    if own is not None:
        return own if "{0}" in own else "{0}" + words.space + own
    unit = SYMBOLS[symbol]
    for length in ("long", "short"):
        # CLDR leaves a long form out that is like the short one; babel then gives the identifier.
        said = format_unit(value, unit, length, format=_PLACE, locale=words.locale)
        if unit not in said:
            break
    said = said.replace("\u00a0", " ").replace(_PLACE, "{0}")
    return said.replace(" ", "") if words.lexicon.joined else said
