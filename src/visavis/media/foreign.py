"""Pictures and sound of strangers: decoded in a process of its own, which may use little memory and little time.

A file that makes a decoder take gigabytes, hang or crash costs that process and nothing else. It is started for
each file: a third of a second.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from visavis.errors import InvalidInput, Unavailable

TIMEOUT = 30.0
"""Seconds that decoding may take."""

AT_ONCE = 2
"""Processes at the same time; further files wait."""

UNDECODABLE = "it can't be decoded"


class Decoder:
    """Starts the processes."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)

    async def picture(self, source: Path, target: Path, max_width: int, max_height: int) -> tuple[int, int]:
        """Write a PNG of what is in `source`, within the given size; returns width and height, both even.

        The way it is to be held is applied, and whatever else the file told is left out. Raises `InvalidInput`.
        """
        size = await self._run("picture", source, target, max_width, max_height)
        return int(size["width"]), int(size["height"])

    async def sound(self, source: Path, target: Path, sample_rate: int, longest: float) -> float:
        """Write a WAV file, 16 bit mono, of what is in `source`; returns its seconds. Raises `InvalidInput`."""
        told = await self._run("sound", source, target, sample_rate, longest)
        return float(told["seconds"])

    async def _run(self, *command: object) -> dict[str, Any]:
        async with self._room:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "visavis.media.foreign_process",
                *(str(part) for part in command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                async with asyncio.timeout(TIMEOUT):
                    out, _ = await process.communicate()
            except TimeoutError:
                raise InvalidInput("it takes too long to decode") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        try:
            told: dict[str, Any] = json.loads(out)
        except ValueError:
            # Killed by a limit, or by what was in the file.
            raise InvalidInput(UNDECODABLE) from None
        if refusal := told.get("refusal"):
            raise InvalidInput(str(refusal))
        if failure := told.get("failure"):
            raise Unavailable(f"what was sent can't be kept: {failure}; see to the disk")
        return told
