import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.webhooks.receiver import Receiver, receiving, status
from visavis.settings import Settings
from visavis.store import Store
from visavis.store.deliveries import LogEntry
from visavis.store.webhooks import Endpoint, enqueue
from visavis.telemetry import masked
from visavis.webhooks import Courier, courier

SCHEDULE = (5.0, 30.0)


class Clock:
    """Unix time, as the test wants it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, webhook_hosts="127.0.0.1")


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with Store(settings) as store:
        yield store


@pytest.fixture
async def rounds(store: Store, settings: Settings, clock: Clock) -> AsyncIterator[Courier]:
    """A courier that goes when it is told."""
    made = Courier(store, settings, SCHEDULE, clock)
    yield made
    await made.__aexit__()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def happened(store: Store, at: float, subject: bytes = b'{"id":"sess_1"}') -> str:
    return await store._database.run(lambda c: enqueue(c, "org_a", "session.ended", subject, at))


async def entry(store: Store) -> LogEntry:
    (found,) = await store.deliveries.log(10)
    return found


async def listed(store: Store, receiver: Receiver) -> Endpoint:
    return await store.webhooks.add("org_a", receiver.url)


async def test_given_a_receiver_that_fails_twice_then_each_attempt_is_made_once_and_verified(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [status(500), status(503)]
    endpoint = await listed(store, receiver)
    event = await happened(store, clock.now)
    for pause in (0.0, 5.6, 33.1):
        clock.now += pause
        assert await rounds.round() == 1
        # Neither at once nor a little later is there another attempt.
        clock.now += 4.4 if pause == 0 else 0
        assert await rounds.round() == 0
    clock.now += 1e6
    assert await rounds.round() == 0
    assert len(receiver.came) == 3
    for headers, body in receiver.came:
        assert Webhook(endpoint.secret).verify(body.decode(), headers)["id"] == event
        assert headers["webhook-id"] == event
    found = await entry(store)
    assert [attempt.status for attempt in found.attempts] == [500, 503, 200]
    assert found.state == "delivered"


async def test_the_body_is_json_as_the_store_has_it(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock
) -> None:
    await listed(store, receiver)
    await happened(store, clock.now, '{"name":"Zoë"}'.encode())
    await rounds.round()
    headers, body = receiver.came[0]
    assert json.loads(body)["data"] == {"object": {"name": "Zoë"}}
    assert headers["content-type"] == "application/json"
    assert "transfer-encoding" not in headers


async def test_a_changed_body_is_not_verified(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock
) -> None:
    endpoint = await listed(store, receiver)
    await happened(store, clock.now)
    await rounds.round()
    headers, body = receiver.came[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(body.decode().replace("sess_1", "sess_2"), headers)


async def test_while_a_secret_is_rotated_both_verify(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock
) -> None:
    former = await listed(store, receiver)
    present = await store.webhooks.rotate(former.id)
    await happened(store, clock.now)
    await rounds.round()
    headers, body = receiver.came[0]
    for endpoint in (former, present):
        Webhook(endpoint.secret).verify(body.decode(), headers)


async def test_after_the_last_attempt_an_event_is_given_up(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [status(500)] * 3
    await listed(store, receiver)
    event = await happened(store, clock.now)
    for pause in (0.0, 6.0, 34.0, 1e6):
        clock.now += pause
        await rounds.round()
    found = await entry(store)
    assert (found.state, found.due_at, len(found.attempts)) == ("failed", None, 3)
    await store.deliveries.replay(event, clock.now)
    assert await rounds.round() == 1
    assert (await entry(store)).state == "delivered"


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        (status(204), "delivered", ""),
        (status(410), "failed", ""),
        (status(404), "pending", ""),
        (status(302, "Location: /elsewhere"), "pending", ""),
        (b"", "pending", "broken"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "pending", "broken"),
    ],
)
async def test_what_an_answer_means(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock, answer: bytes, state: str, error: str
) -> None:
    receiver.answers = [answer]
    await listed(store, receiver)
    await happened(store, clock.now)
    await rounds.round()
    found = await entry(store)
    assert (found.state, found.attempts[0].error) == (state, error)
    # No redirect is followed.
    assert len(receiver.came) == 1


async def test_a_receiver_that_says_nothing_is_not_waited_for(
    store: Store, rounds: Courier, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "TIMEOUT", 0.05)
    receiver.release = asyncio.Event()
    await listed(store, receiver)
    await happened(store, clock.now)
    await rounds.round()
    receiver.release.set()
    assert (await entry(store)).attempts[0].error == "timeout"


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/", "https://127.0.0.2/", "https://169.254.169.254/", "http://crm/"]
)
async def test_nothing_is_sent_to_private_addresses_that_are_not_listed(
    store: Store, rounds: Courier, clock: Clock, url: str
) -> None:
    await store.webhooks.add("org_a", url)
    await happened(store, clock.now)
    await rounds.round()
    assert (await entry(store)).attempts[0].error == "refused"


async def test_a_name_that_leads_to_a_private_address_is_refused(
    store: Store, settings: Settings, clock: Clock
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.7"]

    await store.webhooks.add("org_a", "https://crm.example/hook")
    await happened(store, clock.now)
    made = Courier(store, settings, SCHEDULE, clock, resolve)
    await made.round()
    await made.__aexit__()
    assert (await entry(store)).attempts[0].error == "refused"


async def test_given_a_server_that_runs_when_something_happens_then_it_is_told(
    store: Store, settings: Settings, receiver: Receiver
) -> None:
    await listed(store, receiver)
    async with Courier(store, settings):
        event = await happened(store, time.time())
        async with asyncio.timeout(20):
            await receiver.arrived.wait()
    assert receiver.came[0][0]["webhook-id"] == event


async def test_a_slow_receiver_holds_up_only_its_own(store: Store, settings: Settings, receiver: Receiver) -> None:
    receiver.release = asyncio.Event()
    await listed(store, receiver)
    async with receiving() as other:
        await store.webhooks.add("org_a", other.url)
        events = [await happened(store, time.time()) for _ in range(3)]
        async with Courier(store, settings), asyncio.timeout(20):
            await receiver.arrived.wait()
            while len(other.came) < 3:
                other.arrived.clear()
                await other.arrived.wait()
            assert len(receiver.came) == 1
            receiver.release.set()
        assert [headers["webhook-id"] for headers, _ in other.came] == events


async def test_events_for_longer_than_they_are_kept_are_swept(
    store: Store, settings: Settings, receiver: Receiver
) -> None:
    await listed(store, receiver)
    await happened(store, time.time() - 8 * 24 * 3600)
    event = await happened(store, time.time())
    made = Courier(store, settings)
    await made._sweep()
    assert [found.event for found in await store.deliveries.log(10)] == [event]


CRASH = """
import asyncio, sys, time
from visavis.settings import Settings
from visavis.store import Store
from visavis.store.webhooks import enqueue
from visavis.webhooks import Courier

