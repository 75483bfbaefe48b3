"""The time, which no language model knows: a tool to use, and an example of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from visavis.settings import Settings
from visavis.tools import ToolFunction, tool

_Timezone = Annotated[str, Meta(description="IANA name, such as Europe/Berlin; empty for the server's own.")]


@tool(read_only=True, timeout=5)
async def current_time(timezone: _Timezone = "") -> str:
    """Tell the present date, weekday and time of day."""
    try:
        now = datetime.now(ZoneInfo(timezone)) if timezone else datetime.now().astimezone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "error: unknown timezone; use an IANA name such as Europe/Berlin"
    return now.strftime("%A, %Y-%m-%d %H:%M %Z")


class ClockProvider:
    """Entry point `clock`."""

    name = "clock"

    def __init__(self, settings: Settings) -> None:
        pass

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def tools(self) -> Sequence[ToolFunction]:
        """See `ToolProvider`."""
        return (current_time,)
