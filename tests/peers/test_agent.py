"""LiveKit's AgentSession with the Protoface plugin, as customers run it, against `visavis serve`."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.peers.conftest import SECONDS, Site, program, session_of
from tests.peers.livekit.conftest import Server
from tests.peers.watching import viewer

pytestmark = pytest.mark.peers


async def test_an_agent_gets_its_face_speaks_is_interrupted_and_leaves(
    site: Site, server: Server, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        viewer(server, "agent") as looking,
        program(site, server, "agent.py", "agent", str(speech)) as agent,
    ):
        began = time.time()
        asked = await agent.until("asked")
        await looking.until(lambda: looking.seen_at)
        await agent.until("left")
        await agent.done()
        async with asyncio.timeout(10):
            gone = {await looking.left.get() for _ in range(2)}
    assert gone == {"agent", "protoface-avatar-agent"}
    full, cut, again = agent.all("finished")
    assert [each["cut"] for each in (full, cut, again)] == [False, True, False]
    assert full["position"] == pytest.approx(SECONDS, abs=0.02)
    assert again["position"] == pytest.approx(SECONDS, abs=0.02)
    assert len(looking.stretches) == 3, looking.stretches
    heard = [stretch[2] for stretch in looking.stretches]
    assert heard[0] == pytest.approx(SECONDS, abs=0.15)
    assert heard[2] == pytest.approx(SECONDS, abs=0.15)
    assert cut["position"] < SECONDS
    assert cut["position"] == pytest.approx(heard[1], abs=0.15)
    seen = looking.seen_at[-1] - looking.seen_at[0]
    rate = (len(looking.seen_at) - 1) / seen
    assert rate >= 23
    session = await session_of(site, asked["session"], "ended")
    assert session["failure"] is None
    assert session["usage"]["billable_seconds"] >= int(seen) - 1
    assert session["usage"]["frames"] >= 23 * int(seen)
    with capsys.disabled():
        gaps = sorted(b - a for a, b in pairwise(looking.seen_at))
        (interrupted,) = agent.all("interrupts")
        print(
            f"\nagent: start {asked['at'] - began:.2f} s; create answered → first picture at the viewer"
            f" {looking.seen_at[0] - asked['at']:.3f} s; {rate:.1f} fps, longest gap {gaps[-1] * 1000:.0f} ms,"
            f" P99 {gaps[len(gaps) * 99 // 100] * 1000:.0f} ms; positions {full['position']:.3f}"
            f" {cut['position']:.3f} {again['position']:.3f}; heard {heard[0]:.3f} {heard[1]:.3f} {heard[2]:.3f};"
            f" interrupt → silence at the viewer {(looking.stretches[1][1] - interrupted['at']) * 1000:.0f} ms;"
            f" session {session['usage']}"
        )
