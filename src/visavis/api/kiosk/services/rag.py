"""The RAG service's own routes (contract kiosk 2.3): questions to the kiosk's documents."""

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from visavis.api.kiosk.errors import Route, refusals
from visavis.api.kiosk.services.context import stats
from visavis.api.kiosk.services.ephemeral import Answered
from visavis.api.kiosk.services.questions import Question, ask
from visavis.api.kiosk.services.rag_schemas import AgentReply, AgentRequest, QueryRequest
from visavis.api.kiosk.services.shared import Shared
from visavis.api.kiosk.services.shelf import Shelf
from visavis.api.kiosk.services.streaming import DONE, Stream, attended, begun, event
from visavis.api.parts import House
from visavis.api.principal import Asker, principal
from visavis.errors import StageFailed, Unavailable, UpstreamFailed, VisavisError
from visavis.session.events import AnswerDelta, PassageFound, PassagesFound
from visavis.streams import closing

router = APIRouter(
    route_class=Route,
    tags=["kiosk: answers"],
    prefix="/api/v1",
    dependencies=[Depends(principal)],
    responses=refusals(),
)

TOP_K = 5
"""Passages that a session looks up for a question."""


@router.post(
    "/query",
    response_class=Response,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "Tokens, then sources if wanted, then `[DONE]`.",
        },
        **refusals(413, 422, 503),
    },
)
async def query(body: QueryRequest, request: Request, house: House, shared: Shared, asker: Asker) -> Response:
    """Answer a question, as a stream. What fails once it has begun is told in it, with status 200."""
    question = Question(
        body.transcription, body.history or (), context=body.context_text or "", top_k=body.top_k or 0
    )
    answer = await begun(request, ask(house, shared, asker.tenant, question))
    top_k = body.top_k or TOP_K
    return Stream(_tokens(answer, shared.shelf if body.include_sources else None, top_k), "text/event-stream")


@router.post("/agent/chat", responses=refusals(413, 422, 503))
async def agent_chat(
    body: AgentRequest, request: Request, house: House, shared: Shared, asker: Asker
) -> AgentReply:
    """Answer a question in one piece. `session_id` and `user_id` are not used: the history comes along."""
    question = Question(body.transcription, body.history or ())
    try:
        reply = await attended(request, collected(ask(house, shared, asker.tenant, question)))
    except UpstreamFailed:
        raise
    except StageFailed as error:
        raise Unavailable(error.message) from error
    return AgentReply(reply=reply, tool_calls=[])


@router.get("/model-info")
async def rag_model_info(house: House, shared: Shared) -> dict[str, Any]:
    """What answers, and how it looks things up."""
    return {
        **(await stats(house.settings, shared.shelf)).model_dump(),
        "llm_device": "CPU",
        "llm_weight_format": None,
        "embedding_device": "CPU",
        "embedding_backend": None,
        "embedding_weight_format": None,
        "reranker": None,
        "top_k": TOP_K,
        "fetch_k": TOP_K,
    }


@router.get("/performance")
async def rag_performance(shared: Shared) -> dict[str, Any]:
    """How long the latest questions took."""
    return {"latency": {"retrieval": shared.retrieval.stats(), "llm": shared.answers.stats()}}


async def collected(answer: AsyncGenerator[Answered, None]) -> str:
    """The whole answer. Raises what `answer` raises."""
    async with closing(answer) as events:
        return "".join([event.delta async for event in events if isinstance(event, AnswerDelta)]).strip()


async def _tokens(
    answer: AsyncGenerator[Answered, None], shelf: Shelf | None, top_k: int
) -> AsyncGenerator[bytes, None]:
    """The answer as events; with its sources if there is a `shelf` that knows their metadata."""
    tokens: list[str] = []
    found: tuple[PassageFound, ...] = ()
    try:
        async with closing(answer) as events:
            async for happened in events:
                if isinstance(happened, PassagesFound):
                    found = happened.passages[:top_k]
                elif isinstance(happened, AnswerDelta):
                    tokens.append(happened.delta)
                    yield event({"token": happened.delta})
        if shelf is not None:
            metadata = await shelf.metadata()
            sources = [_source(passage, metadata.get(passage.source, {})) for passage in found]
            yield event({"event": "sources", "sources": sources, "answer": "".join(tokens).strip()})
    except VisavisError as error:
        yield event({"error": error.message})
    yield DONE


def _source(passage: PassageFound, metadata: Any) -> dict[str, Any]:
    return {
        "source": passage.source,
        "score": round(passage.score, 4),
        "metadata": metadata,
        "content": passage.text,
    }
