from visavis.llm import Message, TextDelta
from visavis.llm.echo import EchoProvider
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.llm import check_chat_model

MODEL = EchoProvider(Settings()).model()


async def answer(*messages: Message) -> list[str]:
    return [delta.text async for delta in MODEL.answer(messages) if isinstance(delta, TextDelta)]


async def test_given_the_conformance_suite_when_run_then_it_passes() -> None:
    await check_chat_model(MODEL)


async def test_given_a_conversation_when_asked_then_the_users_last_words_come_back_word_by_word() -> None:
    history = [Message("user", "Old"), Message("assistant", "Yes"), Message("user", "Hello big  world")]
    assert await answer(*history) == ["You", " said:", " Hello", " big", "  world"]


async def test_given_chinese_when_asked_then_the_answer_is_chinese() -> None:
    assert "".join(await answer(Message("user", "今天好吗？"))) == "你说：今天好吗？"


async def test_given_nothing_said_when_asked_then_it_still_answers() -> None:
    assert await answer()


def test_given_the_registry_when_asked_for_echo_then_it_is_this_provider() -> None:
    found = provider("llm", "echo", Settings())
    assert isinstance(found, EchoProvider)
    assert found.missing() is None
