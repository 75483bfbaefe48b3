"""Outlets: where the media of Pipecat sessions come out, and the sound they are to say goes in (contract 1.8)."""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from starlette.websockets import WebSocket

from visavis.api.protoface.live import Live
from visavis.api.protoface.media_records import Kind, MediaRecord, encoded, picture, said, sound
from visavis.api.protoface.media_socket import DONE, REPLACED, Farewell, MediaSocket
from visavis.errors import Unavailable
from visavis.media.pieces import Order
from visavis.media.timeline import SAMPLE_RATE
from visavis.pool.relay import AllSaid, Hush, PicturePiece, Relay, Said

PATIENCE = 30.0
"""Seconds within which somebody has to connect."""

AHEAD = 8 * 1024 * 1024
"""Bytes of sound that may wait for the session to start; then the client has to."""

COST = 64
"""Bytes that any order is taken to have besides its sound."""

READY = encoded(Kind.READY)

log = logging.getLogger(__name__)


class Orders:
    """What a session is to do, until it can take it."""

    def __init__(self) -> None:
        self._waiting: deque[Order] = deque()
        self._bytes = 0
        self._moved = asyncio.Event()

    async def put(self, order: Order) -> None:
        """Add one, as soon as there is room."""
        while self._bytes >= AHEAD:
            await self._move()
        self._waiting.append(order)
        self._bytes += _cost(order)
        self._moved.set()

    def clear(self) -> None:
        """Forget them all."""
        self._waiting.clear()
        self._bytes = 0
        self._moved.set()

    async def take(self) -> Order:
        """The next one."""
        while not self._waiting:
            await self._move()
        order = self._waiting.popleft()
        self._bytes -= _cost(order)
        self._moved.set()
        return order

    async def _move(self) -> None:
        self._moved.clear()
        await self._moved.wait()


class Outlet:
    """One session's, for one client at a time; what is played while nobody is connected is not kept.

    A client that connects while another is takes over: usually it is the same one, whose connection broke.
    """

    def __init__(self, live: Live, end: Callable[[Live], Awaitable[None]], patience: float = PATIENCE) -> None:
        """`end` ends the session; so does nobody's coming within `patience` seconds."""
        self.opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The path of its `Relay`; `Unavailable` if there can be none."""
        self._live = live
        self._end = end
        self._patience = patience
        self._relay = Relay()
        self._orders = Orders()
        self._socket: MediaSocket | None = None
        self._met = asyncio.Event()
        """Set when somebody has connected."""
        self._running = asyncio.Event()
        """Set when the session plays."""

    async def serve(self) -> None:
        """Bring the media to whoever is there, until the session is over."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._relay)
            except OSError:
                self.opened.set_exception(Unavailable("the server can't pass on media at present"))
                return
            self.opened.set_result(self._relay.path)
            try:
                async with asyncio.TaskGroup() as group:
                    works = [group.create_task(work) for work in (self._bring(), self._tell(), self._meet())]
                    await self._live.over.wait()
                    for work in works:
                        work.cancel()
            finally:
                if self._socket is not None:
                    self._socket.leave(self._farewell())

    async def attend(self, connection: WebSocket) -> None:
        """Serve a client whose WebSocket is open, until it goes, is replaced, or the session is over."""
        socket = MediaSocket(connection)
        former, self._socket = self._socket, socket
        if former is not None:
            former.leave(REPLACED)
        self._met.set()
        if self._running.is_set():
            socket.push(Kind.READY, READY)

        async def obey(record: MediaRecord) -> None:
            await self._obey(socket, record)

        try:
            await socket.carry(obey)
        finally:
            if self._socket is socket:
                self._socket = None

    async def _obey(self, socket: MediaSocket, record: MediaRecord) -> None:
        match record.kind:
            case Kind.AUDIO:
                await self._orders.put(said(record))
            case Kind.FLUSH:
                await self._orders.put(AllSaid())
            case Kind.INTERRUPT:
                self._orders.clear()
                socket.hush()
                await self._orders.put(Hush())
            case Kind.CLOSE:
                await self._end(self._live)
                socket.leave(DONE)
            case _:
                # The user's voice, which the avatar has no use for, or something newer.
                pass

    async def _bring(self) -> None:
        index = 0
        async for piece in self._relay.pieces():
            if not self._running.is_set():
                self._running.set()
                if self._socket is not None:
                    self._socket.push(Kind.READY, READY)
            if isinstance(piece, PicturePiece):
                if self._socket is not None:
                    self._socket.push(Kind.VIDEO, picture(piece, index, SAMPLE_RATE))
                index += 1
            elif self._socket is not None:
                self._socket.push(Kind.AUDIO, sound(piece, SAMPLE_RATE))

    async def _tell(self) -> None:
        await self._running.wait()
        while True:
            await self._relay.tell(await self._orders.take())

    async def _meet(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._met.wait()
        except TimeoutError:
            log.info("nobody came for the media of session %s", self._live.session.id)
            await self._end(self._live)

    def _farewell(self) -> Farewell:
        session = self._live.session
        return Farewell(1011, session.failure_message[:123], failure=True) if session.failure_code else DONE


class Outlets:
    """All of them. An async context manager: leaving it closes those that are open."""

    def __init__(self, end: Callable[[Live], Awaitable[None]], patience: float = PATIENCE) -> None:
        """See `Outlet`."""
        self._end = end
        self._patience = patience
        self._secret = secrets.token_bytes(32)
        self._open: dict[str, tuple[Outlet, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> "Outlets":
        return self

    async def __aexit__(self, *exc: object) -> None:
        for session_id in list(self._open):
            await self.close(session_id)

    async def open(self, live: Live) -> str:
        """Make one for a session; returns the path of its `Relay`. Raises `Unavailable`."""
        session_id = live.session.id
        outlet = Outlet(live, self._end, self._patience)
        task = asyncio.create_task(outlet.serve(), name=f"media of {session_id}")
        self._open[session_id] = outlet, task
        task.add_done_callback(lambda done: self._done(session_id, done))
        return await asyncio.shield(outlet.opened)

    async def close(self, session_id: str) -> None:
        """Close one, whether its session is over or not."""
        if (found := self._open.get(session_id)) is not None:
            found[1].cancel()
            await asyncio.wait([found[1]])

    def find(self, session_id: str) -> Outlet | None:
        """That of a session, if it is not over."""
        found = self._open.get(session_id)
        return None if found is None else found[0]

    def token(self, session_id: str) -> str:
        """What lets a client at a session's media. Kept nowhere: it follows from a secret of this process."""
        return "pfm_" + hmac.new(self._secret, session_id.encode(), hashlib.sha256).hexdigest()

    def _done(self, session_id: str, task: asyncio.Task[None]) -> None:
        del self._open[session_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed by a defect", task.get_name(), exc_info=error)


def _cost(order: Order) -> int:
    return COST + (len(order.pcm) if isinstance(order, Said) else 0)
