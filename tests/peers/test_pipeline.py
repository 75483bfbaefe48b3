"""A Pipecat pipeline with the Protoface video service, as customers run it, against `visavis serve`."""

from pathlib import Path

import pytest

from tests.peers.conftest import SECONDS, Site, program

pytestmark = pytest.mark.peers


async def test_a_pipeline_gets_its_face_speaks_is_interrupted_and_leaves(
    site: Site, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with program(site, None, "pipeline.py", str(speech)) as pipeline:
        await pipeline.until("left")
        await pipeline.done()
    assert pipeline.all("error") == []
    (seen,) = pipeline.all("seen")
    assert max(seen["size"]) == 512
    full, cut = pipeline.all("said")
    assert full["seconds"] == pytest.approx(SECONDS, abs=0.1)
    assert cut["seconds"] < 2
    (interrupted,) = pipeline.all("interrupts")
    assert cut["last"] - interrupted["at"] <= 0.3
    rate = (cut["pictures"] - full["pictures"]) / (cut["at"] - full["at"])
    assert 23 <= rate <= 27
    async with site.client() as client:
        (session,) = (await client.get("/v1/sessions")).json()["data"]
    assert (session["status"], session["failure"]) == ("ended", None)
    assert session["transport"] == {"type": "pipecat"}
    assert session["metadata"] == {"customer": "tests"}
    assert session["usage"]["frames"] >= 23 * session["usage"]["billable_seconds"]
    with capsys.disabled():
        (asked,) = pipeline.all("asks")
        print(
            f"\npipecat: pipeline starts → first picture {seen['at'] - asked['at']:.3f} s; {rate:.1f} fps;"
            f" heard {full['seconds']:.2f} and {cut['seconds']:.2f} s;"
            f" interrupt → last sound {(cut['last'] - interrupted['at']) * 1000:.0f} ms;"
            f" session {session['usage']}"
        )
