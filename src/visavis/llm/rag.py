"""The kiosk's RAG service as a chat model: it keeps its own documents, prompt and model.

Source: the kiosk voice contract, section 2 (`POST …/api/v1/query`, answered by server-sent events).
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from visavis.errors import InvalidInput, StageFailed
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool
from visavis.outbound import Outbound, OutboundFailed, Response
from visavis.outbound.upstream import Upstream, parsed, short_reason
from visavis.settings import Settings

SERVICE = Upstream("llm", "the RAG service")

TIMEOUT = 120.0
"""Seconds without a byte: what the kiosk gives the service, which retrieves and ranks before its first word."""


class RagProvider:
    """Settings: `rag_url`, `llm_timeout`."""

    name = "rag"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._outbound: Outbound | None = None

    def missing(self) -> str | None:
        """See `Provider`."""
        if not self._settings.rag_url:
            return "set VISAVIS_RAG_URL to the query endpoint of a RAG service: http://host:8020/api/v1/query"
        if not self._settings.rag_url.startswith(("http://", "https://")):
            return "VISAVIS_RAG_URL has to begin with http:// or https://"
        return None

    def model(self, name: str = "") -> "RagModel":
        """See `ChatProvider`; the service has one model, whatever its name. `InvalidInput` without a URL."""
        if missing := self.missing():
            raise InvalidInput(missing)
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._settings.rag_url)
        upstream = replace(SERVICE, address="VISAVIS_RAG_URL")
        return RagModel(self._outbound, self._settings.rag_url, self._settings.llm_timeout, upstream)

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        if self._outbound is not None:
            await self._outbound.aclose()


class RagModel:
    """A `ChatModel` at one address."""

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        timeout: float = TIMEOUT,
        upstream: Upstream = SERVICE,
    ) -> None:
        """`url` is the endpoint itself: `http://host/api/v1/query`. `timeout` in seconds between bytes."""
        self._outbound = outbound
        self._url = url
        self._timeout = timeout
        self._upstream = upstream

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """See `ChatModel`. The service has its own prompt and documents: the system message and the passages are
        not sent, and tools are never called.
        """
        request = _query(messages)
        headers = {"Accept": "text/event-stream"}
        hide = [request["transcription"]]
        try:
            async with self._outbound.stream(
                "POST", self._url, json=request, headers=headers, timeout=self._timeout
            ) as response:
                if response.status != 200:
                    raise await self._upstream.refused(response, hide)
                async for token in self._tokens(response, hide):
                    yield TextDelta(token)
        except OutboundFailed as error:
            raise self._upstream.lost(error) from error

    async def _tokens(self, response: Response, hide: Sequence[str]) -> AsyncIterator[str]:
        async for line in response.lines():
            if not line.startswith("data: "):
                continue  # other fields, comments and the empty lines between events
            data = line.removeprefix("data: ").strip()
            if data == "[DONE]":
                await response.drain()
                return
            try:
                event = parsed(data)
            except ValueError as error:
                raise self._upstream.rubbish() from error
            if not isinstance(event, dict):
                continue
            if "error" in event:
                raise self._upstream.failed("reported an error", short_reason(event, hide))
            if isinstance(token := event.get("token"), str) and token:
                yield token
        raise self._upstream.failed("broke off in the middle of the answer")


def _query(messages: Sequence[Message]) -> dict[str, Any]:
    """The user's last words, and what both have said before them."""
    last = max((at for at, message in enumerate(messages) if message.role == "user"), default=-1)
    if last < 0 or not messages[last].content:
        raise StageFailed("llm", "there is no question for the RAG service: the user has said nothing")
    history = [
        {"role": message.role, "content": message.content}
        for message in messages[:last]
        if message.role in ("user", "assistant") and message.content
    ]
    return {"transcription": messages[last].content} | ({"history": history} if history else {})
