"""What is measured of an avatar in a room: how soon it comes, how soon it is silent, what it takes."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from visavis.cli.bench.film_scores import apart, beeps
from visavis.cli.bench.livekit_api import Api
from visavis.cli.bench.livekit_company import Company, Heard, company, joined, loud, moment
from visavis.cli.bench.livekit_findings import Findings
from visavis.cli.bench.livekit_rooms import Rooms
from visavis.cli.bench.livekit_signal import RATE, end_of, noise, position
from visavis.cli.bench.processes import Tree
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE

LONG = 8.0
"""Seconds of an utterance that is cleared: far more than is heard of it."""
FIRST = (0.5, 1.5)
"""Seconds of it, from and to, that are heard before."""
QUIET = 0.5
"""Seconds without sound after which nothing more of a turn is waited for."""
SETTLE = 2.0
"""Seconds from the beginning of something steady to its measurement."""
DRAWN = 12.0
"""Seconds of rest after which a new avatar's motions have been drawn, once for all its sessions."""
SETTLING = 12.0
"""Seconds in which a receiver finds out how much sound it has to hold: it may begin with 60 ms more."""
BESIDE = 0.3
"""Seconds within which a flash and a beep belong together."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where avatars are asked for, and where they go."""

    rooms: Rooms
    api: Api


@asynccontextmanager
async def visit(place: Place, name: str, quality: str, findings: Findings | None = None) -> AsyncIterator[Company]:
    """An avatar in a room of its own, seen and heard by a viewer, until the block ends."""
    async with company(place.rooms, name) as there:
        began = time.monotonic()
        session = await place.api.create(place.rooms, name, there.token, quality)
        answered = time.monotonic()
        try:
            await there.viewer.until(lambda: there.viewer.pictures, "a picture")
            if findings is not None:
                findings.note("livekit create", (answered - began) * 1000)
                findings.note("livekit first picture", (there.viewer.pictures[0].at - began) * 1000)
            await there.viewer.until(lambda: there.viewer.sound, "sound")
            yield there
        finally:
            await place.api.end(session)


async def arrivals(place: Place, count: int, findings: Findings) -> None:
    """How soon avatars come."""
    for number in range(count):
        async with visit(place, f"arrival-{number}", "standard", findings):
            pass


@dataclass(frozen=True, slots=True)
class Cleared:
    """One utterance that was cleared. Nothing is worked out before all are over: that would hold up the client."""

    sent: Samples = field(repr=False)
    """48 kHz."""
    heard: Sequence[Heard] = field(repr=False)
    called: float
    """`time.monotonic()` just before the call."""
    told: float
    """Seconds that were played, as the avatar says."""

    def last(self) -> float | None:
        """Ms from the call to the last sound; None if nothing was heard."""
        end = end_of(joined(self.heard))
        return None if end is None else max(moment(self.heard, end) - self.called, 0.0) * 1000

    def excess(self) -> float | None:
        """How many ms more were told than heard; None if it is not clear what was heard."""
        reached = position(joined(self.heard), self.sent)
        return None if reached is None else (self.told - reached) * 1000


async def clears(place: Place, count: int, findings: Findings) -> None:
    """How soon one is silent when it should be, and whether it knows how far it got."""
    signals = [noise(LONG, SAMPLE_RATE, turn) for turn in range(count)]
    async with visit(place, "clears", "standard") as there:
        turns = [await _cleared(there, sent, findings) for sent in signals]
    findings.note("livekit clear", *(last for turn in turns if (last := turn.last()) is not None))
    excesses = [excess for turn in turns if (excess := turn.excess()) is not None]
    if excesses:
        findings.note("livekit position", *(abs(each) for each in excesses))
        findings.note("livekit position, mean", sum(excesses) / len(excesses))
    if lost := count - len(excesses):
        findings.left_out["livekit position (in part)"] = (
            f"in {lost} of {count} turns nobody can tell what was heard"
        )


