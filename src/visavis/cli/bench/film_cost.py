"""What a face takes to speak, with phonemes that the voice knows and with visemes from the sound."""

import asyncio
import time
from collections.abc import Sequence

from visavis.avatar import Avatar
from visavis.cli.bench.film_speech import Line, recital
from visavis.pool.studio import Studio
from visavis.settings import Settings

TIMES = 3
"""How often each is measured, by turns; one more before that warms up."""

KINDS = ("marked", "heard")


async def cost(settings: Settings, avatar: Avatar, said: Sequence[Line]) -> dict[str, list[float]]:
    """For each of `KINDS`: processor of the face alone while it speaks, per cent of a core."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    studio = Studio(settings)
    try:
        face = await asyncio.to_thread(studio.face, avatar, "portrait")
        for turn in range(TIMES + 1):
            for kind in KINDS:
                pictures = 0
                began = time.process_time()
                async for chunk in face.animate(recital(said, marked=kind == "marked"), None):
                    pictures += len(chunk.pictures)
                if turn:
                    found[kind].append((time.process_time() - began) * float(face.fps) / pictures * 100)
        await face.close()
    finally:
        await studio.close()
    return found
