"""What a bench reports, and that it can measure a real server. No figure of that is compared with anything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from visavis.cli.bench import bench
from visavis.cli.bench.familiar import ENOUGH, Familiar, Shown, pictures
from visavis.cli.bench.figures import Measure, Report, Target, percentile, shown
from visavis.cli.bench.machine import describe
from visavis.cli.bench.microphone import Sound
from visavis.cli.bench.processes import Tree
from visavis.cli.bench.viewer import Packet
from visavis.session.turn_taking import SHORTEST_PAUSE_MS

ONE = Measure("started", "start → ready", "s", [1.25], (Target("p50", 1.5),))
MANY = Measure("speak", "POST /speak → sound", "ms", [float(v) for v in range(1, 101)], (Target("p95", 80),))
RATE = Measure("pictures", "a second", "fps", [24.0, 25.0], (Target("p50", 24, at_least=True),))
FREE = Measure("gap", "a picture → next", "ms", [40.0, 41.0])
MACHINE = {"server": "s", "cores": 2, "commit": ""}
REPORT = Report("latency", MACHINE, [ONE, MANY, RATE, FREE], {"memory": "no process"})


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 50, 7.0),
        ([7.0], 99, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 50, 2.0),
        ([float(value) for value in range(1, 21)], 95, 19.0),
        ([float(value) for value in range(1, 21)], 99, 20.0),
        ([float(value) for value in range(1, 101)], 99, 99.0),
        ([1.0, 2.0], 0, 1.0),
    ],
)
def test_a_percentile_is_one_of_the_values(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.00"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (-40.0, "-40.0")]
)
def test_a_figure_is_shown_with_the_digits_that_matter(value: float, text: str) -> None:
    assert shown(value) == text


def test_a_target_is_met_up_to_its_bound() -> None:
    assert [Target("p50", 40).met(value) for value in (39.9, 40.0, 40.1)] == [True, True, False]
    assert [Target("p50", 24, at_least=True).met(value) for value in (23.9, 24.0)] == [False, True]


def test_the_table_shows_figures_beside_targets_and_says_what_is_left_out() -> None:
    assert REPORT.table().splitlines() == [
        "`visavis bench latency`: server s, cores 2",
        "",
        "| measure  | from → to           | n   | P50  | P95  | P99  | max  |     | target               |",
        "|----------|---------------------|-----|------|------|------|------|-----|----------------------|",
        "| started  | start → ready       | 1   | 1.25 |      |      |      | s   | ≤ 1.5: met           |",
        "| speak    | POST /speak → sound | 100 | 50.0 | 95.0 | 99.0 | 100  | ms  | P95 ≤ 80: **missed** |",
        "| pictures | a second            | 2   | 24.0 | 25.0 | 25.0 | 25.0 | fps | P50 ≥ 24: met        |",
        "| gap      | a picture → next    | 2   | 40.0 | 41.0 | 41.0 | 41.0 | ms  | –                    |",
        "",
        "left out: memory: no process",
    ]


def test_the_json_holds_the_same_for_programs() -> None:
    plain = json.loads(REPORT.json())
    assert plain["command"] == "latency"
    assert plain["machine"] == MACHINE
    assert plain["left_out"] == {"memory": "no process"}
    assert plain["measures"][1] == {
        "name": "speak",
        "span": "POST /speak → sound",
        "unit": "ms",
        "n": 100,
        "p50": 50.0,
        "p95": 95.0,
        "p99": 99.0,
        "max": 100.0,
        "targets": [{"figure": "p95", "at_most": 80, "met": False}],
    }
    assert plain["measures"][2]["targets"] == [{"figure": "p50", "at_least": 24, "met": True}]


def test_a_report_names_machine_and_code() -> None:
    machine = describe("visavis serve")
    assert machine["server"] == "visavis serve"
    assert all(machine[name] for name in ("cpu", "cores", "python", "commit", "date"))


def packet(at: float, timestamp: int, size: int, marker: bool) -> Packet:
    return Packet(at, "video", timestamp, size, marker)


def test_packets_of_one_time_are_a_picture_once_its_last_has_come() -> None:
    packets = [
        packet(1.0, 10, 500, False),
        Packet(1.1, "audio", 10, 3, True),
        packet(1.2, 10, 300, True),
        packet(2.0, 20, 100, True),
        packet(3.0, 30, 700, False),
    ]
    assert pictures(packets) == [Shown(1.2, 800), Shown(2.0, 100)]


def test_idle_pictures_are_familiar_once_they_repeat() -> None:
    familiar = Familiar()
    loop = [packet(float(index), index, 100 + index % ENOUGH, True) for index in range(2 * ENOUGH)]
    assert not familiar.learn(loop[:ENOUGH])
    assert familiar.learn(loop[ENOUGH:])
    assert familiar.knows(Shown(0.0, 100))
    assert not familiar.knows(Shown(0.0, 99))


def test_only_more_than_silence_is_audible() -> None:
    sizes = {"audio": (3, 8, 9, 80), "video": (80,)}
    heard = [Packet(0.0, "audio", 0, size, True).audible for size in sizes["audio"]]
    assert heard == [False, False, True, True]
    assert not Packet(0.0, "video", 0, 80, True).audible


def test_the_processes_below_the_first_are_found() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        tree = Tree.read(os.getpid())
        child.communicate(b"\n")
    assert tree.root.pid == os.getpid()
    assert child.pid in [use.pid for use in tree.workers]
    assert tree.root.rss_mib > tree.root.own_mib > 0
    assert tree.cpu_seconds >= tree.root.cpu_seconds > 0


def test_a_process_that_is_gone_is_not_measured() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
        with pytest.raises(ProcessLookupError):
            Tree.read(child.pid)


def test_every_bench_says_what_it_does() -> None:
    for name in ("latency", "interrupt", "density"):
        assert "--json" in CliRunner().invoke(bench, [name, "--help"]).output


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that the avatar's loops are drawn once."""
    return tmp_path_factory.mktemp("data")


