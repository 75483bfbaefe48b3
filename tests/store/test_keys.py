import asyncio
import stat
import time
from pathlib import Path

import pytest

from visavis.errors import InvalidInput, NotFound
from visavis.settings import Settings
from visavis.store import Store
from visavis.store import keys as keys_module
from visavis.store.pepper import Pepper


async def test_given_a_key_when_it_is_asked_for_then_its_record_is_found(store: Store) -> None:
    key, record = await store.keys.create("acme", "build server", "sessions:read avatars:*", 7, 3)
    assert key.startswith("sk_live_")
    assert len(key) == len("sk_live_") + 43
    assert await store.keys.find(key) == record
    assert (record.name, record.scopes, record.rate, record.concurrency) == (
        "build server",
        "sessions:read avatars:*",
        7,
        3,
    )
    assert record.shown == f"sk_live_…{key[-4:]}"


async def test_every_key_is_another_one(store: Store) -> None:
    assert len({(await store.keys.create("acme"))[0] for _ in range(20)}) == 20


async def test_an_organisation_is_made_once_by_whoever_names_it_first(store: Store, settings: Settings) -> None:
    async with Store(settings) as other:
        found = await asyncio.gather(
            *(each.keys.organisation("acme") for each in (store, other) for _ in range(5))
        )
    assert len({each.id for each in found}) == 1
    assert [each.name for each in await store.keys.organisations()] == ["acme"]


@pytest.mark.parametrize(
    "wrong", ["", "sk_live_", "sk_live_" + "a" * 43, "sk_live_" + "a" * 42, "Bearer x", "sk_live_" + "é" * 43]
)
async def test_what_is_no_key_opens_nothing(store: Store, wrong: str) -> None:
    await store.keys.create("acme")
    assert await store.keys.find(wrong) is None


async def test_a_key_that_differs_in_one_letter_opens_nothing(store: Store) -> None:
    key, _ = await store.keys.create("acme")
    assert await store.keys.find(key[:-1] + ("a" if key[-1] != "a" else "b")) is None


async def test_a_revoked_key_opens_nothing_at_once(store: Store) -> None:
    key, record = await store.keys.create("acme")
    assert await store.keys.find(key) is not None
    revoked = await store.keys.revoke(record.id)
    assert await store.keys.find(key) is None
    assert (await store.keys.revoke(record.id)).revoked_at == revoked.revoked_at
    with pytest.raises(NotFound, match="visavis key list"):
        await store.keys.revoke("key_nobody")


async def test_a_key_revoked_by_another_process_opens_nothing_when_it_is_next_looked_up(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, record = await store.keys.create("acme")
    assert await store.keys.find(key) is not None
    async with Store(settings) as other:
        await other.keys.revoke(record.id)
    monkeypatch.setattr(keys_module, "CACHE_SECONDS", 0.0)
    assert await store.keys.find(key) is None


async def test_a_key_that_was_just_seen_is_not_looked_up_again(store: Store, settings: Settings) -> None:
    key, record = await store.keys.create("acme")
    await store.keys.find(key)
    async with Store(settings) as other:
        await other.keys.revoke(record.id)
    at, _ = store.keys._seen[record.digest]
    store.keys._seen[record.digest] = (at + 3600, record)
    assert await store.keys.find(key) is not None


async def test_only_so_many_keys_are_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "CACHED", 2)
    for _ in range(5):
        await store.keys.find((await store.keys.create("acme"))[0])
    assert len(store.keys._seen) == 2


async def test_an_expired_key_opens_nothing(store: Store) -> None:
    early, _ = await store.keys.create("acme", expires_at=time.time() - 1)
    late, _ = await store.keys.create("acme", expires_at=time.time() + 3600)
    assert await store.keys.find(early) is None
    assert await store.keys.find(late) is not None


async def test_keys_are_listed_with_whose_they_are(store: Store) -> None:
    for name in ("acme", "bits", "acme"):
        await store.keys.create(name)
    assert [organisation.name for organisation, _ in await store.keys.all()] == ["acme", "bits", "acme"]
    assert [organisation.name for organisation, _ in await store.keys.all("bits")] == ["bits"]


@pytest.mark.parametrize("scopes", ["", " ", "sessions", "sessions:read *:*", "Sessions:read", "a:b:c"])
async def test_what_is_no_scope_is_refused(store: Store, scopes: str) -> None:
    with pytest.raises(InvalidInput, match="sessions:read"):
        await store.keys.create("acme", scopes=scopes)
    assert await store.keys.all() == []


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def modes(directory: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()]


async def test_nothing_that_is_written_holds_the_key(tmp_path: Path) -> None:
    async with Store(Settings(data_dir=tmp_path)) as store:
        key, _ = await store.keys.create("acme")
        await store.keys.find(key)
    files = await asyncio.to_thread(contents, tmp_path)
    assert "visavis.sqlite3" in files
    assert [name for name, content in files.items() if key[8:].encode() in content] == []


async def test_only_its_owner_reads_the_database(tmp_path: Path) -> None:
    async with Store(Settings(data_dir=tmp_path)) as store:
        await store.ready()
        assert set(await asyncio.to_thread(modes, tmp_path)) == {0o600}


def test_the_pepper_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    digest = Pepper(settings).digest(b"one", b"two")
    assert Pepper(settings).digest(b"one", b"two") == digest
    assert Pepper(settings).digest(b"onet", b"wo") != digest
    assert Pepper(Settings(data_dir=tmp_path / "other")).digest(b"one", b"two") != digest
    kept = list((tmp_path / "new").iterdir())
    assert [path.name for path in kept] == ["pepper"]
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