async def main():
    settings = Settings(data_dir=sys.argv[1], webhook_hosts="127.0.0.1")
    async with Store(settings) as store:
        await store._database.run(lambda c: enqueue(c, "org_a", "session.ended", b"{}", time.time()))
        print("committed", flush=True)
        if sys.argv[2] == "deliver":
            async with Courier(store, settings):
                await asyncio.Event().wait()
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("where", ["before", "deliver"])
async def test_a_crash_between_the_commit_and_the_delivery_loses_nothing(
    store: Store, settings: Settings, rounds: Courier, receiver: Receiver, clock: Clock, tmp_path: Path, where: str
) -> None:
    endpoint = await listed(store, receiver)
    receiver.release = asyncio.Event()
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASH, str(tmp_path), where, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    async with asyncio.timeout(60):
        assert await server.stdout.readline() == b"committed\n"
        if where == "deliver":
            await receiver.arrived.wait()
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    receiver.release.set()
    clock.now = time.time() + (courier.LEASE + 1 if where == "deliver" else 0)
    assert await rounds.round() == 1
    assert len(receiver.came) == (2 if where == "deliver" else 1)
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    headers, body = receiver.came[-1]
    Webhook(endpoint.secret).verify(body.decode(), headers)
    assert (await entry(store)).state == "delivered"


async def test_no_log_line_has_the_secret_or_what_was_told(
    store: Store,
    rounds: Courier,
    receiver: Receiver,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.answers = [status(410, body="the receiver's own words")]
    endpoint = await listed(store, receiver)
    await happened(store, clock.now, b'{"name":"Ada Lovelace"}')
    with caplog.at_level(logging.DEBUG, logger="visavis"):
        await rounds.round()
    assert "is given up" in caplog.text
    assert [word for word in (endpoint.secret, "Lovelace", "own words", receiver.url) if word in caplog.text] == []


def test_a_secret_in_a_log_line_is_masked() -> None:
    assert masked("signed with whsec_C2FVsBQIhrscChlQIMV4rg==") == "signed with whsec_…"
