"""The questions of `bench answers` once more, with a model behind an OpenAI-compatible endpoint: a local stub."""

from collections.abc import Sequence

from visavis.cli.bench.figures import Measure
from visavis.knowledge import Passage
from visavis.llm import ChatModel, Message, TextDelta
from visavis.registry import close, provider
from visavis.settings import Settings
from visavis.testing.openai_stub import Answer, OpenAIStub


async def prompted(asked: Sequence[tuple[str, str, Sequence[Passage]]]) -> list[Measure]:
    """What of the documents reaches a model and comes back; `asked` are (question, its source, passages)."""
    complete: list[float] = []
    told: list[float] = []
    cited: list[float] = []
    async with OpenAIStub() as stub:
        settings = Settings(llm_base_url=stub.base_url, llm_api_key=stub.api_key, llm_model=stub.model)
        models = provider("llm", "openai", settings)
        try:
            model: ChatModel = models.model()
            for question, source, passages in asked:
                said = f"According to {source or 'nobody'}, it is so."
                stub.then(Answer([said]))
                deltas = model.answer([Message("user", question)], (), passages)
                answer = "".join([delta.text async for delta in deltas if isinstance(delta, TextDelta)])
                sent = [message["content"] for message in stub.requests[-1].messages]
                complete.append(100.0 * all(passage.text in sent[0] for passage in passages))
                if source:
                    told.append(100.0 * (source in sent[0]))
                    cited.append(100.0 * (answer == said))
        finally:
            await close(models)
    return [
        Measure("stub: prompt", "all passages are in the system prompt", "%", [sum(complete) / len(complete)]),
        Measure("stub: source", "answerable: the right document is named in it", "%", [sum(told) / len(told)]),
        Measure("stub: citation", "the model's citation comes back whole", "%", [sum(cited) / len(cited)]),
    ]
