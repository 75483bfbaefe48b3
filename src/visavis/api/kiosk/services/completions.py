"""`/v1/chat/completions` (contract kiosk 2.3): the same questions in OpenAI's shape."""

import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from visavis.api.kiosk.services.ephemeral import Answered
from visavis.api.kiosk.services.openai_errors import OpenAIRoute, WrongField, refusals, told
from visavis.api.kiosk.services.questions import Question, ask
from visavis.api.kiosk.services.rag import collected
from visavis.api.kiosk.services.rag_schemas import CompletionRequest, Turn
from visavis.api.kiosk.services.shared import Shared
from visavis.api.kiosk.services.streaming import DONE, Stream, attended, begun, event
from visavis.api.kiosk.services.tokens import count
from visavis.api.parts import House
from visavis.api.principal import Asker, principal
from visavis.errors import VisavisError
from visavis.ids import new_id
from visavis.session.events import AnswerDelta
from visavis.streams import closing

router = APIRouter(
    route_class=OpenAIRoute,
    tags=["kiosk: answers"],
    prefix="/v1/chat",
    dependencies=[Depends(principal)],
    responses=refusals(),
)


@router.post(
    "/completions",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "text/event-stream": {}}, "description": "The answer."}},
)
async def create_chat_completion(
    body: CompletionRequest, request: Request, house: House, shared: Shared, asker: Asker
) -> Response:
    """Answer the last user message from the kiosk's documents; the last system message replaces the prompt."""
    question = _question(body)
    head = {"id": f"chatcmpl-{new_id()}", "created": int(time.time()), "model": body.model}
    answer = ask(house, shared, asker.tenant, question)
    if body.stream:
        return Stream(_chunks(await begun(request, answer), head), "text/event-stream")
    content = await attended(request, collected(answer))
    asked, replied = sum(count(message.text) for message in body.messages), count(content)
    return JSONResponse(
        {
            **head,
            "object": "chat.completion",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": asked, "completion_tokens": replied, "total_tokens": asked + replied},
        }
    )


def _question(body: CompletionRequest) -> Question:
    last = max((at for at, message in enumerate(body.messages) if message.role == "user"), default=-1)
    text = body.messages[last].text if last >= 0 else ""
    if not text.strip():
        raise WrongField("messages", "the last user message is the question; there is none, or it is blank")
    prompts = [message.text for message in body.messages if message.role in ("system", "developer")]
    history = [
        Turn.model_construct(role=message.role, content=message.text)
        for message in body.messages[:last]
        if message.role in ("user", "assistant") and message.text.strip()
    ]
    return Question(text, history, prompt=prompts[-1] if prompts else "")


async def _chunks(answer: AsyncGenerator[Answered, None], head: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    def chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    try:
        yield chunk({"role": "assistant", "content": ""})
        async with closing(answer) as events:
            async for happened in events:
                if isinstance(happened, AnswerDelta):
                    yield chunk({"content": happened.delta})
        yield chunk({}, "stop")
    except VisavisError as error:
        yield event(told(error))
    yield DONE
