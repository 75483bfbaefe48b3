"""What `bench lipsync` counts, and that it runs. No figure of the network itself is compared here."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from visavis.cli.bench import bench, lip_speech
from visavis.cli.bench.lip_baseline import EDGES, MOST_FREQUENT, Baseline, bins
from visavis.cli.bench.lip_scores import CLASSES, EDGE, OPENING, Labels, Scores, classes, macro_f1, runs
from visavis.lipsync.spectrum import STEP
from visavis.media.timeline import SAMPLE_RATE
from visavis.settings import Settings
from visavis.speech_text.visemes import VISEMES

JFK = Path(__file__).parents[3] / "shared/media/jfk.flac"
"""Beside the checkout: 11 s of an old recording in a large room (public domain)."""
JFK_TEXT = (
    "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."
)

SENTENCE = "My mother put the big blue lamp above the table."


def labels(*names: str) -> Labels:
    return np.array([VISEMES.index(name) for name in names])


def sure(*names: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.eye(len(VISEMES), dtype=np.float32)[labels(*names)]


def scores(found: list[str], wanted: list[str]) -> Scores:
    result = Scores()
    result.add(sure(*found), labels(*wanted))
    return result


def test_every_viseme_is_in_one_class_and_has_an_opening() -> None:
    assert sorted(name for held in CLASSES.values() for name in held) == sorted(VISEMES)
    assert len(CLASSES) >= 9
    assert OPENING.keys() == set(VISEMES)


def test_the_shares_of_a_class_are_added() -> None:
    weights = np.zeros((1, len(VISEMES)), np.float32)
    weights[0, labels("aa", "O", "U")] = (0.4, 0.3, 0.3)
    assert list(CLASSES)[classes(weights)[0]] == "rounded"


def test_macro_f1_is_the_mean_over_the_classes_that_occur() -> None:
    assert macro_f1(np.array([1, 1, 2, 2]), np.array([1, 1, 2, 2])) == 100
    assert macro_f1(np.array([1, 1, 1, 1]), np.array([1, 1, 2, 2])) == pytest.approx(100 * (2 * 2 / 6) / 2)
    assert macro_f1(np.array([3, 3]), np.array([1, 1])) == 0


def test_visemes_that_look_alike_may_be_taken_for_each_other() -> None:
    assert scores(["O", "DD"], ["U", "nn"]).macro_f1() == 100
    assert scores(["aa", "aa"], ["E", "E"]).macro_f1() == 0


def test_a_closure_counts_as_found_if_the_lips_close_in_it_or_near() -> None:
    wanted = ["aa"] * 10 + ["PP"] * 5 + ["aa"] * 10
    assert scores(wanted, wanted).closure_recall() == 100
    assert scores(["aa"] * 15 + ["PP"] + ["aa"] * 9, wanted).closure_recall() == 100
    late = scores(["aa"] * 20 + ["PP"] + ["aa"] * 4, wanted)
    assert (late.closure_recall(), late.closure_precision()) == (0, 0)


def test_only_the_inside_of_a_silence_has_to_be_closed() -> None:
    wanted = ["aa"] * 5 + ["sil"] * 20
    assert scores(["aa"] * (5 + EDGE) + ["sil"] * (20 - EDGE), wanted).false_openings() == 0
    assert scores(["aa"] * (6 + EDGE) + ["PP"] * (19 - EDGE), wanted).false_openings() == pytest.approx(
        100 / (20 - EDGE)
    )


def test_a_silence_that_is_all_edge_is_not_counted() -> None:
    assert scores(["aa"] * 12, ["sil"] + ["aa"] * 5 + ["sil"] * 4 + ["aa"] * 2).silent == 0


def test_the_opening_correlates_with_itself() -> None:
    wanted = ["sil"] * 20 + ["aa"] * 10 + ["PP"] * 10 + ["E"] * 10 + ["sil"] * 20
    assert scores(wanted, wanted).opening_correlation() == pytest.approx(1)
    assert scores(wanted[::-1], wanted).opening_correlation() < 1


def test_runs_are_found() -> None:
    assert list(runs(np.array([1, 1, 0, 1, 0, 0]), 1)) == [(0, 2), (3, 4)]


def test_the_baseline_knows_how_loud_it_is_and_nothing_else() -> None:
    assert len(MOST_FREQUENT) == len(EDGES) + 1 == 8
    loud = np.full(SAMPLE_RATE // 2, 8000, np.int16)
    pcm = np.concatenate((loud // 1000, loud))
    found = bins(pcm)
    assert len(found) == len(pcm) // STEP
    assert (found[5:45] == 0).all()
    assert (found[55:] == 7).all()
    assert Baseline().read(pcm)[-1].argmax() == VISEMES.index(MOST_FREQUENT[7])


def test_silence_has_no_loudness() -> None:
    assert (bins(np.zeros(4800, np.int16)) == 0).all()


async def test_espeak_and_flite_say_what_they_say_when() -> None:
    for provider, voice, language in (("espeak", "en-us", "en"), ("flite", "slt", "en")):
        spoken = await lip_speech.spoken(Settings(), provider, voice, language, SENTENCE)
        assert len(spoken.labels) == -(-len(spoken.pcm) // STEP)
        lips = [spoken.pcm[a * STEP : b * STEP] for a, b in runs(spoken.labels, VISEMES.index("PP"))]
        assert len(lips) == 8
        vowels = spoken.pcm[np.repeat(spoken.labels == VISEMES.index("aa"), STEP)[: len(spoken.pcm)]]
        assert np.abs(np.concatenate(lips).astype(int)).mean() < 0.7 * np.abs(vowels.astype(int)).mean()


async def test_a_recording_is_aligned_with_its_words(tmp_path: Path) -> None:
    spoken = await lip_speech.spoken(Settings(), "flite", "slt", "en", SENTENCE)
    file = tmp_path / "slt.wav"
    write(file, spoken)
    aligned = await lip_speech.recorded(file, SENTENCE)
    assert len(aligned.labels) == len(spoken.labels)
    assert (aligned.labels == spoken.labels).mean() > 0.7


@pytest.mark.parametrize("words", ["xyzzyx plugh", ""])
def test_words_that_cannot_be_aligned_are_refused(tmp_path: Path, words: str) -> None:
    file = tmp_path / "silence.wav"
    write(file, lip_speech.Utterance(np.zeros(SAMPLE_RATE, np.int16), np.zeros(100, np.int64)))
    done = CliRunner().invoke(bench, ["lipsync", "--recording", str(file), "--text", words])
    assert done.exit_code != 0


def test_a_recording_needs_its_words() -> None:
    done = CliRunner().invoke(bench, ["lipsync", "--text", "hello"])
    assert done.exit_code == 2
    assert "belong together" in done.output


def write(file: Path, spoken: lip_speech.Utterance) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(spoken.pcm.tobytes())


def test_the_bench_measures_languages_flite_and_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lip_speech, "LANGUAGES", {"it": lip_speech.LANGUAGES["it"][:1]})
    monkeypatch.setattr(lip_speech, "ENGLISH", (SENTENCE,))
    monkeypatch.setattr(lip_speech, "FLITE", ("slt",))
    figures = tmp_path / "figures.json"
    done = CliRunner().invoke(bench, ["lipsync", "--json", str(figures)])
    assert done.exit_code == 0, done.output
    plain = json.loads(figures.read_text("utf-8"))
    names = {measure["name"] for measure in plain["measures"]}
    assert {
        "it: F1",
        "it: baseline",
        "flite slt: F1 / baseline",
        "flite slt: closures",
        "noise: open",
        "cost",
    } <= names
    assert "--recording" in plain["left_out"]["a person"]
    assert "| it: F1" in done.output


@pytest.mark.peers
def test_the_lips_of_a_person_are_read_better_than_by_loudness(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = CliRunner().invoke(
        bench, ["lipsync", "--recording", str(JFK), "--text", JFK_TEXT, "--json", str(figures)]
    )
    assert done.exit_code == 0, done.output
    measures = {measure["name"]: measure for measure in json.loads(figures.read_text("utf-8"))["measures"]}
    assert measures["jfk.flac: F1"]["max"] > 1.5 * measures["jfk.flac: baseline"]["max"]
