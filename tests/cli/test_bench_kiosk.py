"""That `visavis bench kiosk` can measure a real server. No figure of it is compared with anything."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.api.kiosk.real_kiosk import wav
from tests.asr.flite_speech import said
from visavis.cli.bench import bench

pytestmark = pytest.mark.peers


def question(path: Path) -> None:
    path.write_bytes(wav(asyncio.run(said("how do i get the key"))))


def test_a_small_run_measures_everything(tmp_path: Path) -> None:
    recording, figures = tmp_path / "person.wav", tmp_path / "figures.json"
    question(recording)
    counts = ["--turns", "1", "--stops", "1", "--seconds", "1", "--sentences", "1"]
    more = ["--recording", str(recording), "how do i get the key", "--json", str(figures)]
    result = CliRunner().invoke(bench, ["kiosk", *counts, *more])

    assert result.exit_code == 0, result.output
    plain = json.loads(figures.read_text("utf-8"))
    assert plain["left_out"] == {}
    assert [measure["name"] for measure in plain["measures"]] == [
        "kiosk transcript",
        "kiosk first clip",
        "kiosk terminal",
        "kiosk stop, ASR",
        "kiosk stop, RAG",
        "kiosk stop, TTS",
        "kiosk capture, lag",
        "kiosk words: flite slt",
        "kiosk words: person.wav",
    ]
    targets = {measure["name"]: measure["targets"] for measure in plain["measures"]}
    assert targets["kiosk transcript"]
    assert "| kiosk transcript" in result.output
