import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from visavis.errors import InvalidInput, NotFound, StageFailed
from visavis.knowledge import base
from visavis.knowledge.base import SqliteKnowledgeBase
from visavis.knowledge.library import FILE, Library
from visavis.settings import Settings
from visavis.testing.knowledge import check_knowledge_base

DOCUMENTS = Path(__file__).parent / "development/documents"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def knowledge(settings: Settings) -> AsyncIterator[SqliteKnowledgeBase]:
    made = SqliteKnowledgeBase(settings)
    yield made
    await made.aclose()


def add(settings: Settings, *names: str, collection: str = "default") -> None:
    with Library(settings) as library:
        for name in names:
            library.add(name, (DOCUMENTS / name).read_bytes(), collection)


async def sources(knowledge: SqliteKnowledgeBase, question: str, *earlier: str) -> list[str]:
    return [passage.source for passage in await knowledge.passages(question, 5, earlier)]


async def test_given_the_conformance_suite_when_run_then_it_passes(
    settings: Settings, knowledge: SqliteKnowledgeBase
) -> None:
    add(settings, "library.md", "hotel.txt")
    await check_knowledge_base(knowledge, "Which rooms can be reserved?")


@pytest.mark.parametrize(
    ("question", "source"), [("What is Visavis?", "About Visavis"), ("什么是Visavis？", "关于Visavis")]
)
async def test_given_no_documents_when_asked_then_those_about_visavis_answer(
    settings: Settings, knowledge: SqliteKnowledgeBase, question: str, source: str
) -> None:
    assert (await sources(knowledge, question))[0] == source
    assert not (settings.data_dir / FILE).exists(), "asking makes no file"


async def test_given_a_first_document_when_asked_then_it_answers_from_the_next_question_on(
    settings: Settings, knowledge: SqliteKnowledgeBase
) -> None:
    assert await sources(knowledge, "Does Visavis need a graphics card?")
    add(settings, "hotel.txt")
    assert (await sources(knowledge, "When is breakfast?"))[0] == "hotel.txt"
    assert not await sources(knowledge, "Visavis")
    with Library(settings) as library:
        library.remove(library.documents()[0].id)
    assert (await sources(knowledge, "Visavis"))[0] == "About Visavis"


async def test_given_collections_when_asked_then_only_those_named_answer(settings: Settings) -> None:
    add(settings, "hotel.txt")
    add(settings, "library.md", collection="library")
    for collections, found in (
        (("library",), {"library.md"}),
        (("library", "default"), {"library.md", "hotel.txt"}),
        (("nothing",), set()),
        (("visavis",), set()),
    ):
        knowledge = SqliteKnowledgeBase(settings, collections)
        assert set(await sources(knowledge, "Which room can be reserved?")) - {"About Visavis"} == found
        await knowledge.aclose()


async def test_given_a_follow_up_when_asked_then_the_earlier_question_says_what_about(
    settings: Settings, knowledge: SqliteKnowledgeBase
) -> None:
    add(settings, "library.md", "hotel.txt", "swim-club.md")
    passages = await knowledge.passages("And in colour?", 5, ["How much does printing cost?"])
    assert "in colour" in passages[0].text


async def test_given_a_question_in_chinese_when_asked_then_chinese_documents_answer(
    settings: Settings, knowledge: SqliteKnowledgeBase
) -> None:
    add(settings, "library.md", "社区图书馆.txt")
    assert (await sources(knowledge, "图书馆周一开门吗？"))[0] == "社区图书馆.txt"


async def test_given_a_damaged_file_when_asked_then_the_stage_fails_with_the_remedy(
    settings: Settings, knowledge: SqliteKnowledgeBase
) -> None:
    (settings.data_dir / FILE).write_bytes(b"no database, whatever its name says " * 100)
    with pytest.raises(StageFailed, match="damaged") as failure:
        await knowledge.passages("When?")
    assert failure.value.stage == "knowledge"


async def test_given_too_many_questions_when_one_more_comes_then_it_is_refused(
    knowledge: SqliteKnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MAX_WAITING", 2)
    waiting = [asyncio.create_task(knowledge.passages("Visavis")) for _ in range(3)]
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(outcome, StageFailed) for outcome in outcomes] == [False, False, True]
    assert await knowledge.passages("Visavis")


async def test_given_no_time_when_asked_then_the_stage_fails(
    settings: Settings, knowledge: SqliteKnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "SECONDS", 0)
    with pytest.raises(StageFailed, match="too long"):
        await knowledge.passages("Visavis")


def test_given_the_programs_own_collection_when_added_to_then_it_is_refused(settings: Settings) -> None:
    with Library(settings) as library:
        for name in ("visavis", "", "../up", "x" * 65):
            with pytest.raises(InvalidInput):
                library.add("a.txt", b"Hello.", name)
        with pytest.raises(NotFound):
            library.remove(1)
