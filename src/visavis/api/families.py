"""The API families share one application; a path belongs to the family with the longest prefix of it.

What no route of a family has answered (an unknown path, a wrong method, a body over the limit) is refused in
the dialect of the path's family.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Family:
    """One contract, and how it says no."""

    name: str
    prefix: str
    """Without a slash at the end; empty for the family that has the root."""
    refuse: Callable[[int, str, Mapping[str, str] | None], Response]
    """Status, text for people, headers → the answer."""

    def owns(self, path: str) -> bool:
        """Whether `path` lies under the prefix."""
        return path == self.prefix or path.startswith(f"{self.prefix}/")


def family_of(path: str, families: Sequence[Family]) -> Family:
    """The family `path` belongs to; one of them has the root."""
    return max((family for family in families if family.owns(path)), key=lambda family: len(family.prefix))
