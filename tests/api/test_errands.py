"""Work that goes on behind the answers."""

import asyncio
import logging

import pytest

from visavis.api.errands import Errands


async def test_given_patience_then_all_of_it_is_done_and_what_it_begins() -> None:
    errands, done = Errands(), []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        errands.begin(second(), "second")
        done.append("first")

    errands.begin(first(), "first")
    await errands.close(5)
    assert done == ["first", "second"]


async def test_given_no_patience_then_it_is_cancelled() -> None:
    errands, ended = Errands(), asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    errands.begin(endless(), "endless")
    await asyncio.sleep(0)
    await errands.close()
    assert ended.is_set()


async def test_what_fails_is_told_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    errands = Errands()

    async def failing() -> None:
        raise ValueError("the cause")

    with caplog.at_level(logging.ERROR):
        errands.begin(failing(), "this errand")
        await errands.close(5)
    assert "this errand failed" in caplog.text
    assert "the cause" in caplog.text
