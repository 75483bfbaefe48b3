"""Starting a session: from the server's microphone, a recording, a browser's sound, or a typed question."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile

from visavis.api.kiosk.desk import AtDesk, Desk
from visavis.api.kiosk.errors import Route, refusals, wrong_field
from visavis.api.kiosk.fields import (
    AnswerFields,
    ListenFields,
    Message,
    StartFileForm,
    StartRequest,
    TextQueryRequest,
)
from visavis.api.kiosk.follower import Follower
from visavis.api.kiosk.schemas import SessionSnapshot, SourceKind
from visavis.api.kiosk.snapshot import Snapshot
from visavis.api.kiosk.traces import Stopwatch
from visavis.api.principal import Asker
from visavis.errors import InvalidInput, NotFound, TooLarge, Unavailable, VisavisError
from visavis.pool import Chat, Exchange, Listen, NewSession, Plan, SessionHandle, Upstreams
from visavis.session.plan import Source

PIECE = 64 * 1024

SOURCES: Mapping[SourceKind, Source] = {"microphone": "microphone", "file": "recording", "browser": "pushed"}
"""The kiosk API's words → the engine's."""

router = APIRouter(route_class=Route, tags=["kiosk"], prefix="/api/v1", responses=refusals())


@router.post("/sessions/start", responses=refusals(409, 413, 422, 503))
async def kiosk_start(body: StartRequest, desk: AtDesk, asker: Asker) -> SessionSnapshot:
    """Hear a question from a microphone of the server, and answer it.

    A microphone that is not there makes a session that has failed, as on deployed servers.
    """
    start = Start(desk, body, "microphone", asker.tenant, body.history, device=body.device)
    return await start.listening(Listen(start.plan(body, 1.0)))


@router.post("/sessions/start-stream", responses=refusals(409, 413, 422, 503))
async def kiosk_start_stream(body: StartRequest, desk: AtDesk, asker: Asker) -> SessionSnapshot:
    """Hear a question from sound that the client sends to `{id}/audio` or over `{id}/ws`, and answer it."""
    start = Start(desk, body, "browser", asker.tenant, body.history)
    return await start.listening(Listen(start.plan(body, 1.0)))


@router.post("/sessions/start-file", responses=refusals(409, 413, 422, 503))
async def kiosk_start_file(
    body: Annotated[StartFileForm, Form(media_type="multipart/form-data")], desk: AtDesk, asker: Asker
) -> SessionSnapshot:
    """Hear a question from a recording, and answer it. Any container, codec, rate and channels will do."""
    start = Start(desk, body, "file", asker.tenant, [])
    return await start.recording(body.file, start.plan(body, body.realtime_factor))


@router.post("/query/text", responses=refusals(409, 413, 422, 503))
async def kiosk_query_text(body: TextQueryRequest, desk: AtDesk, asker: Asker) -> SessionSnapshot:
    """Answer a question that was typed."""
    if len(body.text) > desk.settings.max_text_chars:
        raise TooLarge(f"text: at most {desk.settings.max_text_chars} characters")
    start = Start(desk, body, "text", asker.tenant, body.history, question=body.text)
    return await start.asking(Chat(body.text))


class Start:
    """One session being started. What a request leaves out is as the server's settings say (contract 2.2)."""

    def __init__(
        self,
        desk: Desk,
        body: AnswerFields,
        source: SourceKind,
        owner: str,
        history: list[Message],
        *,
        device: int | str | None = None,
        question: str = "",
    ) -> None:
        self._desk = desk
        self._body = body
        self._source = source
        self._owner = owner
        self._history = tuple(Exchange(message.role, message.content) for message in history)
        self._device = device
        self._question = question
        self._pace = 1.0
        self._silence = 0.0
        self._upstreams = self._services()

    def plan(self, body: ListenFields, pace: float) -> Plan:
        """How the question is to be heard; `pace` is of a recording."""
        self._pace = pace
        self._silence = self._value("silence_timeout_seconds")
        return Plan(
            source=SOURCES[self._source],
            device=self._device,
            sample_rate=self._value("sample_rate"),
            pace=pace,
            endpointing=body.endpointing or self._desk.settings.kiosk_endpointing,
            threshold=self._value("silence_threshold"),
            silence=self._silence,
            longest=self._value("max_session_seconds"),
            chunk=self._value("chunk_seconds"),
            patience=self._desk.settings.kiosk_idle_seconds,
            answer=body.answer,
        )

    async def listening(self, command: Listen) -> SessionSnapshot:
        """Begin to hear."""
        with self._desk.place(self._source, self._device):
            async with self._made() as (handle, follower):
                try:
                    await handle.listen(command)
                    follower.begin(time.time())
                except (InvalidInput, Unavailable) as error:
                    if self._source != "microphone":
                        raise
                    follower.give_up(error.message)
            return self._taken(follower)

    async def recording(self, file: UploadFile, plan: Plan) -> SessionSnapshot:
        """Begin to hear a recording."""
        if not file.size:
            raise wrong_field("file", "the recording is empty", None)
        with self._desk.place(self._source):
            max_bytes = self._desk.settings.kiosk_max_upload_mib * 1024 * 1024
            upload = await self._desk.uploads.keep(_pieces(file), max_bytes)
            try:
                async with self._made() as (handle, follower):
                    try:
                        await handle.listen(Listen(plan, upload))
                    except InvalidInput as error:
                        raise wrong_field("file", error.message, None) from None
            finally:
                await asyncio.to_thread(self._desk.uploads.forget, upload)
            follower.begin(time.time())
            return self._taken(follower)

    async def asking(self, command: Chat) -> SessionSnapshot:
        """Begin to answer what was typed."""
        with self._desk.place(self._source):
            async with self._made() as (handle, follower):
                await handle.chat(command)
            follower.begin(time.time())
            return self._taken(follower)

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[tuple[SessionHandle, Follower]]:
        """A new session, which is closed again if what is done within does not succeed."""
        handle, follower = await self._make()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_abandon, handle)
            yield handle, follower
            stack.pop_all()

    async def _make(self) -> tuple[SessionHandle, Follower]:
        body = self._body
        created = time.time()
        history = self._history
        if not history and body.conversation_id:
            history = await self._desk.earlier(body.conversation_id)
        request = NewSession(
            avatar_id=body.avatar_id or "",
            voice_only=not body.avatar_id,
            clips=True,
            forgiving=True,
            owner=self._owner,
            language=(body.language or "").replace("_", "-"),
            history=history,
            upstreams=self._upstreams,
            knowledge=await self._desk.shelf.collections(),
            tts_voice=self._setting("tts_voice"),
            # Deployed clients name the model of another server's speech service: it means nothing to ours.
            tts_model=self._setting("tts_model") if self._upstreams.tts_url else "",
        )
        try:
            handle = await self._desk.pool.create(request)
        except NotFound as error:
            raise wrong_field("avatar_id", error.message, body.avatar_id) from None
        snapshot = Snapshot(
            handle.id, self._source, created, body.conversation_id, self._device, question=self._question
        )
        follower = Follower(
            handle,
            snapshot,
            Stopwatch(handle.id, created, self._silence / self._pace if self._pace else 0.0),
            self._desk.save,
            owner=self._owner,
            history=history,
            sample_rate=self._value("sample_rate") if isinstance(body, ListenFields) else 16_000,
            has_face=bool(body.avatar_id),
        )
        return handle, follower

    def _taken(self, follower: Follower) -> SessionSnapshot:
        self._desk.take_on(follower)
        return SessionSnapshot.model_validate(follower.snapshot.wire())

    def _services(self) -> Upstreams:
        body, urls = self._body, self._desk.urls
        return Upstreams(
            asr_url=urls.settle("analyzer_url", body.analyzer_url) if isinstance(body, ListenFields) else "",
            temperature=body.temperature if isinstance(body, ListenFields) else 0.0,
            rag_url=urls.settle("rag_url", body.rag_url),
            tts_url=urls.settle("tts_url", body.tts_url),
            tts_language=self._setting("tts_language"),
            tts_instructions=self._setting("tts_instructions"),
        )

    def _setting(self, name: str) -> str:
        """The same for texts, where null is as good as nothing, but for the language: there it means none."""
        value = self._value(name)
        if value is None and name != "tts_language":
            value = getattr(self._desk.settings, f"kiosk_{name}")
        return value or ""

    def _value(self, name: str) -> Any:
        """What the request says, or else the server's setting."""
        if name in self._body.model_fields_set:
            return getattr(self._body, name)
        return getattr(self._desk.settings, f"kiosk_{name}")


async def _abandon(handle: SessionHandle) -> None:
    """It never got to be one of ours."""
    with suppress(VisavisError):
        await handle.close()


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece
