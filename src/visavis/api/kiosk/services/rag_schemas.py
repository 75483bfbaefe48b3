"""The bodies of the RAG service's requests and answers (contract kiosk 2.3). Unknown fields are ignored."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"}
"""Control characters that a text may lose silently."""

MAX_METADATA = 16 * 1024
"""Characters of a source's metadata as JSON."""


def _clean(value: str) -> str:
    # JSON can hold half of a surrogate pair, which no encoder after us takes.
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return value.translate(CONTROL)


def _told(value: str) -> str:
    if not (cleaned := _clean(value)).strip():
        raise ValueError("must not be blank")
    return cleaned


def _plain(value: str) -> str:
    if any(not char.isprintable() for char in value) or not value.strip():
        raise ValueError("must be a name without control characters")
    return value


def _small(value: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        length = len(json.dumps(value, allow_nan=False))
    except (ValueError, RecursionError):
        raise ValueError("must be plain JSON") from None
    if length > MAX_METADATA:
        raise ValueError(f"must be at most {MAX_METADATA} characters of JSON")
    return value


Said = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_told)]
"""What somebody said."""

AnyText = Annotated[str, AfterValidator(_clean)]

Key = Annotated[str, Field(max_length=200), AfterValidator(_clean)]


class Turn(BaseModel):
    """A message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: Said


class QueryRequest(BaseModel):
    """A question."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"transcription": "When are you open?"}]})

    transcription: Said = Field(description="The question.")
    context_text: Annotated[AnyText, Field(max_length=10_000)] | None = Field(
        None, description="What the kiosk knows at this moment: where the customer stands, what the screen shows."
    )
    top_k: Annotated[int, Field(ge=1, le=20)] | None = Field(
        None, description="Passages an answer rests on, and the most sources told."
    )
    include_sources: bool = False
    history: list[Turn] | None = Field(None, description="The conversation so far, oldest first.")


class AgentRequest(BaseModel):
    """A question for the agent."""

    transcription: Said
    session_id: Key | None = None
    user_id: Key | None = None
    history: list[Turn] | None = None


class AgentReply(BaseModel):
    """Its answer."""

    reply: str
    tool_calls: list[dict[str, Any]] = Field(description="Empty: tools are run here, and not told of.")


class ContextRequest(BaseModel):
    """A text to answer from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "The bakery is near the front entrance.", "source": "store-manual"}]
        }
    )

    text: Annotated[str, Field(min_length=1, max_length=5_000_000), AfterValidator(_told)]
    source: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_plain)] = "api"
    metadata: Annotated[dict[str, Any] | None, AfterValidator(_small)] = None


class ContextAdded(BaseModel):
    """A text was added."""

    chunks_added: int
    source: str


class FileResult(BaseModel):
    """What became of one file."""

    source: str
    chunks_added: int = 0
    status: Literal["ok", "failed"]
    detail: str | None = None


class FilesAdded(BaseModel):
    """What became of all files; the first two fields are those of servers that take one."""

    chunks_added: int
    source: str
    total_chunks_added: int
    files_processed: int
    files_succeeded: int
    files_failed: int
    results: list[FileResult]


class ContextStats(BaseModel):
    """What there is to answer from."""

    collection_name: str
    persist_directory: str = Field(description="A word: no path is told.")
    document_count: int = Field(description="Passages.")
    file_count: int = Field(description="Texts and files.")
    chunking_strategy: str
    llm_model: str
    embedding_model: str
    reranker_model: str


class Cleared(BaseModel):
    """Nothing is left of it."""

    status: Literal["cleared"] = "cleared"


class ContentPart(BaseModel):
    """A part of a message; only texts are read."""

    type: str
    text: AnyText = ""


class ChatMessage(BaseModel):
    """A message in OpenAI's shape."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: AnyText | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """What it says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class CompletionRequest(BaseModel):
    """A conversation in OpenAI's shape; the last user message is the question."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"messages": [{"role": "user", "content": "When are you open?"}]}]}
    )

    model: Key = "smart-kiosk-rag"
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool = False
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(None, description="Accepted and not used.")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="Accepted and not used.")
