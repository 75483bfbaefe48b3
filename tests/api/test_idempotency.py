import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from visavis.api import idempotency as module
from visavis.api.idempotency import Answer, Idempotency
from visavis.errors import Conflict, InvalidInput, RateLimited, Unavailable
from visavis.settings import Settings
from visavis.store import Store
from visavis.store.idempotency import KeptAnswer

ROUTE = "POST /v1/sessions"
MADE = Answer(201, b'{"id":"sess_1","worker_token":"[redacted]"}')
AGAIN = Answer(MADE.status, MADE.body, replayed=True)


class Work:
    """Creates something, when it may."""

    def __init__(self, *outcomes: Answer | Exception) -> None:
        self.done = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._outcomes = list(outcomes)

    async def __call__(self) -> Answer:
        self.done += 1
        self.begun.set()
        await self.may_end.wait()
        outcome = self._outcomes.pop(0) if self._outcomes else MADE
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class House:
    """Servers with one database, each as a process of its own would be."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack

    async def server(self) -> tuple[Idempotency, Store]:
        store = await self._stack.enter_async_context(Store(self._settings))
        return await self._stack.enter_async_context(Idempotency(store, self._settings)), store


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(Settings(data_dir=tmp_path), stack)


@pytest.fixture
async def guard(house: House) -> Idempotency:
    return (await house.server())[0]


async def test_without_a_key_everything_is_carried_out(guard: Idempotency) -> None:
    work = Work()
    assert [await guard.once("org_a", ROUTE, None, b"{}", work) for _ in range(2)] == [MADE, MADE]
    assert work.done == 2


async def test_the_same_request_gets_the_same_answer_and_is_carried_out_once(guard: Idempotency) -> None:
    work = Work()
    answers = [await guard.once("org_a", ROUTE, "k", b"{}", work) for _ in range(3)]
    assert answers == [MADE, AGAIN, AGAIN]
    assert work.done == 1


async def test_another_request_with_the_same_key_is_refused(guard: Idempotency) -> None:
    work = Work()
    await guard.once("org_a", ROUTE, "k", b'{"a":1}', work)
    with pytest.raises(Conflict, match="another request"):
        await guard.once("org_a", ROUTE, "k", b'{"a":2}', work)
    assert work.done == 1


async def test_another_request_with_the_same_key_is_refused_while_the_first_is_under_way(
    guard: Idempotency,
) -> None:
    work = Work()
    work.may_end.clear()
    first = asyncio.create_task(guard.once("org_a", ROUTE, "k", b"1", work))
    await work.begun.wait()
    with pytest.raises(Conflict, match="another request"):
        await guard.once("org_a", ROUTE, "k", b"2", work)
    work.may_end.set()
    assert await first == MADE


async def test_keys_belong_to_an_organisation_and_a_route(guard: Idempotency) -> None:
    work = Work()
    for organisation in ("org_a", "org_b"):
        for route in (ROUTE, "POST /v1/avatars"):
            assert await guard.once(organisation, route, "k", organisation.encode(), work) == MADE
    assert work.done == 4


async def test_of_twenty_at_once_one_is_carried_out(guard: Idempotency) -> None:
    work = Work()
    work.may_end.clear()
    asked = [asyncio.create_task(guard.once("org_a", ROUTE, "k", b"{}", work)) for _ in range(20)]
    await work.begun.wait()
    work.may_end.set()
    answers = await asyncio.gather(*asked)
    assert work.done == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 19
    assert {answer.body for answer in answers} == {MADE.body}


async def test_of_twenty_at_once_in_two_processes_one_is_carried_out(house: House) -> None:
    work = Work()
    work.may_end.clear()
    guards = [(await house.server())[0] for _ in range(2)]
    asked = [
        asyncio.create_task(guards[number % 2].once("org_a", ROUTE, "k", b"{}", work)) for number in range(20)
    ]
    await work.begun.wait()
    work.may_end.set()
    assert {answer.body for answer in await asyncio.gather(*asked)} == {MADE.body}
    assert work.done == 1


async def test_an_answer_outlives_the_server(house: House) -> None:
    work = Work()
    await (await house.server())[0].once("org_a", ROUTE, "k", b"{}", work)
    assert await (await house.server())[0].once("org_a", ROUTE, "k", b"{}", work) == AGAIN
    with pytest.raises(Conflict, match="another request"):
        await (await house.server())[0].once("org_a", ROUTE, "k", b"[]", work)


@pytest.mark.parametrize("failure", [RateLimited("too many"), Unavailable("no room"), RuntimeError("a defect")])
async def test_what_is_raised_is_told_to_all_who_wait_and_not_kept(guard: Idempotency, failure: Exception) -> None:
    work = Work(failure)
    work.may_end.clear()
    asked = [asyncio.create_task(guard.once("org_a", ROUTE, "k", b"{}", work)) for _ in range(3)]
    await work.begun.wait()
    work.may_end.set()
    assert await asyncio.gather(*asked, return_exceptions=True) == [failure] * 3
    assert await guard.once("org_a", ROUTE, "k", b"other", work) == MADE


@pytest.mark.parametrize(("status", "kept"), [(201, True), (409, True), (429, False), (500, False), (503, False)])
async def test_which_answers_are_kept(guard: Idempotency, status: int, kept: bool) -> None:
    work = Work(Answer(status, b"{}"))
    await guard.once("org_a", ROUTE, "k", b"{}", work)
    again = await guard.once("org_a", ROUTE, "k", b"{}", work)
    assert again == (Answer(status, b"{}", replayed=True) if kept else MADE)


async def test_a_client_that_goes_leaves_its_work_to_be_finished(guard: Idempotency) -> None:
    work = Work()
    work.may_end.clear()
    first = asyncio.create_task(guard.once("org_a", ROUTE, "k", b"{}", work))
    await work.begun.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.may_end.set()
    assert await guard.once("org_a", ROUTE, "k", b"{}", work) == AGAIN
    assert work.done == 1


async def test_leaving_waits_for_what_is_under_way(tmp_path: Path) -> None:
    work = Work()
    settings = Settings(data_dir=tmp_path)
    async with Store(settings) as store:
        async with Idempotency(store, settings) as guard:
            asked = asyncio.create_task(guard.once("org_a", ROUTE, "k", b"{}", work))
            await work.begun.wait()
        assert await asked == MADE


async def test_leaving_gives_up_what_takes_too_long_and_its_key_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.01)
    work = Work()
    work.may_end.clear()
    settings = Settings(data_dir=tmp_path)
    async with Store(settings) as store:
        async with Idempotency(store, settings) as guard:
            asked = asyncio.create_task(guard.once("org_a", ROUTE, "k", b"{}", work))
            await work.begun.wait()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with Idempotency(store, settings) as guard:
            assert await guard.once("org_a", ROUTE, "k", b"{}", Work()) == MADE


async def test_a_key_whose_server_died_is_free_again_after_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard, store = await house.server()
    name, digest = guard._digests("org_a", ROUTE, "k", b"{}")
    assert (await store.idempotency.claim(name, "org_a", digest, "the dead", 15, 60)).mine
    with monkeypatch.context() as patch:
        patch.setattr(module, "LOOK_EVERY", 0.01)
        patch.setattr(store.idempotency, "_clock", lambda: time.time() + module.LEASE)
        assert await guard.once("org_a", ROUTE, "k", b"{}", Work()) == MADE
    # The dead one's answer, should it come after all, changes nothing.
    await store.idempotency.keep(name, "the dead", KeptAnswer(500, b"late"))
    assert await guard.once("org_a", ROUTE, "k", b"{}", Work()) == AGAIN


async def test_while_another_process_works_on_it_one_is_asked_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard, store = await house.server()
    name, digest = guard._digests("org_a", ROUTE, "k", b"{}")
    await store.idempotency.claim(name, "org_a", digest, "another", 15, 60)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)
    stopped = time.time()
    monkeypatch.setattr(store.idempotency, "_clock", lambda: stopped)
    monkeypatch.setattr(module, "LEASE", 0.05)
    monkeypatch.setattr(store.idempotency, "claim", _never_free(store))
    with pytest.raises(Conflict, match="being carried out"):
        await guard.once("org_a", ROUTE, "k", b"{}", Work())


def _never_free(store: Store) -> object:
    claim = store.idempotency.claim

    async def patient(
        key: str, organisation: str, request: str, claimant: str, lease: float, kept: float
    ) -> object:
        return await claim(key, organisation, request, claimant, 3600, kept)

    return patient


async def test_an_answer_is_forgotten_after_a_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    guard, store = await house.server()
    work = Work()
    await guard.once("org_a", ROUTE, "k", b"{}", work)
    monkeypatch.setattr(store.idempotency, "_clock", lambda: time.time() + 24 * 3600)
    assert await guard.once("org_a", ROUTE, "k", b"another", work) == MADE
    assert work.done == 2


async def test_a_sweep_deletes_what_is_older_than_a_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    guard, store = await house.server()
    work = Work()
    for key, age in (("old", 25 * 3600.0), ("new", 23 * 3600.0)):
        with monkeypatch.context() as patch:
            patch.setattr(store.idempotency, "_clock", lambda age=age: time.time() - age)
            await guard.once("org_a", ROUTE, key, b"{}", work)
    await guard._sweep()
    assert await guard.once("org_a", ROUTE, "new", b"{}", work) == AGAIN
    assert await guard.once("org_a", ROUTE, "old", b"{}", work) == MADE


@pytest.mark.parametrize("key", ["", "k" * 256, "a\nb", "\x00"])
async def test_what_is_no_key_is_refused(guard: Idempotency, key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 255"):
        await guard.once("org_a", ROUTE, key, b"{}", Work())


async def test_the_longest_key_is_taken(guard: Idempotency) -> None:
    assert await guard.once("org_a", ROUTE, "k" * 255, b"{}", Work()) == MADE


async def test_neither_the_key_nor_the_request_is_written_down(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    async with Store(settings) as store, Idempotency(store, settings) as guard:
        await guard.once("org_a", ROUTE, "ada@example.org", b'{"worker_token":"eyJhbGciOi"}', Work())
    written = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in tmp_path.iterdir()))
    assert b"[redacted]" in written
    assert [word for word in (b"ada@example.org", b"eyJhbGciOi") if word in written] == []