def measured(
    data_dir: Path, tmp_path: Path, *arguments: str, timeout: float = 120
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Run a bench on a server of its own, as people do; returns its measures by name, and what it left out."""
    found = tmp_path / "figures.json"
    command = [sys.executable, "-m", "visavis", "bench", *arguments]
    done = subprocess.run(  # noqa: S603  # our own command
        [*command, "--data-dir", str(data_dir), "--json", str(found)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    plain = json.loads(found.read_text("utf-8"))
    assert f"bench {plain['command']}" in done.stdout
    return {measure["name"]: measure for measure in plain["measures"]}, plain["left_out"]


@pytest.mark.peers
def test_an_interrupted_turn_is_measured_and_sends_nothing_after_the_answer(
    data_dir: Path, tmp_path: Path
) -> None:
    measures, left_out = measured(data_dir, tmp_path, "interrupt", "--turns", "3")
    assert left_out == {}
    assert {name: measure["n"] for name, measure in measures.items()} == {
        "interrupt": 3,
        "interrupt, answer": 3,
        "interrupt, after": 3,
    }
    assert measures["interrupt, after"]["max"] == 0


@pytest.mark.peers
def test_what_one_user_waits_for_is_measured(data_dir: Path, tmp_path: Path) -> None:
    measures, left_out = measured(data_dir, tmp_path, "latency", "--starts", "1", "--visits", "1", "--turns", "2")
    assert {name: measure["n"] for name, measure in measures.items() if name != "speak, picture"} == {
        "healthy": 1,
        "healthy again": 1,
        "cold first sound": 1,
        "cold first sound again": 1,
        "create": 1,
        "first picture": 1,
        "speak": 2,
    }
    # A machine that is too busy for it says so.
    assert measures.get("speak, picture", {}).get("n") == 2 or "speak, picture" in left_out
    assert all(0 < measure["p50"] <= measure["p95"] <= measure["max"] for measure in measures.values())


@pytest.mark.peers
def test_the_voice_loop_is_measured_and_taken_apart(data_dir: Path, tmp_path: Path) -> None:
    measures, left_out = measured(
        data_dir, tmp_path, "latency", "--voice", "--turns", "1", "--sounds", "1", timeout=180
    )
    assert left_out == {}
    assert {name for name, measure in measures.items() if measure["unit"] == "ms"} >= {
        "voice, stubs",
        "voice, endpointing",
        "voice, providers",
        "voice, overhead",
    }
    # What a busy machine makes fail is counted, and not in a figure.
    for name, failed in (
        ("voice", "voice: failed"),
        ("voice, not preemptive", "voice, not preemptive: failed"),
        ("barge-in", "barge-in: failed"),
    ):
        assert measures.get(name, {"n": 0})["n"] + measures[failed]["max"] == 1
    assert {measures[f"barge-in: {sound}"]["max"] for sound in ("yeah", "cough")} <= {0, 1}
    whole = measures["voice, stubs"]["max"]
    parts = ("voice, endpointing", "voice, providers", "voice, overhead")
    assert whole == pytest.approx(sum(measures[part]["max"] for part in parts), abs=0.01)
    overhead = [measures[f"overhead, {part}"]["max"] for part in ("ear", "llm", "tts", "sound")]
    assert measures["voice, overhead"]["max"] == pytest.approx(sum(overhead), abs=0.01)
    assert min(overhead) > 0
    assert measures["voice, endpointing"]["max"] > SHORTEST_PAUSE_MS
    assert measures["voice, providers"]["max"] > 3 * 20


@pytest.mark.parametrize("by_its_start", [False, True])
def test_a_sound_leaves_when_it_would_be_recorded(by_its_start: bool) -> None:
    tone = (8000 * np.sin(np.arange(5000) / 20)).astype(np.int16)
    sound = Sound.of("a tone", np.concatenate([np.zeros(700, np.int16), tone]), by_its_start=by_its_start)
    assert (sound.first, sound.last) == (0, 6 if by_its_start else 5)
    assert list(sound.arrived) == sorted(sound.arrived)
    # The codec delays a sound by 6.5 ms, and lets it ring for some more.
    assert sound.last <= sound.deciding(1) <= sound.last + 2
    assert sound.deciding(16_000) == pytest.approx(sound.deciding(1) + 50, abs=1)


def test_what_is_silent_is_no_sound() -> None:
    with pytest.raises(ValueError, match="is silent"):
        Sound.of("nothing", np.zeros(960, np.int16))
