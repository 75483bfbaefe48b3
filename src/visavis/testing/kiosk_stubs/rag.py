"""The RAG service: `POST /api/v1/query`, answered by server-sent events."""

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from visavis.testing.stub_server import Answer, Refused, Stub, StubRequest, check_fields, json_object

MAX_CHARS = 10_000
"""Of a question, and of each message of the history."""


@dataclass(slots=True, kw_only=True)
class RagRequest(StubRequest):
    """A question."""

    transcription: str
    history: list[dict[str, str]]
    """What was said before; empty if that was not sent."""


def event(data: Any) -> bytes:
    """One server-sent event with JSON in it."""
    return f"data: {json.dumps(data)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


def tokens(*texts: str, error: str = "", done: bool = True) -> Answer:
    """An answer of these tokens, a piece each; then an error event if there is one, else sources; then the end."""
    sources = {"event": "sources", "sources": [{"source": "menu.md", "score": 0.9}], "answer": "".join(texts)}
    last = {"error": error} if error else sources
    return Answer([*(event({"token": text}) for text in texts), event(last), *([DONE] if done else [])])


class RagStub(Stub[RagRequest]):
    """Answers with `texts`, whatever was asked."""

    PATH = "/api/v1/query"
    CONTENT_TYPE = "text/event-stream"

    def __init__(self, texts: Iterable[str] = ("Hello", " from", " the", " stub.", " Bye.")) -> None:
        super().__init__()
        self.texts = tuple(texts)

    def usual(self) -> list[bytes]:
        """See `Stub`."""
        return list(tokens(*self.texts).pieces or ())

    def empty(self) -> list[bytes]:
        """See `Stub`."""
        return [DONE]

    def huge(self) -> Iterable[bytes]:
        """See `Stub`. One line that never ends."""
        return itertools.chain([b'data: {"token": "'], itertools.repeat(b"hello " * 10_000))

    def read(self, headers: Mapping[str, str], body: bytes) -> RagRequest:
        """See `Stub`."""
        if headers.get("accept") != "text/event-stream":
            raise Refused(406, "accept is not text/event-stream")
        found = json_object(headers, body)
        check_fields(found, {"transcription"}, {"history"})
        if not _is_text(found["transcription"]):
            raise Refused(422, f"transcription is not a text of 1 to {MAX_CHARS} characters")
        history = found.get("history", [])
        if not isinstance(history, list) or ("history" in found and not history):
            raise Refused(422, "history is not a list with something in it")
        for message in history:
            if not isinstance(message, dict) or message.keys() != {"role", "content"}:
                raise Refused(422, "a message of the history has not just role and content")
            if message["role"] not in ("user", "assistant") or not _is_text(message["content"]):
                raise Refused(
                    422, f"a message of the history has no known role, or not 1 to {MAX_CHARS} characters"
                )
        return RagRequest(headers=headers, transcription=found["transcription"], history=history)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MAX_CHARS
