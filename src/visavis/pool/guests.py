"""Guests: what a session is given that is seen and heard in a room of somebody else's."""

import asyncio
import dataclasses
from collections.abc import Callable
from fractions import Fraction

from visavis.avatar import Avatar
from visavis.face import Face
from visavis.media.loops import LoopStore
from visavis.pool.verbs import Relayed, Room
from visavis.session.guest import Guest, Host, Terms
from visavis.session.intakes import Loudness
from visavis.settings import Settings
from visavis.transport import Room as RoomTransport
from visavis.transport.relay import RelayRoom
from visavis.vad import DetectorProvider

ALONE = 10.0
"""Seconds alone after which a guest hums a tone, if it is to (contract protoface 1.3)."""


def fitted(avatar: Avatar, size: int, fps: int) -> Avatar:
    """`avatar` with a longer side of `size` pixels and `fps` pictures a second; 0 leaves either."""
    if size:
        longer = max(avatar.width, avatar.height)
        width, height = (max(round(side * size / longer / 2) * 2, 16) for side in (avatar.width, avatar.height))
        avatar = dataclasses.replace(avatar, width=width, height=height)
    return dataclasses.replace(avatar, fps=Fraction(fps)) if fps else avatar


async def visit(
    room: Room | Relayed, face: Face, settings: Settings, loops: LoopStore, detectors: DetectorProvider
) -> tuple[RoomTransport, Callable[[Host], Guest]]:
    """The room as a transport, and what makes a session its guest."""
    if isinstance(room, Relayed):
        relayed = RelayRoom(room.path)
        return relayed, lambda host: Guest(host, relayed, Terms(room.idle_timeout, room.max_duration))
    # Its native library is 28 MB: only for who has guests.
    from visavis.transport.livekit.room import Invitation, LiveKitRoom

    track = room.audio_source == "track"
    invitation = Invitation(room.url, room.name, room.token, track, room.subscribe_to)
    transport = LiveKitRoom(invitation, settings, loops, (face.width, face.height, face.fps))
    terms = Terms(room.idle_timeout, room.max_duration, ALONE if room.synthetic_audio else 0.0)
    if track:
        # The first one loads its model, away from the loop; a voice in a noisy place is told by no level.
        await asyncio.to_thread(detectors.detector)
        return transport, lambda host: Guest(host, transport, terms, detectors.detector)
    return transport, lambda host: Guest(host, transport, terms, Loudness)
