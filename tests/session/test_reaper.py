import asyncio
import logging

import pytest

from visavis.session import reaper
from visavis.session.reaper import Reaper


async def test_a_cancelled_task_is_seen_off() -> None:
    cleaned = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    owner = Reaper()
    owner.take(task)
    await owner.close()

    assert cleaned.is_set()
    assert task.cancelled()


async def test_a_task_that_does_not_let_go_is_reported(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "GRACE", 0.01)
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn(), name="turn 7")
    await asyncio.sleep(0)
    owner = Reaper()
    with caplog.at_level(logging.WARNING):
        owner.take(task)
        await owner.close()
    release.set()
    await task
    await owner.close()

    assert "turn 7 did not stop" in caplog.text


async def test_an_error_during_cancellation_is_not_swallowed(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("while letting go")

    task = asyncio.create_task(broken(), name="turn 8")
    await asyncio.sleep(0)
    owner = Reaper()
    owner.take(task)
    await owner.close()

    assert "turn 8 failed" in caplog.text
