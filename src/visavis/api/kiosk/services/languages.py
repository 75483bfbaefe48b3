"""Languages as the kiosk's services name them (`English`) and as the engine does (`en`)."""

import re
from functools import cache
from typing import Annotated

from babel import Locale
from pydantic import AfterValidator, Field

_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@cache
def _tags() -> dict[str, str]:
    names = {str(name).lower(): str(tag) for tag, name in Locale("en").languages.items()}
    return {**names, "mandarin": "zh", "cantonese": "yue"}


def tag(language: str) -> str:
    """The BCP 47 tag of a tag or an English name; empty for an empty one and for `auto`. Raises `ValueError`."""
    wanted = language.strip()
    if wanted.lower() in ("", "auto"):
        return ""
    if found := _tags().get(wanted.lower()):
        return found
    if _TAG.fullmatch(wanted):
        return wanted.replace("_", "-")
    raise ValueError("must be a language's English name or its tag, like English or en")


def name(language: str) -> str:
    """A tag's English name; the tag itself if it has none."""
    base = re.split("[-_]", language)[0].lower()
    return str(Locale("en").languages.get(base, language))


Language = Annotated[str, Field(max_length=60), AfterValidator(tag)]
"""A field with a language: its tag, or empty."""
