"""What happens in a session, as it happens: server-sent events, and a WebSocket over a real server."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.events import Event as WsEvent

from tests.api.kiosk.conftest import Kiosk
from visavis.api.kiosk.broadcast import BACKLOG, KEPT, Broadcast, Notice
from visavis.api.kiosk.event_stream import EventStream, encode
from visavis.api.server_sent import PING
from visavis.errors import TooLarge
from visavis.pool import Hear
from visavis.session.events import (
    AnswerDelta,
    CaptureEnded,
    CaptureProgress,
    ClipWritten,
    SentenceFailed,
    TranscriptHeard,
    TurnEnded,
    TurnStarted,
    Understood,
)
from visavis.testing.fake_pool import FakeSession

NAMES = ["snapshot", "progress", "transcript", "response", "clip", "tts_error", "status", "snapshot"]


def answer(session: FakeSession) -> None:
    session.happen(
        CaptureEnded("silence", 2.5, True),
        TranscriptHeard("When?", True),
        Understood("When?", True),
        TurnStarted("t", "chat", "When?"),
        AnswerDelta("t", "At six."),
        ClipWritten("t", 1, "At six.", "/clips/response_001.wav"),
        SentenceFailed("t", 2, "the voice failed"),
        TurnEnded("t", "chat", "completed", "", "", 0.0),
    )


def blocks(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, id and data of each event."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], lines.get("id", ""), json.loads(lines["data"])))
    return found


async def collected(broadcast: Broadcast, seen: str = "") -> list[Notice]:
    return [notice async for notice in broadcast.watch(dict, seen)]


async def test_a_watcher_is_told_everything_from_the_snapshot_on() -> None:
    broadcast = Broadcast()
    watching = broadcast.watch(lambda: {"now": True})
    assert await anext(watching) == Notice("0", "snapshot", {"now": True})
    broadcast.tell("progress", {"n": 1})
    broadcast.tell("status", {"n": 2})
    broadcast.end({"last": True})
    assert [notice async for notice in watching] == [
        Notice("1", "progress", {"n": 1}),
        Notice("2", "status", {"n": 2}),
        Notice("end", "snapshot", {"last": True}),
    ]


@pytest.mark.parametrize(
    ("seen", "ids"),
    [
        ("1", ["3", "end"]),
        ("0", ["1", "3", "end"]),
        ("3", ["end"]),
        ("end", []),
        ("", ["end"]),
        ("4", ["end"]),
        ("-1", ["end"]),
        ("\u0661", ["end"]),
        ("9" * 4000, ["end"]),
        ("x\r\ny", ["end"]),
    ],
)
async def test_who_comes_back_is_told_what_it_missed(seen: str, ids: list[str]) -> None:
    broadcast = Broadcast()
    for name in ("status", "progress", "transcript"):
        broadcast.tell(name, {})
    broadcast.end({})
    assert [notice.id for notice in await collected(broadcast, seen)] == ids


async def test_who_missed_too_much_begins_anew() -> None:
    broadcast = Broadcast()
    for _ in range(KEPT + 10):
        broadcast.tell("response", {})
    broadcast.end({})
    assert [notice.id for notice in await collected(broadcast, "3")] == ["end"]
    assert len(await collected(broadcast, str(KEPT))) == 11


async def test_a_slow_watcher_is_dropped_and_the_others_are_not() -> None:
    broadcast = Broadcast()
    slow, quick = broadcast.watch(dict), broadcast.watch(dict)
    await anext(slow)
    await anext(quick)
    for _ in range(BACKLOG + 1):
        broadcast.tell("progress", {})
        await anext(quick)
    with pytest.raises(TooLarge):
        while True:
            await anext(slow)
    broadcast.tell("status", {})
    assert (await anext(quick)).name == "status"
    await quick.aclose()  # type: ignore[attr-defined]  # it is a generator


async def test_the_stream_of_a_session(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    watching = asyncio.create_task(kiosk.client.get(f"/api/v1/sessions/{session.id}/events"))
    follower = kiosk.follower(session)
    while not follower.watchers:  # noqa: ASYNC110  # this client shows an answer only when it is complete
        await asyncio.sleep(0)
    answer(session)
    response = await watching
    assert response.headers["content-type"].startswith("text/event-stream")
    found = blocks(response.text)
    assert [name for name, _, _ in found] == NAMES
    assert found[0][2]["status"] == "running"
    assert found[-1][2] == await kiosk.over(session)
    assert found[-1][1] == "end"
    # A browser that comes back has nothing to wait for; one that was cut off gets the rest.
    url = f"/api/v1/sessions/{session.id}/events"
    assert (await kiosk.client.get(url, headers={"last-event-id": "end"})).status_code == 204
    rest = blocks((await kiosk.client.get(url, headers={"last-event-id": found[4][1]})).text)
    assert rest == found[5:]
    whole = blocks((await kiosk.client.get(url)).text)
    assert whole == found[-1:]


async def test_silence_is_filled_with_pings() -> None:
    broadcast = Broadcast()
    sent: asyncio.Queue[bytes] = asyncio.Queue()

    async def send(message: Any) -> None:
        sent.put_nowait(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.Event().wait()

    stream = asyncio.create_task(EventStream(broadcast.watch(dict), silence=0.01)({}, receive, send))
    while await sent.get() != PING:
        pass
    broadcast.end({"over": True})
    await stream
    rest = [sent.get_nowait() for _ in range(sent.qsize())]
    assert encode(Notice("end", "snapshot", {"over": True})) in rest


async def test_a_client_that_leaves_is_forgotten(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    gone = asyncio.Event()

    async def send(message: Any) -> None:
        if message.get("body", b"").startswith(b"event: snapshot"):
            gone.set()

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    follower = kiosk.follower(session)
    await EventStream(follower.watch())({}, receive, send)
    assert follower.watchers == 0


class Socket:
    """A WebSocket client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events: list[WsEvent] = []

    async def send(self, event: WsEvent) -> None:
        self._writer.write(self._connection.send(event))
        await self._writer.drain()

    async def say(self, **command: Any) -> None:
        await self.send(TextMessage(json.dumps(command)))

    async def event(self) -> WsEvent:
        while not self._events:
            data = await self._reader.read(65_536)
            self._connection.receive_data(data or None)
            self._events += self._connection.events()
        return self._events.pop(0)

    async def message(self) -> dict[str, Any]:
        text = ""
        while True:
            event = await self.event()
            assert isinstance(event, TextMessage), event
            text += event.data
            if event.message_finished:
                told: dict[str, Any] = json.loads(text)
                return told

    async def until(self, name: str) -> dict[str, Any]:
        while (told := await self.message())["event"] != name:
            pass
        return told


