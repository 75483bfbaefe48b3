"""Chat models behind any OpenAI-compatible endpoint: OpenAI, Ollama, vLLM, llama.cpp, LM Studio and many more.

Source: OpenAI API reference, "Create chat completion" with `stream: true` (server-sent events).
"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool, ToolCall
from visavis.llm.grounding import grounded
from visavis.outbound import Outbound, OutboundFailed, Reason, Response
from visavis.settings import Settings

MAX_TOOL_CALLS = 32
"""The most tool calls of one answer."""

_OURS = frozenset({"model", "messages", "tools", "stream"})
"""What options cannot change."""

_STATUS = {
    400: "the chat model refused the request; check VISAVIS_LLM_MODEL and the options",
    401: "the chat model refused the key; check VISAVIS_LLM_API_KEY",
    403: "the key may not use this chat model; check VISAVIS_LLM_API_KEY and VISAVIS_LLM_MODEL",
    404: "the chat model was not found; check VISAVIS_LLM_BASE_URL (usually up to /v1) and VISAVIS_LLM_MODEL",
    413: "the conversation is too long for the chat model",
    429: "the chat model is over its rate limit or quota; try again later",
}

_REASON: dict[Reason, str] = {
    "refused": "may not be connected to: check VISAVIS_LLM_BASE_URL",
    "unreachable": "cannot be reached; check VISAVIS_LLM_BASE_URL and that the server runs",
    "timeout": "did not answer in time; see VISAVIS_LLM_TIMEOUT",
    "too_large": "answered with far too much",
    "broken": "broke off in the middle of the answer",
}


class OpenAIProvider:
    """Settings: `llm_base_url`, `llm_api_key`, `llm_model`, `llm_timeout`.

    Every option (`VISAVIS_OPTIONS__OPENAI__TEMPERATURE=0.3`, `…__REASONING_EFFORT=low`) is a further field of the
    request; its value is read as JSON if it is JSON.
    """

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._outbound: Outbound | None = None

    def missing(self) -> str | None:
        """See `Provider`."""
        if not self._settings.llm_base_url:
            return "set VISAVIS_LLM_BASE_URL to an OpenAI-compatible endpoint, up to and including /v1"
        if not self._settings.llm_base_url.startswith(("http://", "https://")):
            return "VISAVIS_LLM_BASE_URL has to begin with http:// or https://"
        return None if self._settings.llm_model else "set VISAVIS_LLM_MODEL to the model's name at that endpoint"

    def model(self, name: str = "") -> "OpenAIModel":
        """See `ChatProvider`. Models share connections until `aclose`. `InvalidInput` if nothing is configured."""
        if (missing := self.missing()) and not (name and self._settings.llm_base_url):
            raise InvalidInput(missing)
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._settings.llm_base_url)
        return OpenAIModel(self._settings, self._outbound, name or self._settings.llm_model)

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        if self._outbound is not None:
            await self._outbound.aclose()


class OpenAIModel:
    """One model of the endpoint."""

    def __init__(self, settings: Settings, outbound: Outbound, name: str) -> None:
        self._outbound = outbound
        self._name = name
        self._url = settings.llm_base_url.rstrip("/") + "/chat/completions"
        self._timeout = settings.llm_timeout
        key = settings.llm_api_key.strip()
        self._headers = {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._options = {
            key: _option(value) for key, value in settings.options.get("openai", {}).items() if key not in _OURS
        }

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """See `ChatModel`. Tool calls come last, each whole; the passages become part of the system prompt."""
        request: dict[str, Any] = {
            **self._options,
            "model": self._name,
            "messages": [_message(message) for message in grounded(messages, passages)],
            "stream": True,
        }
        if tools:
            request["tools"] = [_tool(tool) for tool in tools]
        calls = _ToolCalls()
        try:
            async with self._outbound.stream(
                "POST", self._url, json=request, headers=self._headers, timeout=self._timeout
            ) as response:
                if response.status != 200:
                    raise _failed(response.status)
                async for delta in _deltas(response, calls):
                    yield delta
        except OutboundFailed as error:
            raise UpstreamFailed("llm", f"the chat model {_REASON[error.reason]}") from error
        for call in calls.complete():
            yield call


async def _deltas(response: Response, calls: "_ToolCalls") -> AsyncIterator[TextDelta]:
    """The text of a stream of `chat.completion.chunk` events; `calls` gets what belongs to tool calls."""
    finished = False
    async for line in response.lines():
        if not line.startswith("data:"):
            continue  # other fields, comments and the empty lines between events
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            await response.drain()
            return
        choice = _choice(data)
        delta = choice.get("delta") or {}
        if content := delta.get("content"):
            yield TextDelta(str(content))
        for part in delta.get("tool_calls") or ():
            calls.add(part)
        finished = finished or choice.get("finish_reason") is not None
    if not finished:
        raise UpstreamFailed("llm", f"the chat model {_REASON['broken']}")


def _choice(data: str) -> dict[str, Any]:
    """The first choice of one chunk; empty if it has none (usage, keep-alive)."""
    try:
        chunk = json.loads(data)
        if chunk.get("error"):
            raise UpstreamFailed("llm", "the chat model reported an error in the middle of the answer")
        choice: dict[str, Any] = (chunk.get("choices") or [{}])[0]
        if isinstance(choice.get("delta") or {}, dict):
            return choice
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise _rubbish() from error
    raise _rubbish()


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class _ToolCalls:
    """Puts tool calls together from their fragments."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}

    def add(self, part: Any) -> None:
        """Take a fragment: an index, and any of id, name and a piece of the arguments."""
        try:
            function = part.get("function") or {}
            call = self._calls.setdefault(int(part.get("index") or 0), _Call())
            call.id = call.id or str(part.get("id") or "")
            call.name = call.name or str(function.get("name") or "")
            call.arguments.append(str(function.get("arguments") or ""))
        except (ValueError, AttributeError, TypeError) as error:
            raise _rubbish() from error
        if len(self._calls) > MAX_TOOL_CALLS:
            raise UpstreamFailed("llm", f"the chat model wants more than {MAX_TOOL_CALLS} tools at once")

    def complete(self) -> Iterator[ToolCall]:
        """The calls, in the order of their index."""
        for index, call in sorted(self._calls.items()):
            if not call.name:
                raise _rubbish()
            yield ToolCall(call.id or f"call_{index}", call.name, "".join(call.arguments) or "{}")


def _message(message: Message) -> dict[str, Any]:
    sent: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        sent["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        sent["tool_call_id"] = message.tool_call_id
    return sent


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": described}


def _option(value: Any) -> Any:
    """An option from the environment is text; `0.3`, `true` or `{"a": 1}` are meant as JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _failed(status: int) -> UpstreamFailed:
    if status >= 500:
        return UpstreamFailed("llm", f"the chat model's server has failed; try again later (status {status})")
    text = _STATUS.get(status, "the chat model answered with something else; check VISAVIS_LLM_BASE_URL")
    return UpstreamFailed("llm", f"{text} (status {status})")


def _rubbish() -> UpstreamFailed:
    return UpstreamFailed(
        "llm", "the chat model's answer is not what the protocol says; check VISAVIS_LLM_BASE_URL"
    )
