"""How a session's events become its snapshot: contract kiosk 1.4 and 1.7, row by row."""

from pathlib import Path
from typing import Any

import pytest

from visavis.api.kiosk.snapshot import ENDINGS, LOST, SOURCE_LOST, Snapshot, stop_timestamp, timestamp
from visavis.session.events import (
    AnswerDelta,
    AnyEvent,
    CaptureEnd,
    CaptureEnded,
    CaptureProgress,
    ClipWritten,
    Failed,
    SentenceFailed,
    Terminated,
    TerminationReason,
    TranscriptHeard,
    TurnEnded,
    TurnStarted,
    Understood,
)

HEARD: list[AnyEvent] = [
    CaptureProgress(1.2, True),
    CaptureEnded("silence", 3.4, True),
    TranscriptHeard("One coffee.", True),
]
ANSWERING: list[AnyEvent] = [*HEARD, Understood("One coffee.", True), TurnStarted("t", "chat", "One coffee.")]


def ended(reason: Any = "completed") -> TurnEnded:
    return TurnEnded("t", "chat", reason, "", "", 0.0)


def clip(number: int, text: str = "Here.") -> ClipWritten:
    return ClipWritten("t", number, text, f"/clips/s/response_{number:03d}.wav")


def folded(*events: AnyEvent, stopped: bool = False) -> dict[str, Any]:
    snapshot = Snapshot("s", "file", 1_778_234_400.0)
    snapshot.start(1_778_234_400.25)
    if stopped:
        snapshot.stop(1_778_234_401.0)
    for event in events:
        snapshot.fold(1_778_234_402.5, event)
    wire = snapshot.wire()
    # Two statements that hold at every moment.
    assert wire["transcript"] == wire["partial_transcript"] == " ".join(wire["transcript_parts"])
    assert (wire["completed_at"] is None) == (wire["status"] in ("created", "running", "stopping"))
    return wire


def some(wire: dict[str, Any], *keys: str) -> list[Any]:
    return [wire[key] for key in keys]


def test_the_fields_are_the_seeds_and_those_of_deployed_servers() -> None:
    assert folded() == {
        "session_id": "s",
        "source_kind": "file",
        "status": "running",
        "created_at": "2026-05-08T10:00:00.000000+00:00",
        "started_at": "2026-05-08T10:00:00.250000+00:00",
        "completed_at": None,
        "stop_requested_at": None,
        "end_reason": None,
        "error": None,
        "speech_started": False,
        "captured_audio_seconds": 0.0,
        "transcript": "",
        "partial_transcript": "",
        "transcript_parts": [],
        "response": "",
        "response_parts": [],
        "tts_audio_segments": [],
        "tts_errors": [],
        "conversation_id": None,
        "device": None,
    }


def test_the_path_of_a_clip_is_absolute() -> None:
    wire = folded(*ANSWERING, ClipWritten("t", 1, "Hi.", "data/clips/s/response_001.wav"))
    path = Path(wire["tts_audio_segments"][0]["audio_file"])
    assert path.is_absolute()
    assert path.parts[-4:] == ("data", "clips", "s", "response_001.wav")


def test_both_forms_of_time() -> None:
    assert timestamp(1_778_234_400.5) == "2026-05-08T10:00:00.500000+00:00"
    assert stop_timestamp(1_778_234_400.5) == "2026-05-08T10:00:00.500000Z"


def test_it_runs_until_the_last_clip_is_there() -> None:
    answer: list[AnyEvent] = [
        AnswerDelta("t", "Here you are. "),
        clip(1, "Here you are. "),
        AnswerDelta("t", "Enjoy."),
    ]
    before = folded(*ANSWERING, *answer, clip(2, "Enjoy."))
    assert some(before, "status", "end_reason", "response") == ["running", None, "Here you are. Enjoy."]
    after = folded(*ANSWERING, *answer, clip(2, "Enjoy."), ended())
    assert some(after, "status", "end_reason", "error") == ["completed", "silence_timeout", None]
    assert after["response_parts"] == ["Here you are.", "Enjoy."]
    assert after["tts_audio_segments"][1] == {
        "index": 2,
        "text": "Enjoy.",
        "audio_file": "/clips/s/response_002.wav",
        "url": "/api/v1/sessions/s/audio/response_002.wav",
    }