class Served:
    """The application behind a real uvicorn."""

    def __init__(self, kiosk: Kiosk, port: int) -> None:
        self.kiosk, self.port = kiosk, port

    @asynccontextmanager
    async def connect(self, session_id: str, **headers: str) -> AsyncIterator[Socket]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        client = Socket(reader, writer)
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        await client.send(
            Request(
                host=f"127.0.0.1:{self.port}",
                target=f"/api/v1/sessions/{session_id}/ws",
                extra_headers=extra,
            )
        )
        try:
            yield client
        finally:
            writer.close()
            await writer.wait_closed()


@pytest.fixture
async def served(kiosk: Kiosk) -> AsyncIterator[Served]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            kiosk.app, ws="wsproto", lifespan="off", log_config=None, timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([bound])
        try:
            yield Served(kiosk, bound.getsockname()[1])
        finally:
            server.should_exit = True
            await server.shutdown([bound])


async def test_a_socket_has_the_same_messages(served: Served) -> None:
    session = await served.kiosk.start()
    async with served.connect(session.id) as client:
        assert isinstance(await client.event(), AcceptConnection)
        first = await client.message()
        assert (first["event"], first["data"]["status"]) == ("snapshot", "running")
        answer(session)
        told = [await client.message() for _ in range(7)]
        assert [each["event"] for each in told] == NAMES[1:]
        assert (told[-1]["id"], told[-1]["data"]["status"]) == ("end", "completed")
        closing = await client.event()
        assert isinstance(closing, CloseConnection)
        assert closing.code == 1000


async def test_a_socket_takes_sound_and_commands(served: Served) -> None:
    session = await served.kiosk.start()
    async with served.connect(session.id) as client:
        await client.event()
        await client.message()
        await client.send(BytesMessage(b"\1\0\2\0"))
        await client.send(BytesMessage(b"abc"))
        assert "odd" in (await client.until("error"))["data"]["detail"]
        for text in ("[" * 5000, "rubbish", '"end"', '{"type": "dance"}', "{}"):
            await client.send(TextMessage(text))
            assert "detail" in (await client.until("error"))["data"]
        await client.say(type="end")
        await client.say(type="end")
        session.happen(CaptureProgress(1.0, True))
        await client.until("progress")
        await client.say(type="stop")
        assert (await client.until("status"))["data"]["status"] == "stopping"
        session.happen(Understood("", False))
        assert (await client.until("snapshot"))["data"]["end_reason"] == "stopped_by_api"
    assert session.commands[1] == Hear(16_000, b"\1\0\2\0")
    assert session.commands[2] == Hear(16_000, b"", last=True)


async def test_a_socket_that_leaves_is_forgotten(served: Served) -> None:
    session = await served.kiosk.start()
    follower = served.kiosk.follower(session)
    async with served.connect(session.id) as client:
        await client.event()
        await client.message()
        assert follower.watchers == 1
    while follower.watchers:  # noqa: ASYNC110  # nobody is told when a watcher goes
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1"}, 403),
        ({"origin": "https://kiosk.example"}, 101),
        ({}, 101),
    ],
)
async def test_pages_of_other_hosts_may_not_connect(served: Served, headers: dict[str, str], status: int) -> None:
    session = await served.kiosk.start()
    async with served.connect(session.id, **headers) as client:
        event = await client.event()
        assert (event.status_code if isinstance(event, RejectConnection) else 101) == status


async def test_the_page_of_this_host_may(served: Served) -> None:
    session = await served.kiosk.start()
    async with served.connect(session.id, origin=f"http://127.0.0.1:{served.port}") as client:
        assert isinstance(await client.event(), AcceptConnection)


async def test_a_socket_to_an_unknown_session(served: Served) -> None:
    async with served.connect("nobody") as client:
        event = await client.event()
        assert isinstance(event, RejectConnection)
        assert event.status_code == 404
        body = await client.event()
        assert isinstance(body, RejectData)
        assert json.loads(bytes(body.data)) == {"detail": "'Unknown session: nobody'"}
