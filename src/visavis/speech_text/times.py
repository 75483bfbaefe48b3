"""Times of day: 14:30, 2 pm, 14h30, 14:30 Uhr."""

import re
from functools import partial

from visavis.speech_text.figures import AFTER, BEFORE, NEVER
from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

_HALF = r"\s?(?P<half>[aApP]\.?\s?[mM]\b\.?)"
_ENDS = re.compile(r"[\"'”’)\]]*$")


def steps(words: Words) -> list[Step]:
    """Ranges of times, times with minutes, full hours, and ratios, which look like them."""
    found = words.lexicon
    half = _HALF if found.half_days else ""
    mark = f"(?:{found.time_mark})?" if found.time_mark else ""
    colon = f"(?::|{found.hour_mark})" if found.hour_mark else ":"
    minutes = rf"{colon}(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])(?:{half or NEVER})?{mark}"
    hour = rf"{BEFORE}(?P<hour>[01]?\d|2[0-4])"
    to = words.space + found.to + words.space
    ending = "|".join(part for part in (r":\d\d", half.replace("?P<half>", "?:"), found.time_mark) if part)
    say = partial(_say, words)
    steps: list[Step] = [
        (re.compile(rf"(?<=[\dmMhr])\s?[-–—]\s?(?=\d{{1,2}}(?:{ending}))"), lambda _: to),
        (re.compile(hour + minutes + AFTER), say),
    ]
    if half:
        steps.append((re.compile(hour + half + AFTER), say))
    if found.time_mark:
        steps.append((re.compile(f"{hour}{found.time_mark}{AFTER}"), say))
    ratio = words.space + found.ratio + words.space
    steps.append((re.compile(r"(?<=\d)(?<!:\d)(?<!:\d\d):(?=\d+(?![\d:]))"), lambda _: ratio))
    return steps


def _say(words: Words, match: re.Match[str]) -> str:
    found = words.lexicon
    parts = match.groupdict()
    hour, minute = int(match["hour"]), int(parts.get("minute") or 0)
    half = (parts.get("half") or "").lower()
    said_hour = words.said(str(hour), "feminine" if found.feminine_hours else "masculine")
    said_minute = words.said(str(minute), "")
    if minute:
        small = found.small_minute.format(minute=said_minute) if minute < 10 else said_minute
        said = found.time.format(hour=said_hour, minute=small)
    elif half:
        said = found.bare_hour.format(hour=said_hour)
    else:
        early = found.morning_hour if 1 <= hour <= 12 else ""
        said = (early or found.full_hour).format(hour=said_hour)
    if second := int(parts.get("second") or 0):
        said += found.seconds.format(second=words.said(str(second), "feminine"))
    if half:
        said = found.half_days["am" if half.startswith("a") else "pm"].format(time=said)
        if half.endswith(".") and _ENDS.match(match.string, match.end()):
            said += "."
    return said