def test_a_trailing_space_waits_for_the_next_word() -> None:
    assert folded(*ANSWERING, AnswerDelta("t", " We "))["response"] == "We"
    assert folded(*ANSWERING, AnswerDelta("t", " We "), AnswerDelta("t", "close"))["response"] == "We close"


def test_seconds_have_three_decimals_and_speech_stays_begun() -> None:
    wire = folded(CaptureProgress(1.23456, True), CaptureProgress(1.3000001, False))
    assert some(wire, "captured_audio_seconds", "speech_started") == [1.3, True]


def test_a_live_partial_is_not_in_the_snapshot() -> None:
    assert folded(TranscriptHeard("One cof", False))["transcript"] == ""


@pytest.mark.parametrize("reason", [reason for reason in ENDINGS if reason != "failed"])
def test_the_end_has_the_seeds_word(reason: CaptureEnd) -> None:
    wire = folded(CaptureEnded(reason, 1.0, True), Understood("", False))
    assert some(wire, "status", "end_reason") == ["completed", ENDINGS[reason]]


def test_nothing_said_is_completed() -> None:
    wire = folded(CaptureEnded("source_ended", 0.0, False), Understood("", False))
    assert some(wire, "status", "end_reason", "error", "speech_started") == ["completed", "completed", None, False]


def test_a_recogniser_that_fails_when_nothing_was_heard_fails_the_session() -> None:
    wire = folded(
        CaptureEnded("silence", 2.0, True), Failed("asr", "upstream_failed", "it is down"), Understood("", False)
    )
    assert some(wire, "status", "end_reason", "error") == ["failed", "error", "it is down"]


def test_what_was_heard_before_the_recogniser_failed_is_answered() -> None:
    parts: list[AnyEvent] = [TranscriptHeard("One coffee", True), Failed("asr", "upstream_failed", "it is down")]
    tail: list[AnyEvent] = [
        CaptureEnded("silence", 5.0, True),
        Understood("One coffee", True),
        TurnStarted("t", "chat", "One coffee"),
    ]
    wire = folded(*parts, *tail, AnswerDelta("t", "Yes."), ended())
    assert some(wire, "status", "error", "transcript", "response") == [
        "completed",
        "it is down",
        "One coffee",
        "Yes.",
    ]


def test_a_source_that_is_lost() -> None:
    wire = folded(CaptureEnded("failed", 0.0, False), Understood("", False))
    assert some(wire, "status", "end_reason", "error") == ["failed", "error", SOURCE_LOST]


@pytest.mark.parametrize("stage", ["llm", "knowledge"])
def test_an_answer_that_breaks_off_keeps_what_there_is(stage: str) -> None:
    broken: list[AnyEvent] = [AnswerDelta("t", "We close. At"), clip(1, "We close.")]
    wire = folded(*ANSWERING, *broken, Failed(stage, "upstream_failed", "it broke off", "t"), ended("failed"))
    assert some(wire, "status", "error", "response", "end_reason") == [
        "completed",
        "it broke off",
        "We close. At",
        "silence_timeout",
    ]
    assert len(wire["tts_audio_segments"]) == 1
    assert wire["transcript"] == "One coffee."


def test_an_answer_that_fails_without_a_word_says_so() -> None:
    assert folded(*ANSWERING, ended("failed"))["error"]


def test_a_sentence_that_fails_leaves_a_gap_and_no_error() -> None:
    wire = folded(*ANSWERING, clip(1), SentenceFailed("t", 2, "the voice failed"), clip(3), ended())
    assert wire["tts_errors"] == ["sentence 2: the voice failed"]
    assert [each["index"] for each in wire["tts_audio_segments"]] == [1, 3]
    assert some(wire, "status", "error") == ["completed", None]


