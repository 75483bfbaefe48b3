"""LiveKit's client library, kept quiet: what it logs holds what servers and strangers sent."""

import logging

logging.getLogger("livekit").setLevel(logging.CRITICAL + 1)


def _not_of_the_library(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or "livekit" not in record.pathname


# Some of its modules log by the root logger: topics of streams, as strangers name them.
logging.getLogger().addFilter(_not_of_the_library)

from livekit import rtc  # noqa: E402  # it may log as soon as it is imported

__all__ = ["rtc"]
