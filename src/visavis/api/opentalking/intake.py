"""Sound between a socket and a session: bounded, in order, in pieces of a size that suits a turn."""

import asyncio
from collections.abc import Callable

READ_AHEAD = 1024 * 1024
"""Bytes taken from a client before the session wants them: half a minute at 16 kHz. What is beyond waits in the
client. Without it, a client that sends faster than real time could not be heard to interrupt."""


class Intake:
    """One task puts in, one takes out."""

    def __init__(self) -> None:
        self._sound = bytearray()
        self._changed = asyncio.Event()
        self.complete = False
        """Whether nothing more will be put in."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be taken."""
        return not self._sound

    async def put(self, sound: bytes) -> None:
        """Add sound; waits while there is enough. At most one message more than `READ_AHEAD` is kept."""
        await self._until(lambda: len(self._sound) < READ_AHEAD)
        self._sound += sound
        self._changed.set()

    async def take(self, at_most: int) -> bytes:
        """The next bytes, as soon as there are any; none if it is complete and all was taken."""
        await self._until(lambda: bool(self._sound) or self.complete)
        piece = bytes(self._sound[:at_most])
        del self._sound[:at_most]
        self._changed.set()
        return piece

    def finish(self) -> None:
        """Nothing follows."""
        self.complete = True
        self._changed.set()

    def clear(self) -> None:
        """Throw away what was not taken."""
        self._sound.clear()
        self._changed.set()

    async def _until(self, so: Callable[[], bool]) -> None:
        # Not a Condition: its lock would let others in between `so` and what it is asked for.
        while not so():
            self._changed.clear()
            await self._changed.wait()
