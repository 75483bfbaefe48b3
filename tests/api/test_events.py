"""Events on the wire: names and data of both families, replay, keep-alive, and the end of a stream."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from visavis.api.opentalking.event_names import wire
from visavis.api.opentalking.event_stream import EventStream, encode
from visavis.errors import TooLarge
from visavis.session.events import (
    AnswerDelta,
    AnyEvent,
    Caption,
    CaptureEnded,
    CaptureProgress,
    ClipWritten,
    Expiring,
    Failed,
    FirstFrame,
    FramesShown,
    MediaStarted,
    Metered,
    PassageFound,
    PassagesFound,
    Queued,
    Record,
    RoomJoined,
    RoomLeft,
    SentenceFailed,
    SpeechMarked,
    StageChanged,
    StateChanged,
    SynthesisProgress,
    Terminated,
    TimedViseme,
    TimedWord,
    TranscriptHeard,
    TurnEnded,
    TurnStarted,
    Understood,
    ViewerJoined,
    ViewerLeft,
    Warned,
)
from visavis.testing.fake_pool import FakeSession

S = {"session_id": "s"}

SNAPSHOTS: list[tuple[AnyEvent, list[tuple[str, dict[str, Any]]]]] = [
    (
        StateChanged("created"),
        [
            ("session.state_changed", S | {"state": "created", "status": "worker_ready"}),
            ("session.queued", S | {"position": 0, "message": "worker_ready"}),
        ],
    ),
    (StateChanged("running"), [("session.state_changed", S | {"state": "running", "status": "ready"})]),
    (StateChanged("paused"), [("session.state_changed", S | {"state": "paused", "status": "ready"})]),
    (StateChanged("terminated"), [("session.state_changed", S | {"state": "terminated", "status": "closed"})]),
    (Queued(2, "waiting"), [("session.queued", S | {"position": 2, "message": "waiting"})]),
    (Queued(-1, "timeout"), [("session.queued", S | {"position": -1, "message": "timeout"})]),
    (Expiring(60.0), [("session.expiring", S | {"remaining_sec": 60})]),
    (StageChanged("thinking"), [("status", {"stage": "thinking"})]),
    (StageChanged("error", "no voice"), [("status", {"stage": "error", "message": "no voice"})]),
    (TurnStarted("t", "chat", "Hi?"), [("speech.started", S | {"text": "Hi?", "turn": "t"})]),
    (TranscriptHeard("Hel", final=False), [("transcript", {"text": "Hel", "is_final": False})]),
    (AnswerDelta("t", "Hel"), [("llm", {"delta": "Hel", "turn": "t"})]),
    (
        SynthesisProgress("t", "first_audio", 0, 12.345),
        [("tts", {"stage": "first_audio", "ms_elapsed": 12.3, "sentence_index": 0, "turn": "t"})],
    ),
    (MediaStarted("t", 960), [("speech.media_started", S | {"turn": "t"})]),
    (
        Caption("t", 1, " And you?", 48_000),
        [("subtitle.chunk", S | {"text": " And you?", "is_final": False, "turn": "t", "sentence_index": 1})],
    ),
    (
        SpeechMarked(
            "t",
            1,
            (TimedWord("$3.50", 100_800),),
            (TimedViseme("TH", 100_800), TimedViseme("RR", 104_161)),
            96_000,
        ),
        [
            (
                "speech.marks",
                S
                | {
                    "turn": "t",
                    "sentence_index": 1,
                    "words": [{"text": "$3.50", "pts_ms": 100.0}],
                    "visemes": [{"viseme": "TH", "pts_ms": 100.0}, {"viseme": "RR", "pts_ms": 170.0}],
                },
            )
        ],
    ),
    (FramesShown("t", 250, 400.04), [("frame", {"frame_idx": 250, "pts_ms": 400.0})]),
    (
        TurnEnded("t", "say", "completed", "Hello.", "Hello.", 800.0),
        [
            (
                "speech.ended",
                S | {"turn": "t", "reason": "completed", "heard": "Hello.", "heard_ms": 800.0, "text": "Hello."},
            )
        ],
    ),
    (
        TurnEnded("t", "say", "interrupted", "Hello there.", "Hello", 410.0),
        [("speech.ended", S | {"turn": "t", "reason": "interrupted", "heard": "Hello", "heard_ms": 410.0})],
    ),
    (CaptureProgress(1.2, speech=True), []),
    (CaptureEnded("silence", 3.0, speech=True), []),
    (Understood("When?", answering=True), []),
    (PassagesFound("t", (PassageFound("a.md", "At ten.", 0.5),)), []),
    (ClipWritten("t", 1, "Hello.", "1.wav"), []),
    (SentenceFailed("t", 1, "the voice failed"), []),
    (ViewerJoined("main"), []),
    (ViewerLeft("main"), []),
    (RoomJoined("avatar"), []),
    (FirstFrame(), []),
    (Metered(5.0, 125), []),
    (RoomLeft("", "the session left the room"), []),
    (
        Warned("voice_mapped", "another voice"),
        [("warning", S | {"code": "voice_mapped", "message": "another voice"})],
    ),
    (
        Failed("tts", "stage_failed", "the voice failed", "t"),
        [("error", S | {"code": "stage_failed", "message": "the voice failed", "stage": "tts", "turn": "t"})],
    ),
    (
        Failed("worker", "worker_lost", "gone"),
        [("error", S | {"code": "worker_lost", "message": "gone", "stage": "worker"})],
    ),
    (Terminated("closed"), [("session.terminated", S | {"reason": "closed"})]),
    (
        Terminated("idle"),
        [
            ("session.expired", S | {"message": "nothing was said for too long"}),
            ("session.terminated", S | {"reason": "idle"}),
        ],
    ),
]


@pytest.mark.parametrize(("event", "expected"), SNAPSHOTS, ids=[repr(event) for event, _ in SNAPSHOTS])
def test_names_and_data(event: AnyEvent, expected: list[tuple[str, dict[str, Any]]]) -> None:
    assert wire(Record(7, 1.0, event), "s") == expected


def test_every_kind_of_event_has_a_snapshot() -> None:
    assert {type(event) for event, _ in SNAPSHOTS} == set(AnyEvent.__args__)


def test_only_the_last_of_a_records_events_has_the_id() -> None:
    assert encode(Record(3, 1.0, StateChanged("created")), "s") == (
        b'event: session.state_changed\ndata: {"session_id":"s","state":"created","status":"worker_ready"}\n\n'
        b'event: session.queued\nid: 3\ndata: {"session_id":"s","position":0,"message":"worker_ready"}\n\n'
    )


def test_data_is_one_line() -> None:
    block = encode(Record(1, 1.0, AnswerDelta("t", "a\r\nb\u2028c")), "s").decode()
    assert len(block.splitlines()) == len(block.split("\n")) - 1 + block.count("\u2028")
    assert block.count("\n") == 4


def _parse(text: str) -> list[tuple[str, str, Any]]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in fields:
            found.append((fields["event"], fields.get("id", ""), msgspec.json.decode(fields["data"])))
    return found


async def test_a_finished_session_is_replayed_to_its_end(client: httpx.AsyncClient, session: FakeSession) -> None:
    await client.post(f"/sessions/{session.id}/speak", json={"text": "Hello."})
    session.happen(Caption("t", 0, "Hello.", 0))
    session.finish()
    await client.delete(f"/sessions/{session.id}")
    answer = await client.get(f"/sessions/{session.id}/events")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.startswith("retry: ")
    events = _parse(answer.text)
    assert [name for name, _, _ in events] == [
        "session.state_changed",
        "session.queued",
        "session.state_changed",
        "speech.started",
        "status",
        "speech.media_started",
        "subtitle.chunk",
        "speech.ended",
        "status",
        "session.state_changed",
        "session.terminated",
    ]
    numbers = [int(number) for _, number, _ in events if number]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("how", ["header", "query", "header wins"])
async def test_a_client_that_comes_back_gets_the_rest(
    client: httpx.AsyncClient, session: FakeSession, how: str
) -> None:
    await client.delete(f"/sessions/{session.id}")
    everything = _parse((await client.get(f"/sessions/{session.id}/events")).text)
    seen = everything[1][1]
    headers = {} if how == "query" else {"Last-Event-ID": seen}
    params = {} if how == "header" else {"after": seen if how == "query" else "0"}
    answer = await client.get(f"/sessions/{session.id}/events", headers=headers, params=params)
    assert _parse(answer.text) == everything[2:]


@pytest.mark.parametrize("number", ["x", "-1", "", "1.5", "9" * 5000, "\u00b2"])
async def test_a_last_event_id_that_is_not_ours_means_from_the_beginning(
    client: httpx.AsyncClient, session: FakeSession, number: str
) -> None:
    await client.delete(f"/sessions/{session.id}")
    headers = {b"Last-Event-ID": number.encode("latin-1")}
    answer = await client.get(f"/sessions/{session.id}/events", headers=headers)
    assert _parse(answer.text)[0][0] == "session.state_changed"


async def test_a_client_that_has_all_of_a_finished_session_need_not_come_back(
    client: httpx.AsyncClient, session: FakeSession
) -> None:
    await client.delete(f"/sessions/{session.id}")
    last = _parse((await client.get(f"/sessions/{session.id}/events")).text)[-1][1]
    answer = await client.get(f"/sessions/{session.id}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")


class Peer:
    """The far end of one streamed answer."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.blocks: asyncio.Queue[bytes] = asyncio.Queue()
        self.finished = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            self.finished = not message["more_body"]
            await self.blocks.put(message["body"])


