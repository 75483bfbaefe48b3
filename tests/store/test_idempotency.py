import asyncio

from visavis.settings import Settings
from visavis.store import Store
from visavis.store.idempotency import Claim, KeptAnswer

MADE = KeptAnswer(201, b'{"id":"sess_1"}')
MINE = Claim(mine=True, same=True, answer=None)


async def claim(store: Store, claimant: str, request: str = "r", lease: float = 15.0, kept: float = 60.0) -> Claim:
    return await store.idempotency.claim("k" * 64, "org_a", request, claimant, lease, kept)


async def test_one_of_many_at_once_has_the_key(store: Store, settings: Settings) -> None:
    async with Store(settings) as other:
        claims = await asyncio.gather(
            *(claim(each, str(n)) for n, each in enumerate((store, other) * 10)),
        )
    assert sorted(each.mine for each in claims) == [False] * 19 + [True]


async def test_the_answer_is_there_for_the_same_request_only(store: Store) -> None:
    assert await claim(store, "one") == MINE
    assert await claim(store, "two") == Claim(mine=False, same=True, answer=None)
    await store.idempotency.keep("k" * 64, "two", KeptAnswer(500, b"of somebody who never had the key"))
    await store.idempotency.keep("k" * 64, "one", MADE)
    assert await claim(store, "two") == Claim(mine=False, same=True, answer=MADE)
    assert (await claim(store, "two", "another")).same is False


async def test_a_key_that_is_given_back_is_free(store: Store) -> None:
    await claim(store, "one")
    await store.idempotency.release("k" * 64, "two")
    assert not (await claim(store, "two")).mine
    await store.idempotency.release("k" * 64, "one")
    assert await claim(store, "two", "another") == MINE


async def test_a_kept_answer_is_not_given_back(store: Store) -> None:
    await claim(store, "one")
    await store.idempotency.keep("k" * 64, "one", MADE)
    await store.idempotency.release("k" * 64, "one")
    assert (await claim(store, "two")).answer == MADE


async def test_after_its_time_a_key_is_free(store: Store) -> None:
    await claim(store, "one")
    assert await claim(store, "two", "another", lease=0.0) == MINE
    await store.idempotency.keep("k" * 64, "one", MADE)
    assert (await claim(store, "three", "another")).answer is None
    await store.idempotency.keep("k" * 64, "two", MADE)
    assert await claim(store, "three", "r", kept=0.0) == MINE


async def test_a_sweep_leaves_what_is_younger(store: Store) -> None:
    await claim(store, "one")
    await store.idempotency.sweep(0.0)
    assert not (await claim(store, "two")).mine
    await store.idempotency.sweep(1e12)
    assert (await claim(store, "two")).mine
