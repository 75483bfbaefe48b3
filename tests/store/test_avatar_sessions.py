"""Records of sessions in customers' rooms, and of avatars, on real databases."""

from dataclasses import replace

from visavis.store import AvatarRecord, AvatarSession, Store
from visavis.store.avatar_sessions import News, Wanted

SESSION = AvatarSession(
    id="sess_01HXY5K8E7QYG3X8Z6N9R7S0VR",
    organisation="org_a",
    key_id="key_a",
    avatar_id="av_demo",
    status="queued",
    quality="standard",
    transport="{}",
    metadata="{}",
    max_duration=600,
    idle_timeout=30,
    created_at=1000.0,
)

AVATAR = AvatarRecord("av_1", "org_a", "", "Ada", "avtr1", "processing", "", 1000.0)


async def test_a_record_changes_until_it_is_over(store: Store) -> None:
    sessions = store.avatar_sessions
    await sessions.add(SESSION)
    assert await sessions.find("org_a", SESSION.id) == SESSION
    assert await sessions.find("org_b", SESSION.id) is None
    running = replace(SESSION, status="running", started_at=1001.0, first_frame_at=1002.0, frames=25)
    await sessions.change(running)
    assert await sessions.open() == [running]
    ended = replace(running, status="ended", ended_at=1010.0, billable_seconds=8)
    await sessions.change(ended)
    await sessions.change(replace(ended, status="failed"))
    assert await sessions.find("org_a", SESSION.id) == ended
    assert await sessions.open() == []


async def test_a_change_and_its_event_are_committed_together(store: Store) -> None:
    endpoint = await store.webhooks.add("org_a", "https://hooks.example")
    await store.avatar_sessions.add(SESSION, [News("session.queued", 1000.0, b"{}")])
    ended = replace(SESSION, status="ended")
    await store.avatar_sessions.change(ended, [News("session.ended", 1001.0, b"{}")])
    # What changes nothing tells nothing.
    await store.avatar_sessions.change(ended, [News("session.ended", 1002.0, b"{}")])
    told = await store.deliveries.log(9, endpoint.id)
    assert [entry.type for entry in told] == ["session.ended", "session.queued"]


async def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    made = [replace(SESSION, id=f"s{n}", created_at=1000.0 + n // 2) for n in range(5)]
    for session in made:
        await store.avatar_sessions.add(session)
    await store.avatar_sessions.add(replace(SESSION, id="foreign", organisation="org_b"))
    newest = [session.id for session in reversed(made)]
    seen: list[str] = []
    while True:
        page = await store.avatar_sessions.page("org_a", Wanted(), 2, seen[-1] if seen else "")
        assert page is not None
        if not page:
            break
        seen += [session.id for session in page]
    assert seen == newest
    assert await store.avatar_sessions.page("org_a", Wanted(), 2, "foreign") is None


async def test_pages_hold_what_is_wanted(store: Store) -> None:
    sessions = store.avatar_sessions
    await sessions.add(SESSION)
    await sessions.add(replace(SESSION, id="b", status="ended", avatar_id="av_x", created_at=2000.0))

    async def found(wanted: Wanted) -> list[str]:
        page = await sessions.page("org_a", wanted, 9)
        return [session.id for session in page or ()]

    assert await found(Wanted(statuses={"ended", "failed"})) == ["b"]
    assert await found(Wanted(avatar_id="av_demo")) == [SESSION.id]
    assert await found(Wanted(created_after=1000.0)) == ["b"]
    assert await found(Wanted(created_before=2000.0)) == [SESSION.id]


async def test_stock_avatars_get_numbers_that_stay(store: Store) -> None:
    first = await store.avatars.stock([("demo-avatar", "Vera"), ("c", "C")])
    assert [each.id for each in first] == ["av_stock_001", "av_stock_002"]
    later = await store.avatars.stock([("b", "B"), ("c", "C"), ("demo-avatar", "Vera")])
    assert [each.id for each in later] == ["av_stock_003", "av_stock_002", "av_stock_001"]
    assert await store.avatars.numbered("", "demo-avatar") == first[0]
    assert await store.avatars.numbered("av_stock_003") == later[0]
    assert await store.avatars.numbered("av_stock_004") is None


async def test_an_organisations_avatars(store: Store) -> None:
    assert await store.avatars.add(AVATAR, most=1)
    assert not await store.avatars.add(replace(AVATAR, id="av_2"), most=1)
    assert await store.avatars.unfinished() == [AVATAR]
    ready = replace(AVATAR, status="ready", slug="custom-ada")
    assert await store.avatars.settle(ready, 1001.0, b"{}")
    assert await store.avatars.made("org_a") == [ready]
    assert await store.avatars.find("org_b", "av_1") is None
    await store.avatars.delete("av_1")
    assert not await store.avatars.settle(ready, 1002.0, b"{}")
    assert await store.avatars.count("org_a") == 0
