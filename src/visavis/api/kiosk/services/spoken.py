"""What is sent of a session's clips."""

from visavis.media.spoken import Spoken, header, read

__all__ = ["PCM_RATE", "Spoken", "header", "read"]

PCM_RATE = 24_000
"""Hz of raw sound in OpenAI's API."""
