"""How `bench livekit` reads a position from a sound, and what it reports."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from visavis.cli.bench import bench
from visavis.cli.bench.livekit_findings import Findings
from visavis.cli.bench.livekit_rooms import Rooms
from visavis.cli.bench.livekit_signal import RATE, end_of, noise, position
from visavis.media.timeline import SAMPLE_RATE


@pytest.mark.parametrize("seconds", [0.31, 1.234, 4.0])
@pytest.mark.parametrize("level", [0.4, 1.0])
def test_a_position_is_read_from_what_was_heard(seconds: float, level: float) -> None:
    sent = noise(6, SAMPLE_RATE)
    said = (sent[: round(seconds * SAMPLE_RATE)] * level).astype(np.int16)
    hiss = (np.random.default_rng(2).standard_normal(SAMPLE_RATE) * 40).astype(np.int16)
    heard = np.concatenate((hiss[:12_345], said, hiss))
    assert end_of(heard) == pytest.approx(12_345 + len(said), abs=0.003 * SAMPLE_RATE)
    assert position(heard, sent) == pytest.approx(seconds, abs=0.003)


def test_what_was_dropped_within_does_not_count_as_not_played() -> None:
    sent = noise(4, SAMPLE_RATE)
    heard = np.concatenate(
        (sent[:SAMPLE_RATE], sent[SAMPLE_RATE + 4800 : 2 * SAMPLE_RATE], np.zeros(4800, np.int16))
    )
    assert position(heard, sent) == pytest.approx(2.0, abs=0.003)


def test_nothing_and_another_sound_have_no_position() -> None:
    sent = noise(4, SAMPLE_RATE)
    assert position(np.zeros(SAMPLE_RATE, np.int16), sent) is None
    assert position(noise(1, SAMPLE_RATE, seed=8), sent) is None


def test_the_signal_is_the_same_at_the_rate_it_is_sent_with() -> None:
    wide = noise(1, SAMPLE_RATE)
    spectrum = np.abs(np.fft.rfft(wide[:: SAMPLE_RATE // RATE].astype(np.float64)))
    assert len(spectrum) * 2 - 2 == RATE
    assert spectrum[3100:].max() < spectrum.max() / 100


def test_what_was_not_measured_is_no_measure() -> None:
    findings = Findings()
    findings.note("livekit clear", 90.0, 100.0)
    [measure] = findings.measures()
    assert (measure.unit, list(measure.values)) == ("ms", [90.0, 100.0])
    assert measure.targets


def test_a_token_hides_the_secret_and_names_who_and_where() -> None:
    rooms = Rooms("ws://127.0.0.1:1", "key", "a secret")
    header, claims, _ = rooms.token("agent", "room", {"a": "b"}).split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (told["iss"], told["sub"], told["video"]["room"], told["attributes"]) == (
        "key",
        "agent",
        "room",
        {"a": "b"},
    )
    assert "a secret" not in repr(rooms)


@pytest.mark.parametrize("extra", [[], ["--url", "ws://127.0.0.1:1"]])
def test_without_a_room_server_it_says_so(
    extra: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(bench, ["livekit", "--server-url", "http://127.0.0.1:1", *extra])
    assert done.exit_code == 1
    assert ("can't be reached" if extra else "livekit-server is not on the PATH") in done.output
