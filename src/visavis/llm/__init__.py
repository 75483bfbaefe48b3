"""Chat models: messages → text deltas and tool calls. The contract."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from visavis.knowledge import Passage
from visavis.registry import Provider

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool run."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it: not checked yet."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the model may call."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


Delta: TypeAlias = TextDelta | ToolCall


class ChatModel(Protocol):
    """Answers. Shared by sessions; each call is independent."""

    def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """Stream the answer to the last message.

        `passages` are what the user's documents have on it, best first: the answer rests on them and names its
        source, or says that they don't tell.

        Closing the iterator stops the generation. Raises `UpstreamFailed("llm", …)`.
        """


class ChatProvider(Provider, Protocol):
    """Entry-point group `visavis.llm`."""

    def model(self, name: str = "") -> ChatModel:
        """The model `name`, or the configured one."""
