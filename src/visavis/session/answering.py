"""How a session comes to an answer: its documents, its model, and the tools the model calls on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from visavis.errors import StageFailed
from visavis.knowledge import KnowledgeBase, Passage
from visavis.llm import ChatModel, Message, TextDelta, ToolCall
from visavis.session.history import History
from visavis.session.toolbox import Toolbox
from visavis.streams import closing

MAX_ROUNDS = 5
"""Rounds of tool calls within one answer; a model that wants more goes in circles."""

PASSAGES = 5
"""Passages that are looked for, unless the asker says otherwise."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer is to rest on."""

    given: Sequence[Passage] = ()
    """Passages that the asker brings, before those that are found."""
    limit: int = PASSAGES
    """How many are looked for."""


USUAL = Reading()

Found: TypeAlias = Callable[[Sequence[Passage]], None]

log = logging.getLogger(__name__)


class Answering:
    """Answers prompts of one conversation. `max_chars`: the longest answer, beyond that it is cut."""

    def __init__(
        self, chat: ChatModel, knowledge: KnowledgeBase | None, toolbox: Toolbox, history: History, max_chars: int
    ) -> None:
        self._chat = chat
        self._knowledge = knowledge
        self._toolbox = toolbox
        self._history = history
        self._max_chars = max_chars

    async def answer(
        self, prompt: str, committed: asyncio.Event, found: Found, reading: Reading = USUAL
    ) -> AsyncIterator[str]:
        """The answer's text; `found` is told what it rests on.

        No tool is run before `committed` is set: until then the turn may leave no trace. Raises `StageFailed` of
        `knowledge` or `llm`.
        """
        messages, passages = self._history.messages(prompt), await self._passages(prompt, reading)
        found(passages)
        length, last = 0, ""
        for rounds_left in range(MAX_ROUNDS, -1, -1):
            said: list[str] = []
            calls: list[ToolCall] = []
            async with closing(self._chat.answer(messages, self._toolbox.tools, passages)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, TextDelta):
                        if not said and last.isascii() and last.strip():
                            # A sentence before the calls and one after them would run into each other.
                            yield " "
                        yield delta.text
                        said.append(delta.text)
                        length += len(delta.text)
                        last = delta.text[-1:] or last
                        if length > self._max_chars:
                            log.warning("a model's answer was too long to be spoken and was cut")
                            return
                    else:
                        calls.append(delta)
            if not calls:
                return
            if not rounds_left:
                raise StageFailed(
                    "llm", f"the chat model called tools {MAX_ROUNDS} times and gave no answer; ask again"
                )
            await committed.wait()
            asked = Message("assistant", "".join(said), tool_calls=tuple(calls))
            messages = [*messages, asked, *await self._toolbox.run(calls)]

    async def _passages(self, prompt: str, reading: Reading) -> Sequence[Passage]:
        if self._knowledge is None:
            return reading.given
        found = await self._knowledge.passages(prompt, reading.limit, self._history.questions)
        return [*reading.given, *found]
