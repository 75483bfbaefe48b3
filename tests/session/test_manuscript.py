import asyncio
from collections.abc import AsyncIterator

import pytest

from visavis.errors import StageFailed
from visavis.session.expressing import Places
from visavis.session.manuscript import Manuscript

BROKEN = StageFailed("llm", "it broke off")


async def deltas(*parts: str, fails: bool = False) -> AsyncIterator[str]:
    for part in parts:
        yield part
    if fails:
        raise BROKEN


async def read(manuscript: Manuscript, written: AsyncIterator[str]) -> list[tuple[str, Places]]:
    """All sentences."""
    async with asyncio.TaskGroup() as group:
        group.create_task(manuscript.write(written))
        return [item async for item in manuscript.sentences()]


async def test_each_sentence_has_the_expressions_that_begin_in_it() -> None:
    told: list[str] = []
    manuscript = Manuscript("serious", told.append, None)
    parts = deltas("<think>Hm.</think>Well. [smi", "le]Good [surprised]morning! ", "And [no", "te] more.[smile]")
    assert [(text, list(places)) for text, places in await read(manuscript, parts)] == [
        ("Well. ", [(0, "serious")]),
        ("Good morning! ", [(0, "smile"), (5, "surprised")]),
        ("And [note] more.", []),
    ]
    assert "".join(told) == "Well. Good morning! And [note] more."


async def test_given_a_model_that_breaks_off_then_only_whole_sentences_are_given() -> None:
    broken: list[StageFailed] = []
    manuscript = Manuscript("", lambda _: None, broken.append)
    found = await read(manuscript, deltas("One. [smile] Two. Thr", fails=True))
    assert [text for text, _ in found] == ["One. ", "Two. "]
    assert broken == [BROKEN]


async def test_given_nobody_to_tell_then_it_fails() -> None:
    with pytest.raises(ExceptionGroup) as failure:
        await asyncio.wait_for(read(Manuscript("", lambda _: None, None), deltas("One. Two", fails=True)), 5)
    assert failure.value.exceptions == (BROKEN,)