async def test_a_live_session_streams_until_the_client_goes(app: FastAPI, session: FakeSession) -> None:
    peer = Peer()
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/sessions/{session.id}/events",
        "raw_path": b"",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("visavis", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    answering = asyncio.create_task(app(scope, peer.receive, peer.send))
    async with asyncio.timeout(10):
        assert await peer.blocks.get() == b"retry: 1000\n\n"
        assert b"session.queued" in await peer.blocks.get()
        session.happen(StageChanged("listening"))
        assert b'{"stage":"listening"}' in await peer.blocks.get()
        assert session.readers == 1
        peer.gone.set()
        await answering
    assert session.readers == 0


async def test_silence_is_broken_by_pings() -> None:
    async def silence() -> AsyncIterator[Record]:
        await asyncio.Event().wait()
        yield Record(1, 1.0, StageChanged("idle"))

    peer = Peer()
    stream = EventStream(silence(), "s", silence=0.01)
    answering = asyncio.create_task(stream({"type": "http"}, peer.receive, peer.send))
    async with asyncio.timeout(10):
        await peer.blocks.get()
        for _ in range(2):
            assert await peer.blocks.get() == b"event: ping\ndata: {}\n\n"
        peer.gone.set()
        await answering
    assert not peer.finished


async def test_a_reader_that_is_too_slow_is_let_go_in_good_order() -> None:
    async def overrun() -> AsyncIterator[Record]:
        yield Record(1, 1.0, StageChanged("idle"))
        raise TooLarge("too slow")

    peer = Peer()
    await EventStream(overrun(), "s")({"type": "http"}, peer.receive, peer.send)
    assert peer.finished


async def test_records_of_no_name_send_nothing() -> None:
    async def joined() -> AsyncIterator[Record]:
        yield Record(1, 1.0, ViewerJoined("main"))

    peer = Peer()
    await EventStream(joined(), "s")({"type": "http"}, peer.receive, peer.send)
    assert peer.blocks.qsize() == 2
