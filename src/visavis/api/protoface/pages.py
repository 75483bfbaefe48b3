"""Pages of lists: so many, after the one that was last (contract protoface 1.2)."""

from typing import Annotated

from fastapi import Query

from visavis.api.protoface.errors import Refusal

Limit = Annotated[int, Query(ge=1, le=100, description="How many.")]
StartingAfter = Annotated[
    str | None, Query(max_length=64, description="The last id of the page before: its `next_cursor`.")
]

USUAL = 20


def unknown_cursor() -> Refusal:
    """The error for a cursor that leads nowhere."""
    return Refusal(400, "invalid_cursor", "there is no such id in this list", param="starting_after")
