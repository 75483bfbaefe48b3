from visavis.knowledge import Passage
from visavis.llm import Message, TextDelta
from visavis.llm.grounding import MAX_CHARS, grounded
from visavis.llm.openai import OpenAIProvider
from visavis.settings import Settings
from visavis.testing.openai_stub import Answer, OpenAIStub

ASKED = [Message("system", "Be brief."), Message("user", "When do you open?")]
HOURS = Passage("Open from nine.", "hours.md", 1.0, "Shop › Hours")
PRICES = Passage("Tea costs 4 euros.", "prices.md", 0.5)


def test_given_no_passages_when_grounded_then_nothing_changes() -> None:
    assert grounded(ASKED, ()) == ASKED


def test_given_passages_when_grounded_then_the_system_prompt_has_them_numbered_with_their_sources() -> None:
    system, question = grounded(ASKED, [HOURS, PRICES])
    assert question == ASKED[1]
    assert system.role == "system"
    assert system.content.startswith("Be brief.\n\n")
    assert "[1] hours.md, Shop › Hours:\nOpen from nine." in system.content
    assert "[2] prices.md:\nTea costs 4 euros." in system.content
    assert "name the source" in system.content


def test_given_no_system_prompt_when_grounded_then_there_is_one() -> None:
    assert [message.role for message in grounded(ASKED[1:], [HOURS])] == ["system", "user"]


def test_given_too_much_text_when_grounded_then_the_best_passages_stay() -> None:
    long = [Passage(f"{number} " + "x" * (MAX_CHARS // 2), f"{number}.md", 1.0) for number in range(9)]
    system = grounded(ASKED, long)[0].content
    assert "0.md" in system
    assert "8.md" not in system


async def test_given_passages_when_a_remote_model_is_asked_then_they_arrive_and_its_citation_comes_back() -> None:
    async with OpenAIStub() as stub:
        stub.then(Answer(["According to hours.md, ", "from nine."]))
        settings = Settings(llm_base_url=stub.base_url, llm_api_key=stub.api_key, llm_model=stub.model)
        models = OpenAIProvider(settings)
        deltas = [delta async for delta in models.model().answer(ASKED, (), [HOURS])]
        await models.aclose()
        assert deltas == [TextDelta("According to hours.md, "), TextDelta("from nine.")]
        sent = stub.requests[0].messages
        assert [message["role"] for message in sent] == ["system", "user"]
        assert "Open from nine." in sent[0]["content"]
