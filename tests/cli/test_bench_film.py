"""What `bench film` measures, on films whose answers are known."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from visavis.avatar import Avatar, Catalogue
from visavis.cli.bench import bench
from visavis.cli.bench.film import at_rest, render, taken
from visavis.cli.bench.film_findings import Findings, Take
from visavis.cli.bench.film_reading import shots, sound
from visavis.cli.bench.film_scores import (
    Gauged,
    apart,
    beeps,
    change,
    closing,
    hand_over,
    offset,
    restless,
    silences,
)
from visavis.cli.bench.film_speech import EDGE, Line, best_match, lines, recital
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.settings import Settings
from visavis.tts import Speech

SENTENCE = "My mother put the big blue lamp above the table."


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def avatar(settings: Settings) -> Avatar:
    return Catalogue(settings).avatar("demo-avatar")


@pytest.fixture(scope="module")
def said(settings: Settings) -> Sequence[Line]:
    return asyncio.run(lines(settings, [SENTENCE]))


@pytest.fixture(scope="module")
def film(settings: Settings, said: Sequence[Line], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "marked.mp4"
    asyncio.run(render(settings, recital(said, marked=True), "demo-avatar", path))
    return path


@pytest.fixture(scope="module")
def take(settings: Settings, avatar: Avatar, said: Sequence[Line], film: Path) -> Take:
    return taken(avatar.id, "marked", film, asyncio.run(at_rest(settings, avatar)), said)


def shifted(film: Path, copy: Path, ms: int) -> Path:
    """A copy whose sound comes `ms` later than it should."""
    with av.open(str(film)) as source, av.open(str(copy), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            if packet.stream.type == "audio":
                late = round(Fraction(ms, 1000) / packet.time_base)
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    return copy


def test_lips_and_sound_of_a_portrait_go_together(take: Take) -> None:
    [(ms, fit)] = take.offsets()
    assert abs(ms) <= 20
    assert fit > 0.8


@pytest.mark.parametrize("ms", [80, -60])
def test_sound_that_is_shifted_is_found_to_be(
    settings: Settings, avatar: Avatar, said: Sequence[Line], film: Path, take: Take, tmp_path: Path, ms: int
) -> None:
    path = shifted(film, tmp_path / "shifted.mp4", ms) if ms > 0 else film
    heard = sound(path) if ms > 0 else sound(path)[-ms * SAMPLE_RATE // 1000 :]
    late = Take(avatar.id, "marked", take.film, heard, said)
    for by_phonemes in (False, True):
        [(before, _)], [(after, _)] = take.offsets(by_phonemes=by_phonemes), late.offsets(by_phonemes=by_phonemes)
        assert after - before == pytest.approx(ms, abs=3)


def test_the_mouth_rests_in_the_pause_and_speaks_before(take: Take) -> None:
    [pause] = take.pauses()
    assert take.lasts(pause)
    assert closing(take.film, pause, last=True) <= 0.12
    assert restless(take.film, pause)[0] == 0
    assert restless(take.film, (0.3, pause[0]))[0] > 30


def test_a_mouth_that_stays_open_is_found(take: Take) -> None:
    [pause] = take.pauses()
    wrong = Gauged(take.film.starts, take.film.stops, [30.0] * len(take.film.starts), take.film.sharpness)
    assert closing(wrong, pause, last=True) >= pause[1] - pause[0] - 0.05
    moving, inside = restless(wrong, pause)
    assert moving == inside > 15
    assert hand_over(wrong, pause) is None


def test_a_film_is_read_by_its_times(film: Path, take: Take) -> None:
    pictures = list(shots(film))
    assert pictures[0].start == 0
    assert pictures[1].middle == pytest.approx(0.06)
    assert pictures[0].luma.shape == (512, 512)
    assert pictures[-1].stop == pytest.approx(len(take.sound) / SAMPLE_RATE, abs=0.1)


def test_a_sentence_that_is_not_in_a_film_is_not_found(settings: Settings, take: Take) -> None:
    [other] = asyncio.run(lines(settings, ["Can you help me find a good place to eat?"]))
    assert other.found(take.sound) is None
    assert take.said[0].found(take.sound) == pytest.approx(0, abs=48)


def times(count: int) -> Gauged:
    starts = [place / 25 for place in range(count)]
    return Gauged(starts, [start + 0.04 for start in starts], [0.0] * count, [100.0] * count)


@pytest.mark.parametrize("late", [-0.1, 0.0, 0.013, 0.16])
def test_an_offset_is_found_between_the_pictures(late: float) -> None:
    grid = np.arange(0, 3, 0.01)
    expected = np.maximum(np.sin(2 * np.pi * 2.3 * grid) + 0.5 * np.sin(2 * np.pi * 0.9 * grid), 0)
    film = times(100)
    film.distances = [float(np.interp(start + 0.02 - 0.5 + late, grid, expected, 0, 0)) for start in film.starts]
    ms, fit = offset(film, 0.5, expected)
    assert ms == pytest.approx(late * 1000, abs=2)
    assert fit > 0.98


def test_nothing_moving_has_no_offset() -> None:
    assert offset(times(50), 0.0, np.sin(np.arange(100.0))) == (0.0, 0.0)


def test_sharpness_that_changes_is_told_by_how_much() -> None:
    film = times(20)
    film.sharpness = [100.0] * 10 + [50.0] * 10
    assert change(film, 10) == pytest.approx(2)
    assert change(film, 5) == pytest.approx(1)
    assert change(film, 2) is None


def test_silences_are_found_at_the_end_too() -> None:
    loud, quiet = np.full(SAMPLE_RATE, 3000, np.int16), np.zeros(SAMPLE_RATE // 2, np.int16)
    pcm = np.concatenate((loud, quiet, loud, quiet[:4800], loud, quiet))
    assert silences(pcm, 0.4) == [pytest.approx((1.0, 1.5)), pytest.approx((3.6, 4.1))]


def test_beeps_are_found_where_they_begin() -> None:
    rng = np.random.default_rng(3)
    pcm = (rng.standard_normal(3 * SAMPLE_RATE) * 900).astype(np.int16)
    for start in (0, SAMPLE_RATE, 2 * SAMPLE_RATE + 77):
        wave = 16_000 * np.sin(2 * np.pi * 1000 / SAMPLE_RATE * np.arange(1920))
        pcm[start : start + 1920] = wave.astype(np.int16)
    assert [start // 48 for start in beeps(pcm)] == pytest.approx([0, 1000, 2001], abs=1)


def test_what_belongs_together_is_compared() -> None:
    assert apart([1.0, 2.0, 9.0], [0.99, 2.03], 0.3) == pytest.approx([-0.01, 0.03])


def test_a_part_is_found_in_a_sound_at_any_level() -> None:
    rng = np.random.default_rng(5)
    whole = (rng.standard_normal(40_000) * 4000).astype(np.int16)
    part = (whole[12_345:22_345] * 0.3).astype(np.int16)
    place, likeness = best_match(whole, part)
    assert place == 12_345
    assert likeness > 0.99
    assert best_match(part, whole) == (0, 0.0)


async def test_a_recital_tells_of_phonemes_only_if_it_should(said: Sequence[Line]) -> None:
    async def all_of(speech: AsyncIterator[Speech]) -> list[Speech]:
        return [piece async for piece in speech]

    marked, plain = await all_of(recital(said, marked=True)), await all_of(recital(said, marked=False))
    joined: Samples = np.concatenate([piece.pcm for piece in marked])
    assert (joined == np.concatenate([piece.pcm for piece in plain])).all()
    assert len(joined) == len(said[0].pcm) + SAMPLE_RATE
    assert [mark for piece in marked for mark in piece.marks][:-1] == list(said[0].marks)
    assert not any(piece.marks or piece.marked for piece in plain)


def test_what_is_expected_covers_the_sentence_and_its_edges(said: Sequence[Line]) -> None:
    [line] = said
    for expected in (line.track(), line.phonemes()):
        assert len(expected) == pytest.approx((len(line.pcm) + 2 * EDGE) / 480, abs=1)
        assert expected[0] == expected[-1] == 0
        assert expected.max() > 0.4


def test_what_was_not_found_is_left_out() -> None:
    findings = Findings(container=[0.5, -2.0])
    [measure] = findings.measures()
    assert measure.values == [0.5, 2.0]
    assert "closing" in findings.left_out


def test_the_bench_measures_a_film(tmp_path: Path, settings: Settings) -> None:
    figures = tmp_path / "figures.json"
    arguments = ["film", "--avatar", "demo-avatar", "--sentences", "1", "--data-dir", str(settings.data_dir)]
    # In a process of its own: espeak-ng sounds a little different once it has spoken with other voices.
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "visavis", "bench", *arguments, "--json", str(figures)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = {measure["name"] for measure in json.loads(figures.read_text("utf-8"))["measures"]}
    assert {"container", "lips: demo-avatar", "lips, from sound: demo-avatar", "closing", "closing: open"} <= names
    assert {"sharpness", "face cpu", "face cpu, from sound"} <= names


def test_an_unknown_avatar_is_refused() -> None:
    done = CliRunner().invoke(bench, ["film", "--avatar", "nobody"])
    assert done.exit_code == 1
    assert "avatar not found" in done.output
