from collections.abc import Sequence

import pytest

from visavis.knowledge import Passage
from visavis.llm import Message, TextDelta
from visavis.llm.documents import DocumentsModel, DocumentsProvider
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.llm import check_chat_model

MODEL = DocumentsModel()
HOURS = Passage(
    "The shop opens at nine and closes at six.\nOn Sundays it stays closed.\nIt is closed on 1 January, too.",
    "hours.md",
    1.0,
    "Tea shop › Opening hours",
)
PRICES = Passage("A pot of tea costs 4 euros. A slice of cake costs 3 euros.", "prices.md", 0.9, "Prices")
CHINESE = Passage("茶馆上午九点开门。\n周日不营业。一壶茶20元。", "茶馆.md", 1.0, "营业时间")


async def pieces(*said: str | Message, passages: Sequence[Passage] = (HOURS, PRICES)) -> list[str]:
    messages = [Message("user", one) if isinstance(one, str) else one for one in said]
    return [delta.text async for delta in MODEL.answer(messages, (), passages) if isinstance(delta, TextDelta)]


async def answer(*said: str | Message, passages: Sequence[Passage] = (HOURS, PRICES)) -> str:
    return "".join(await pieces(*said, passages=passages))


async def test_given_the_conformance_suite_when_run_then_it_passes() -> None:
    await check_chat_model(MODEL)


async def test_given_a_question_when_asked_then_the_sentence_that_tells_comes_with_its_source() -> None:
    assert await answer("When does the shop open?") == (
        "According to hours.md, the shop opens at nine and closes at six."
    )


async def test_given_a_chinese_question_when_asked_then_the_answer_is_chinese() -> None:
    assert await answer("茶馆几点开门？", passages=[CHINESE]) == "根据《茶馆.md》，茶馆上午九点开门。"


async def test_given_another_language_when_asked_then_the_source_stands_behind_the_sentence() -> None:
    model = DocumentsModel("de")
    passage = Passage("Der Laden öffnet um neun.", "laden.md", 1.0)
    deltas = model.answer([Message("user", "Wann öffnet der Laden?")], (), [passage])
    assert "".join([delta.text async for delta in deltas if isinstance(delta, TextDelta)]) == (
        "Der Laden öffnet um neun. (laden.md)"
    )


@pytest.mark.parametrize(
    "question",
    ["Do you sell umbrellas?", "How many guests come each day?", "What about Saturn?"],
)
async def test_given_what_no_passage_tells_when_asked_then_it_says_so(question: str) -> None:
    assert await answer(question) == "I'm sorry, the documents I have don't tell me that."


async def test_given_no_passages_when_asked_then_it_says_so_in_the_questions_language() -> None:
    assert await answer("When does the shop open?", passages=[]) == (
        "I'm sorry, the documents I have don't tell me that."
    )
    assert await answer("有雨伞卖吗？", passages=[]) == "很抱歉，我手头的文档没有提到这一点。"


async def test_given_a_price_is_asked_for_when_the_passage_has_none_then_it_is_refused() -> None:
    passage = Passage("An audio guide can be had at the desk.", "guide.md", 1.0)
    assert "sorry" in await answer("How much is the audio guide?", passages=[passage])
    assert "guide.md" in await answer("Where do I get the audio guide?", passages=[passage])


async def test_given_a_sentence_that_leans_on_the_one_before_when_told_then_both_are() -> None:
    passage = Passage("The tower is from 1310. It may not be climbed.", "tower.md", 1.0)
    assert await answer("May the tower be climbed?", passages=[passage]) == (
        "According to tower.md, the tower is from 1310. It may not be climbed."
    )


async def test_given_an_answer_of_several_sentences_when_streamed_then_each_comes_by_itself() -> None:
    passage = Passage("The tower is from 1310. It may not be climbed.", "tower.md", 1.0)
    assert await pieces("May the tower be climbed?", passages=[passage]) == [
        "According to tower.md, the tower is from 1310.",
        " It may not be climbed.",
    ]


async def test_given_more_is_asked_for_when_told_then_nothing_is_told_twice() -> None:
    asked = "Tell me about the tower."
    passage = Passage("The tower is old. The tower is high.", "tower.md", 1.0)
    first = await answer(asked, passages=[passage])
    again = await answer(asked, Message("assistant", first), "Tell me more", passages=[passage])
    assert again == "That is all the documents say about it."
    part = "According to tower.md, the tower is old."
    assert "high" in await answer(asked, Message("assistant", part), "Tell me more", passages=[passage])


async def test_given_a_follow_up_when_two_documents_fit_then_the_one_of_the_last_answer_is_kept_to() -> None:
    passages = [
        Passage("The guided tour lasts 40 minutes.", "castle.md", 1.0),
        Passage("The guided tour lasts 90 minutes.", "harbour.md", 0.99),
    ]
    said = (
        "Is there a guided tour of the harbour?",
        Message("assistant", "According to harbour.md, there is one."),
    )
    assert "90" in await answer(*said, "How long does it last?", passages=passages)


async def test_given_the_same_question_when_asked_again_then_the_answer_is_the_same() -> None:
    assert len({await answer("What does cake cost?") for _ in range(5)}) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Hello!", "Hello! What would you like to know?"),
        ("Thanks a lot.", "You're welcome. Is there anything else you would like to know?"),
        ("Okay, thank you, bye", "Goodbye"),
        ("Goodbye", "Goodbye, and have a good day!"),
        ("Who are you?", "I'm an assistant"),
        ("How are you?", "I'm fine"),
        ("你好", "您好！"),
        ("谢谢你！", "不客气"),
        ("再见", "再见"),
        ("你是谁？", "我是一个助手"),
        ("", "I'm sorry, I didn't catch that."),
        ("?!", "I'm sorry, I didn't catch that."),
        ("Yes.", "All right."),
    ],
)
async def test_given_small_talk_when_said_then_no_document_is_cited(said: str, expected: str) -> None:
    answered = await answer(said)
    assert ".md" not in answered
    if said != "Okay, thank you, bye":
        assert answered.startswith(expected)


async def test_given_endless_small_talk_when_said_then_it_is_no_burden() -> None:
    for said in ("嗯" * 100 + "x", "ok " * 39 + "x", "hmm" * 39 + "x", "早" * 110 + "x", "Hello " * 5000):
        assert await answer(said)


@pytest.mark.parametrize("said", ["Hi, when does the shop open?", "Thanks. And when does the shop open, please?"])
async def test_given_a_greeting_before_a_question_when_said_then_the_question_is_answered(said: str) -> None:
    assert "opens at nine" in await answer(said)


async def test_given_too_little_when_asked_then_it_asks_back() -> None:
    assert await answer("What?", passages=[]) == "I haven't said anything yet. What would you like to know?"
    assert await answer("How much is it?", passages=[]) == (
        "Could you tell me a little more exactly what you would like to know?"
    )


async def test_given_it_was_not_heard_when_asked_to_repeat_then_the_last_answer_comes_again() -> None:
    assert await answer("Hi", Message("assistant", "Hello! Welcome."), "Can you repeat that?") == "Hello! Welcome."


def test_given_the_registry_when_asked_for_documents_then_it_is_this_provider() -> None:
    found = provider("llm", "documents", Settings())
    assert isinstance(found, DocumentsProvider)
    assert found.missing() is None
