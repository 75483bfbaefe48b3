"""Finds providers: entry points of the groups `visavis.tts`, `.asr`, `.llm`, `.vad`, `.face`, `.tools`.

The built-in ones are found the same way as anybody else's. An entry point names a callable that takes
`Settings` and returns a provider; it is imported when it is asked for, not before.
"""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from visavis.errors import InvalidInput
from visavis.settings import Settings


class Provider(Protocol):
    """What providers of every kind have in common."""

    name: str
    """The entry point's name: `espeak`, `openai`, `portrait`."""

    def missing(self) -> str | None:
        """None if the provider can be used here and now; else what is missing and how to get it.

        Cheap (no network, no heavy import) and without secrets or paths: it is shown by `/health`.
        """


@cache
def _group(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"visavis.{kind}")}


def names(kind: str) -> list[str]:
    """The providers of a kind that are installed, in alphabetical order."""
    return sorted(_group(kind))


def provider(kind: str, name: str, settings: Settings) -> Any:
    """Make the provider `name` of `kind`; `InvalidInput` if there is none of that name."""
    point = _group(kind).get(name)
    if point is None:
        known = ", ".join(names(kind)) or "none"
        raise InvalidInput(f"unknown {kind} provider {name!r}; installed: {known}")
    return point.load()(settings)


def providers(kind: str, settings: Settings) -> Iterator[Any]:
    """Every installed provider of a kind."""
    for name in names(kind):
        yield provider(kind, name, settings)


async def close(provider: Provider) -> None:
    """Let go of what a provider holds (kept connections, processes), if it has an `aclose`."""
    if aclose := getattr(provider, "aclose", None):
        await aclose()
