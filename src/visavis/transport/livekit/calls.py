"""Calls: what the speaker is told about its sound, by LiveKit's RPC (contract protoface 2.2)."""

import asyncio
import json
import logging
from collections import deque

from visavis.transport.livekit.library import rtc

PATIENCE = 2.0
"""Seconds for an answer: agents give up on a playback that is not reported within as many."""

MOST = 64
"""Calls that may wait; the oldest are dropped."""

log = logging.getLogger(__name__)


class Calls:
    """Makes one call after the other, in the order they were asked for. An error is nobody's problem here."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self._waiting: deque[tuple[str, str, str]] = deque(maxlen=MOST)
        self._filled = asyncio.Event()
        self._unwanted: set[tuple[str, str]] = set()
        """Who does not know which method."""

    def started(self, sender: str) -> None:
        """Its sound begins to be played."""
        self._call(sender, "lk.playback_started", "")

    def finished(self, sender: str, seconds: float, *, interrupted: bool) -> None:
        """So much of its sound was played."""
        # No other key: agents make an object of it.
        told = {"playback_position": round(seconds, 6), "interrupted": interrupted}
        self._call(sender, "lk.playback_finished", json.dumps(told))

    async def run(self) -> None:
        """Make the calls, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                await self._perform(*self._waiting.popleft())

    def _call(self, sender: str, method: str, payload: str) -> None:
        if (sender, method) not in self._unwanted:
            self._waiting.append((sender, method, payload))
            self._filled.set()

    async def _perform(self, sender: str, method: str, payload: str) -> None:
        try:
            await self._room.local_participant.perform_rpc(
                destination_identity=sender,
                method=method,
                payload=payload,
                response_timeout=PATIENCE,
                max_round_trip_latency=PATIENCE / 2,
            )
        except rtc.RpcError as error:
            log.debug("%s was not taken: %s", method, error.code)
            if error.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD and method == "lk.playback_started":
                self._unwanted.add((sender, method))
