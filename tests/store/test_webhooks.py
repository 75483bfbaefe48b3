import json
import time

import pytest
from sqlalchemy import Connection

from visavis.errors import NotFound
from visavis.settings import Settings
from visavis.store import Store
from visavis.store.deliveries import Attempt, Delivery
from visavis.store.webhooks import Endpoint, enqueue

NOW = 1_800_000_000.5
TAKEN = Attempt(NOW, 12.5, 200, "")
REFUSED = Attempt(NOW, 3.5, None, "unreachable")


async def happened(store: Store, organisation: str = "org_a", kind: str = "session.ended") -> str:
    return await store._database.run(
        lambda connection: enqueue(connection, organisation, kind, b'{"id":"sess_1"}', NOW)
    )


async def claimed(store: Store, at: float = NOW, limit: int = 10) -> list[Delivery]:
    return await store.deliveries.claim(at, 60, limit)


async def endpoint(store: Store, organisation: str = "org_a", *events: str) -> Endpoint:
    return await store.webhooks.add(organisation, "https://crm.example/hook", events)


async def test_an_event_is_delivered_to_each_who_wants_it_and_to_nobody_else(store: Store) -> None:
    every, ended = await endpoint(store), await endpoint(store, "org_a", "session.ended", "session.failed")
    await endpoint(store, "org_a", "avatar.ready")
    await endpoint(store, "org_b")
    event = await happened(store)
    deliveries = await claimed(store)
    assert {delivery.endpoint for delivery in deliveries} == {every, ended}
    assert {(delivery.event, delivery.attempts) for delivery in deliveries} == {(event, 0)}
    assert json.loads(deliveries[0].body) == {
        "id": event,
        "object": "event",
        "type": "session.ended",
        "created_at": "2027-01-15T08:00:00.500Z",
        "data": {"object": {"id": "sess_1"}},
    }


async def test_an_event_that_nobody_wants_is_not_kept(store: Store) -> None:
    await endpoint(store, "org_a", "avatar.ready")
    assert await happened(store) == ""
    assert await store.deliveries.log(10) == []


async def test_a_change_that_fails_is_not_told(store: Store) -> None:
    await endpoint(store)

    def job(connection: Connection) -> None:
        assert enqueue(connection, "org_a", "session.ended", b"{}", NOW)
        raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError, match="the change failed"):
        await store._database.run(job)
    assert await claimed(store) == []


async def test_a_claimed_delivery_is_nobody_elses_until_its_lease_is_over(
    store: Store, settings: Settings
) -> None:
    await endpoint(store)
    event = await happened(store)
    async with Store(settings) as other:
        assert [delivery.event for delivery in await claimed(store)] == [event]
        assert await claimed(other, NOW + 59) == []
        assert [delivery.event for delivery in await claimed(other, NOW + 60)] == [event]


async def test_an_endpoint_gets_one_at_a_time_in_the_order_in_which_they_happened(store: Store) -> None:
    first, second = await endpoint(store), await endpoint(store)
    events = [await happened(store) for _ in range(3)]
    for event in events:
        deliveries = await claimed(store)
        assert {(each.event, each.endpoint.id) for each in deliveries} == {(event, first.id), (event, second.id)}
        for each in deliveries:
            await store.deliveries.settle(each, TAKEN, "delivered", None)
    assert await claimed(store) == []


async def test_no_more_are_claimed_than_asked_for_and_none_for_the_busy(store: Store) -> None:
    endpoints = [await endpoint(store) for _ in range(3)]
    await happened(store)
    (delivery,) = await claimed(store, limit=1)
    assert delivery.endpoint == endpoints[0]
    rest = await store.deliveries.claim(NOW, 60, 10, [endpoints[1].id])
    assert [each.endpoint for each in rest] == [endpoints[2]]


async def test_each_attempt_is_in_the_log(store: Store) -> None:
    made = await endpoint(store)
    event = await happened(store)
    (delivery,) = await claimed(store)
    await store.deliveries.settle(delivery, REFUSED, "pending", NOW + 5)
    assert await claimed(store, NOW + 4) == []
    (delivery,) = await claimed(store, NOW + 5)
    assert delivery.attempts == 1
    await store.deliveries.settle(delivery, TAKEN, "delivered", None)
    (entry,) = await store.deliveries.log(10)
    assert (entry.event, entry.type, entry.endpoint, entry.state) == (event, "session.ended", made.id, "delivered")
    assert entry.attempts == [REFUSED, TAKEN]
    assert entry.due_at is None
    assert await store.deliveries.log(10, "wh_other") == []


async def test_an_event_can_be_replayed_with_the_same_id(store: Store) -> None:
    await endpoint(store)
    event = await happened(store)
    (delivery,) = await claimed(store)
    await store.deliveries.settle(delivery, TAKEN, "delivered", None)
    assert await store.deliveries.replay(event, NOW + 100) == 1
    (again,) = await claimed(store, NOW + 100)
    assert (again.event, again.body, again.attempts) == (event, delivery.body, 0)
    with pytest.raises(NotFound, match="no such event"):
        await store.deliveries.replay("evt_nobody", NOW)


async def test_a_removed_endpoint_is_told_nothing_more(store: Store) -> None:
    made, other = await endpoint(store), await endpoint(store)
    await happened(store)
    (delivery, _) = await claimed(store)
    await store.webhooks.remove(made.id)
    # The attempt that was under way then comes to nothing.
    await store.deliveries.settle(delivery, REFUSED, "pending", NOW)
    assert await store.webhooks.endpoints() == [other]
    assert [each.endpoint for each in await claimed(store, NOW + 60)] == [other]
    assert [entry.endpoint for entry in await store.deliveries.log(10)] == [other.id]
    with pytest.raises(NotFound, match="visavis webhook list"):
        await store.webhooks.remove(made.id)


async def test_a_former_secret_is_used_for_another_day(store: Store) -> None:
    made = await endpoint(store)
    assert made.secrets(time.time()) == [made.secret]
    rotated = await store.webhooks.rotate(made.id)
    assert rotated.secret != made.secret
    assert rotated.secrets(time.time()) == [rotated.secret, made.secret]
    assert rotated.secrets(time.time() + 25 * 3600) == [rotated.secret]
    with pytest.raises(NotFound):
        await store.webhooks.rotate("wh_nobody")


async def test_old_events_are_forgotten_with_all_that_belongs_to_them(store: Store) -> None:
    await endpoint(store)
    await happened(store)
    (delivery,) = await claimed(store)
    await store.deliveries.settle(delivery, REFUSED, "pending", NOW)
    await store.deliveries.sweep(NOW)
    assert len(await store.deliveries.log(10)) == 1
    await store.deliveries.sweep(NOW + 1)
    assert await store.deliveries.log(10) == []
    assert await claimed(store, NOW + 100) == []


async def test_a_test_event_goes_to_one_endpoint_whatever_it_wants(store: Store) -> None:
    made = await endpoint(store, "org_a", "session.ended")
    await endpoint(store)
    event = await store.webhooks.tell(made.id, "webhook.test", b"{}")
    assert [(each.event, each.endpoint) for each in await claimed(store, time.time() + 1)] == [(event, made)]


def test_an_endpoint_does_not_show_its_secret() -> None:
    shown = Endpoint("wh_1", "org_a", "https://crm.example", "", "whsec_1234", "whsec_5678", 0.0, NOW)
    assert "whsec" not in repr(shown)
