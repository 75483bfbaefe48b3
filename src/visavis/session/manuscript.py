"""A manuscript: the text of a turn, sentence by sentence, while it is still being written."""

import asyncio
from collections.abc import AsyncIterator, Callable

from visavis.errors import StageFailed
from visavis.session.expressing import Places
from visavis.speech_text.expressions import ExpressionTags
from visavis.speech_text.sentences import SentenceSplitter, is_whole
from visavis.speech_text.thinking import ThinkingFilter

SENTENCES_AHEAD = 64
"""Sentences a model may be ahead of the voice."""


class Manuscript:
    """Takes what a model writes in one task (`write`), gives sentences in another (`sentences`)."""

    def __init__(
        self, expression: str, written: Callable[[str], None], broken: Callable[[StageFailed], None] | None
    ) -> None:
        """`expression`: what it begins with; empty for none. `written`: told of all text that is not thought
        or tag. `broken`: told of a model that fails; None lets it fail.
        """
        self._written = written
        self._broken = broken
        self._queue: asyncio.Queue[tuple[str, Places] | None] = asyncio.Queue(SENTENCES_AHEAD)
        self._thinking = ThinkingFilter()
        self._tags = ExpressionTags(expression)
        self._splitter = SentenceSplitter()
        self._given = 0
        """How much of the text has become sentences."""

    async def write(self, deltas: AsyncIterator[str]) -> None:
        """Take all there is. Raises the model's `StageFailed`."""
        whole = True
        try:
            async for delta in deltas:
                await self._take(self._tags.push(self._thinking.push(delta)))
        except StageFailed as error:
            if self._broken is None:
                raise
            self._broken(error)
            whole = False
        await self._take(self._tags.push(self._thinking.finish()) + self._tags.finish())
        for sentence in self._splitter.finish():
            # Of an answer that broke off only the sentences are said (contract kiosk 1.7).
            if is_whole(sentence) or whole:
                await self._give(sentence)
        await self._queue.put(None)

    async def sentences(self) -> AsyncIterator[tuple[str, Places]]:
        """Each sentence with the expressions that begin in it."""
        while (item := await self._queue.get()) is not None:
            yield item

    async def _take(self, text: str) -> None:
        if text:
            self._written(text)
        for sentence in self._splitter.push(text):
            await self._give(sentence)

    async def _give(self, sentence: str) -> None:
        begin, end = self._given, self._given + len(sentence)
        self._given = end
        found = [(max(place - begin, 0), name) for place, name in self._tags.found if place < end]
        self._tags.found[:] = self._tags.found[len(found) :]
        await self._queue.put((sentence, found))
