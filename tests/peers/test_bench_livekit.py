"""`bench livekit` against a real LiveKit server."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from visavis.cli.bench import bench
from visavis.cli.bench.livekit_company import Heard, joined, moment
from visavis.cli.bench.livekit_rooms import Rooms, started

pytestmark = pytest.mark.peers


def test_a_moment_of_what_was_heard_is_when_it_was_played() -> None:
    sound = [Heard(1.0, np.zeros(480, np.int16)), Heard(1.5, np.ones(480, np.int16))]
    assert [moment(sound, sample) for sample in (0, 240, 480, 960)] == pytest.approx([1.0, 1.005, 1.5, 1.51])
    assert joined(sound).tolist() == [0] * 480 + [1] * 480
    assert len(joined([])) == 0


async def test_a_server_of_our_own_listens_and_ends() -> None:
    async with started() as rooms:
        assert rooms.url.startswith("ws://127.0.0.1:")
        assert rooms.secret not in repr(rooms)
        assert rooms.token("a", "b").count(".") == 2
    assert isinstance(rooms, Rooms)


def test_the_bench_measures_a_real_room(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    few = ["--visits", "1", "--turns", "2", "--seconds", "4", "--sessions", "1"]
    done = CliRunner().invoke(bench, ["livekit", *few, "--json", str(figures)])
    assert done.exit_code == 0, done.output
    found = {measure["name"]: measure for measure in json.loads(figures.read_text("utf-8"))["measures"]}
    assert {"livekit create", "livekit first picture", "livekit clear", "livekit clear, answer"} <= found.keys()
    assert {
        "livekit idle cpu",
        "livekit speaking cpu",
        "livekit speaking pictures",
        "livekit skew",
    } <= found.keys()
    assert found["livekit position"]["n"] == 2
