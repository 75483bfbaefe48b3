"""Answers with sentences of the documents, and says honestly when they don't tell. Nothing to load or to call."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from visavis.knowledge import Passage
from visavis.knowledge.query import understand
from visavis.knowledge.words import word_set
from visavis.llm import Delta, Message, TextDelta, Tool
from visavis.llm.documents.extract import extract
from visavis.llm.documents.phrasing import cited, sentence
from visavis.llm.documents.smalltalk import question as without_greeting
from visavis.llm.documents.smalltalk import talk
from visavis.settings import Settings
from visavis.speech_text.language import language_of


class DocumentsProvider:
    """Needs nothing, sends nothing anywhere."""

    name = "documents"

    def __init__(self, settings: Settings) -> None:
        self._language = settings.language

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def model(self, name: str = "") -> "DocumentsModel":
        """See `ChatProvider`; there is one model."""
        return DocumentsModel(self._language)


class DocumentsModel:
    """Small talk, and answers that are quotations: the same ones for the same question and passages."""

    def __init__(self, language: str = "en") -> None:
        """`language`: what Latin script is taken to be (BCP 47)."""
        self._language = language

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """See `ChatModel`, sentence by sentence. Tools are never called."""
        for piece in self._answer(messages, passages):
            yield TextDelta(piece)
            await asyncio.sleep(0)

    def _answer(self, messages: Sequence[Message], passages: Sequence[Passage]) -> list[str]:
        asked = [message.content for message in messages if message.role == "user"]
        said = asked[-1] if asked else ""
        earlier = [message.content for message in messages if message.role == "assistant" and message.content]
        language = language_of(said, self._language)
        if not any(map(str.isalnum, said)):
            return [sentence("empty", language)]
        kind = talk(said)
        if kind == "repeat" and earlier:
            return [earlier[-1]]
        if kind is not None and kind != "more":
            return [sentence(kind, language)]
        return self._extract(without_greeting(said), asked[:-1], earlier, kind == "more", passages, language)

    def _extract(
        self,
        question: str,
        asked: Sequence[str],
        answers: Sequence[str],
        more: bool,
        passages: Sequence[Passage],
        language: str,
    ) -> list[str]:
        """`asked` and `answers`: what was said so far. `more`: nothing of it should be told again."""
        lookup = next((passage.lookup for passage in passages if passage.lookup), None)
        lookup = lookup or understand(question, asked, _Words(passages))
        if not any(not form.startswith("#") for one in lookup.asked for form in one.forms):
            return [sentence("clarify", language)]
        told = _letters(" ".join(answers)) if more else ""
        last = answers[-1] if answers else ""
        before = next((passage.source for passage in passages if passage.source in last), "")
        found = extract(passages, lookup, question, lambda one: _letters(one) in told, before)
        if found is not None:
            return cited(found.sentences, found.source, language)
        return [sentence("exhausted" if told else "unknown", language)]


class _Words:
    """The words of the passages alone, for knowledge bases that don't say how they understood the question."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._words = [word_set(f"{passage.heading} {passage.text}") for passage in passages]
        self.passages = len(passages)

    def frequency(self, word: str) -> int:
        """See `Vocabulary`."""
        return sum(word in words for words in self._words)

    def similar(self, word: str) -> list[str]:
        """See `Vocabulary`."""
        return sorted(frozenset[str]().union(*self._words))


def _letters(text: str) -> str:
    """What of `text` is said aloud: an answer changes a sentence's first letter and its last mark."""
    return "".join(filter(str.isalnum, text.casefold()))
