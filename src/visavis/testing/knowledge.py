"""The contract of knowledge bases, as a check that any of them can be put through."""

from visavis.knowledge import KnowledgeBase
from visavis.testing.contract import require


async def check_knowledge_base(knowledge: KnowledgeBase, question: str) -> None:
    """Raise `ContractBroken` if `knowledge` does not keep the contract of `KnowledgeBase`.

    `question` is one that its documents answer in more than one passage.
    """
    found = await knowledge.passages(question)
    require(len(found) > 0, "no passage is found for a question that the documents answer")
    require(len(found) <= 5, "more passages are given than the limit says")
    for passage in found:
        require(passage.text.strip() != "", "a passage is empty")
        require(passage.source != "", "a passage has no source")
        require("/" not in passage.source, "a source looks like a path: it is a name for people")
    scores = [passage.score for passage in found]
    require(scores == sorted(scores, reverse=True), "the best passage is not the first")
    one = await knowledge.passages(question, limit=1)
    require(list(one) == list(found[:1]), "with a limit of one it is not the best passage that comes")
    require(not await knowledge.passages("", limit=5), "passages are found for an empty question")
    again = await knowledge.passages(question, earlier=[question])
    require(len(again) > 0, "no passage is found for a question that was asked before")
    for passage in found:
        require(passage.lookup is None or passage.lookup.asked, "a passage is found for nothing asked")