def test_a_voice_that_fails_altogether_is_no_error_of_the_session() -> None:
    wire = folded(*ANSWERING, Failed("tts", "stage_failed", "no voice", "t"), ended("failed"))
    assert some(wire, "status", "error", "tts_errors") == ["completed", None, ["no voice"]]


def test_a_stop_is_seen_at_once_and_stays_the_reason() -> None:
    wire = folded(stopped=True)
    assert some(wire, "status", "end_reason", "completed_at") == ["stopping", "stopped_by_api", None]
    assert wire["stop_requested_at"] == "2026-05-08T10:00:01.000000+00:00"
    answered = folded(*ANSWERING, AnswerDelta("t", "Yes."), ended(), stopped=True)
    assert some(answered, "status", "end_reason", "response") == ["completed", "stopped_by_api", "Yes."]
    cut = folded(*ANSWERING, AnswerDelta("t", "Yes."), ended("interrupted"), stopped=True)
    assert some(cut, "status", "end_reason", "error") == ["completed", "stopped_by_api", None]
    unheard = folded(CaptureEnded("stopped", 0.0, False), Understood("", False), stopped=True)
    assert some(unheard, "status", "end_reason") == ["completed", "stopped_by_api"]


@pytest.mark.parametrize("reason", LOST)
def test_an_engine_that_ends_fails_the_session_with_a_text(reason: TerminationReason) -> None:
    wire = folded(*ANSWERING, AnswerDelta("t", "We"), Terminated(reason))
    assert some(wire, "status", "end_reason", "error", "response") == ["failed", "error", LOST[reason], "We"]


def test_nothing_changes_after_the_end() -> None:
    events: list[AnyEvent] = [*ANSWERING, ended()]
    assert folded(*events) == folded(*events, clip(9), AnswerDelta("t", "x"), Failed("llm", "x", "late", "t"))


def test_turns_of_others_are_not_the_answer() -> None:
    greeting: list[AnyEvent] = [TurnStarted("g", "say", "Hello."), ClipWritten("g", 1, "Hello.", "/f")]
    wire = folded(*greeting, TurnEnded("g", "say", "completed", "", "", 0.0), *ANSWERING, AnswerDelta("g", "no"))
    assert some(wire, "status", "response", "tts_audio_segments") == ["running", "", []]
    another = folded(*ANSWERING, TurnStarted("u", "audio", "x"), TurnEnded("u", "audio", "completed", "", "", 0.0))
    assert another["status"] == "running"


def test_a_typed_question_is_its_own_transcript() -> None:
    snapshot = Snapshot("s", "text", 0.0, question="When?")
    snapshot.start(0.0)
    for event in (TurnStarted("t", "chat", "When?"), AnswerDelta("t", "Now."), ended()):
        snapshot.fold(1.0, event)
    assert some(snapshot.wire(), "status", "transcript", "transcript_parts", "response", "end_reason") == [
        "completed",
        "When?",
        ["When?"],
        "Now.",
        "completed",
    ]


def test_what_watchers_are_told() -> None:
    snapshot = Snapshot("s", "browser", 0.0)
    told = [snapshot.start(0.0)]
    for event in (*ANSWERING, AnswerDelta("t", "Yes. "), clip(1), SentenceFailed("t", 2, "no"), ended()):
        told += snapshot.fold(1.0, event)
    assert [name for name, _ in told] == [
        "status",
        "progress",
        "progress",
        "transcript",
        "response",
        "clip",
        "tts_error",
        "status",
    ]
    assert told[3][1] == {"text": "One coffee.", "final": True, "transcript": "One coffee."}
    assert told[4][1] == {"delta": "Yes. ", "response": "Yes."}
    assert told[-1][1] == {"status": "completed", "end_reason": "silence_timeout", "error": None}
