"""A question to the kiosk's documents, put to a session of its own."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from visavis.api.kiosk.services.ephemeral import Answered, Watch, answered
from visavis.api.kiosk.services.rag_schemas import Turn
from visavis.api.kiosk.services.shared import Services
from visavis.api.kiosk.services.tokens import count
from visavis.api.parts import Parts
from visavis.errors import TooLarge
from visavis.knowledge.chunks import chunks
from visavis.knowledge.plain_text import read_text
from visavis.pool import Chat, Exchange, NewSession
from visavis.session.events import AnswerDelta, PassageFound, PassagesFound
from visavis.streams import closing

CONTEXT = "the kiosk"
"""Where passages are said to come from that a question brings itself."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and what goes with it."""

    text: str
    history: Sequence[Turn] = ()
    prompt: str = ""
    """Takes the place of the configured system prompt."""
    context: str = ""
    """What holds at this moment only."""
    top_k: int = 0
    """Passages that are looked for; 0 for the usual number."""


async def ask(parts: Parts, services: Services, asker: str, question: Question) -> AsyncGenerator[Answered, None]:
    """What `answered` gives, timed. `asker` is the principal's id."""
    prompt = question.prompt or parts.settings.system_prompt
    if len(prompt) > parts.settings.max_text_chars:
        raise TooLarge(f"the system prompt has more than {parts.settings.max_text_chars} characters")
    request = NewSession(
        avatar_id="",
        voice_only=True,
        owner=asker,
        history=tuple(Exchange(turn.role, turn.content) for turn in question.history),
        system_prompt=prompt,
        knowledge=await services.shelf.collections(),
    )
    own = tuple(PassageFound(CONTEXT, chunk.text, 1.0) for chunk in chunks(read_text(question.context)))
    chat = Chat(question.text, aloud=False, passages=own, top_k=question.top_k)
    watch = Watch()
    first, length = 0.0, 0
    async with closing(answered(parts.pool, request, chat)) as events:
        async for event in events:
            if isinstance(event, PassagesFound):
                services.retrieval.add(watch.ms)
            elif isinstance(event, AnswerDelta):
                first = first or watch.ms
                length += count(event.delta)
            yield event
    seconds = max((watch.ms - first) / 1000, 1e-3)
    services.answers.add(
        watch.ms, ttft_ms=round(first, 1), total_tokens=length, tokens_per_sec=round(length / seconds, 1)
    )
