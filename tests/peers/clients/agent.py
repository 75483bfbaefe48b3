"""A customer's agent: LiveKit's own AgentSession with the Protoface plugin, as their documentation shows it.

    agent.py ROOM SPEECH.wav

Run by the tests in an environment of its own. Says the recording, says it again and is interrupted after a second,
says it once more, and leaves. Prints one JSON object a line: what happened, and when (Unix time).
"""

import asyncio
import json
import os
import sys
import time
import wave
from collections.abc import AsyncIterator

from livekit import api, rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.utils import http_context
from livekit.agents.voice.room_io import RoomOptions
from livekit.plugins import protoface

PIECE = 320
"""Samples of a frame: 20 ms at 16 kHz."""


def tell(event: str, **more: object) -> None:
    """A line of what happened."""
    print(json.dumps({"event": event, "at": time.time(), **more}), flush=True)


async def frames(path: str) -> AsyncIterator[rtc.AudioFrame]:
    """The recording, as a voice would make it: faster than it is heard."""
    with wave.open(path) as file:
        rate, pcm = file.getframerate(), file.readframes(file.getnframes())
    for at in range(0, len(pcm), PIECE * 2):
        piece = pcm[at : at + PIECE * 2]
        yield rtc.AudioFrame(piece, rate, 1, len(piece) // 2)


async def main(room_name: str, speech: str) -> None:
    """The whole conversation."""
    token = (
        api.AccessToken(os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"])
        .with_identity("agent")
        .with_kind("agent")
        .with_grants(api.VideoGrants(room_join=True, room=room_name))
        .to_jwt()
    )
    room = rtc.Room()
    await room.connect(os.environ["LIVEKIT_URL"], token)
    session: AgentSession = AgentSession()
    avatar = protoface.AvatarSession()
    await avatar.start(session, room=room)
    tell("asked", session=avatar.session_id)
    # An older plugin's way of leaving the room's own sound out.
    await session.start(
        agent=Agent(instructions="Say what you are told."),
        room=room,
        room_options=RoomOptions(audio_output=False, audio_input=False),
    )
    output = session.output.audio
    if output is None:
        raise RuntimeError("the plugin gave no audio output")
    output.on("playback_finished", lambda ev: tell("finished", position=ev.playback_position, cut=ev.interrupted))
    for cut in (False, True, False):
        tell("says")
        said = session.say("The harbour museum opens at nine.", audio=frames(speech), add_to_chat_ctx=False)
        if cut:
            await asyncio.sleep(1.5)
            tell("interrupts")
            await session.interrupt()
        await said.wait_for_playout()
        tell("said", cut=said.interrupted)
        # So that whoever listens can tell one from the other.
        await asyncio.sleep(1)
    await session.aclose()
    await avatar.aclose()
    tell("left")
    await room.disconnect()


async def run() -> None:
    """With the HTTP session that a job would have."""
    http_context._new_session_ctx()
    try:
        await main(sys.argv[1], sys.argv[2])
    finally:
        await http_context._close_http_ctx()


asyncio.run(run())