async def _cleared(there: Company, sent: Samples, findings: Findings) -> Cleared:
    agent, viewer = there.agent, there.viewer
    agent.finished.clear()
    viewer.forget()
    writer = await agent.stream(RATE)
    await writer.write(sent[:: SAMPLE_RATE // RATE].tobytes())
    await viewer.until(lambda: viewer.sound and loud(viewer.sound[-1].pcm), "sound")
    await asyncio.sleep(random.uniform(*FIRST))  # noqa: S311  # any moment of it, no secret
    called = time.monotonic()
    await agent.clear()
    findings.note("livekit clear, answer", (time.monotonic() - called) * 1000)
    await agent.until(lambda: agent.finished, "lk.playback_finished")
    await viewer.quiet(QUIET)
    await writer.aclose()
    return Cleared(sent, viewer.sound, called, agent.finished[0])


async def skew(place: Place, seconds: float, findings: Findings) -> None:
    """How far picture and sound are apart at the viewer, by the mock face's flashes and beeps."""
    async with visit(place, "skew", "mock") as there:
        viewer = there.viewer
        viewer.forget()
        # The beeps are laid over what is said: nothing.
        await _say(there, np.zeros(round((SETTLING + seconds + 2 * SETTLE) * RATE), np.int16))
        began = time.monotonic()
        await asyncio.sleep(SETTLING + seconds)
        pictures, sound = viewer.pictures, viewer.sound
    heard = joined(sound)
    beeped = [moment(sound, start) for start in beeps(heard)] if loud(heard) else []
    flashed = [
        now.at for before, now in zip(pictures, pictures[1:], strict=False) if now.flash and not before.flash
    ]
    first = [each * 1000 for each in apart([at for at in flashed if at < began + SETTLING], beeped, BESIDE)]
    found = [each * 1000 for each in apart([at for at in flashed if at >= began + SETTLING], beeped, BESIDE)]
    findings.note("livekit skew, at first", *(abs(each) for each in first))
    findings.note("livekit skew", *(abs(each) for each in found))
    if found:
        findings.note("livekit skew, mean", sum(found) / len(found))
    else:
        findings.left_out["livekit skew"] = "no flash came with a beep: the server needs VISAVIS_MOCK_COUNTER"


async def load(
    place: Place, pid: int | None, count: int, seconds: float, speech: Samples, findings: Findings
) -> None:
    """Pictures and processor of `count` sessions, each in a room of its own, idle and then speaking.

    `speech`: what they say, at `RATE`.
    """
    async with AsyncExitStack() as stack:
        everybody = [
            await stack.enter_async_context(visit(place, f"load-{each}", "standard")) for each in range(count)
        ]
        await asyncio.sleep(DRAWN)
        await _load(everybody, pid, seconds, "idle", findings)
        text = np.resize(speech, round((seconds + 2 * SETTLE) * RATE))
        for there in everybody:
            await _say(there, text)
        await asyncio.sleep(SETTLE)
        await _load(everybody, pid, seconds, "speaking", findings)
        mute = sum(not loud(joined(there.viewer.sound)) for there in everybody)
    if mute:
        findings.left_out["livekit speaking (in part)"] = f"{mute} of {count} sessions were not heard"


async def _load(
    everybody: Sequence[Company], pid: int | None, seconds: float, kind: str, findings: Findings
) -> None:
    for there in everybody:
        there.viewer.forget()
    began = Tree.read(pid) if pid else None
    await asyncio.sleep(seconds)
    ended = Tree.read(pid) if pid else None
    findings.note(f"livekit {kind} pictures", *(len(there.viewer.pictures) / seconds for there in everybody))
    if began is not None and ended is not None:
        used = (ended.cpu_seconds - began.cpu_seconds) / seconds * 100
        findings.note(f"livekit {kind} cpu", used / len(everybody))


async def _say(there: Company, pcm: Samples) -> None:
    writer = await there.agent.stream(RATE)
    await writer.write(pcm.tobytes())
    await writer.aclose()
