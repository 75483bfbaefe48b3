"""`visavis webhook`: who is told of what happens, and whether they were."""

import asyncio
import re
import time
from collections.abc import Sequence
from pathlib import Path

import click

from visavis.cli.key import DEFAULT_ORGANISATION
from visavis.cli.stored import DATA_DIR, organisation, shown, stored
from visavis.settings import Settings
from visavis.store import Organisation, Store
from visavis.store.deliveries import Attempt, LogEntry
from visavis.store.webhooks import Endpoint
from visavis.webhooks import Courier, check

TYPE = re.compile(r"[a-z_]+\.[a-z_]+")

PATIENCE = 20.0
"""Seconds that `test` waits for an attempt; a receiver has 10 s."""

LOOK_EVERY = 0.2
"""Seconds between two looks whether the server has made one."""


@click.group()
def webhook() -> None:
    """URLs that are told, signed, what happens to an organisation's sessions and avatars."""


@webhook.command()
@click.argument("url")
@click.option("--org", default=DEFAULT_ORGANISATION, show_default=True, help="Whose events.")
@click.option("--events", default="", help="Only these types: session.ended,session.failed")
@DATA_DIR
def add(url: str, org: str, events: str, data_dir: Path | None) -> None:
    """Tell URL. The secret that events are signed with is shown now and never again."""
    wanted = events.replace(",", " ").split()
    if wrong := [kind for kind in wanted if not TYPE.fullmatch(kind)]:
        raise click.UsageError(f"{wrong[0]!r} is no type of event; they are like session.ended")

    async def work(store: Store, settings: Settings) -> Endpoint:
        check(url, settings)
        return await store.webhooks.add((await organisation(store, org)).id, url, wanted)

    endpoint = stored(data_dir, work)
    click.echo(endpoint.secret)
    click.echo(f"{endpoint.id}: the receiver checks signatures with this secret; it is not shown again.", err=True)


@webhook.command("list")
@DATA_DIR
def list_webhooks(data_dir: Path | None) -> None:
    """Show who is told."""

    async def work(store: Store, settings: Settings) -> tuple[list[Endpoint], list[Organisation]]:
        return await store.webhooks.endpoints(), await store.keys.organisations()

    endpoints, organisations = stored(data_dir, work)
    names = {each.id: each.name for each in organisations}
    for endpoint in endpoints:
        whose = names.get(endpoint.organisation, endpoint.organisation)
        click.echo(f"{endpoint.id}  {whose}  {endpoint.url}  {endpoint.events or 'all events'}")
    if not endpoints:
        click.echo("No webhooks yet: `visavis webhook add` makes one.", err=True)


@webhook.command()
@click.argument("endpoint_id", metavar="ID")
@DATA_DIR
def remove(endpoint_id: str, data_dir: Path | None) -> None:
    """Tell the webhook ID nothing any more, also not what it was to be told."""

    async def work(store: Store, settings: Settings) -> None:
        await store.webhooks.remove(endpoint_id)

    stored(data_dir, work)


@webhook.command()
@click.argument("endpoint_id", metavar="ID")
@DATA_DIR
def rotate(endpoint_id: str, data_dir: Path | None) -> None:
    """Give the webhook ID a new secret. For a day events are signed with the former one, too."""

    async def work(store: Store, settings: Settings) -> Endpoint:
        return await store.webhooks.rotate(endpoint_id)

    click.echo(stored(data_dir, work).secret)


@webhook.command()
@click.argument("endpoint_id", metavar="ID")
@DATA_DIR
def test(endpoint_id: str, data_dir: Path | None) -> None:
    """Send an event `webhook.test` to the webhook ID, and say what came of it."""

    async def work(store: Store, settings: Settings) -> Attempt | None:
        event = await store.webhooks.tell(endpoint_id, "webhook.test", b'{"object":"test"}')
        return await _delivered(store, settings, event)

    attempt = stored(data_dir, work)
    if attempt is None:
        raise click.ClickException("nothing was sent yet; `visavis webhook log` will tell")
    click.echo(_told(attempt))
    if attempt.status is None or not 200 <= attempt.status < 300:
        raise click.ClickException("the receiver did not take it; it is tried again later, by the server")


@webhook.command()
@click.argument("event_id", metavar="EVENT")
@DATA_DIR
def replay(event_id: str, data_dir: Path | None) -> None:
    """Have EVENT, as `log` shows it, delivered again by the server, with the same id."""

    async def work(store: Store, settings: Settings) -> int:
        return await store.deliveries.replay(event_id, time.time())

    click.echo(f"It is sent again to {stored(data_dir, work)} webhooks.", err=True)


@webhook.command("log")
@click.argument("endpoint_id", metavar="[ID]", default="")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@DATA_DIR
def show_log(endpoint_id: str, limit: int, data_dir: Path | None) -> None:
    """Show the latest deliveries, or those to the webhook ID, each with its attempts."""

    async def work(store: Store, settings: Settings) -> Sequence[LogEntry]:
        return await store.deliveries.log(limit, endpoint_id)

    entries = stored(data_dir, work)
    for entry in entries:
        again = f", again {shown(entry.due_at)}" if entry.due_at is not None else ""
        click.echo(
            f"{shown(entry.created_at)}  {entry.event}  {entry.type}  {entry.endpoint}  {entry.state}{again}"
        )
        for attempt in entry.attempts:
            click.echo(f"    {_told(attempt)}")
    if not entries:
        click.echo("There was nothing to tell yet.", err=True)


async def _delivered(store: Store, settings: Settings, event: str) -> Attempt | None:
    """How the first attempt went, made here or by the server, whoever is first."""
    courier = Courier(store, settings)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await courier.round()
                for entry in await store.deliveries.log(1000):
                    if entry.event == event and entry.attempts:
                        return entry.attempts[0]
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        return None
    finally:
        await courier.__aexit__()


def _told(attempt: Attempt) -> str:
    outcome = f"status {attempt.status}" if attempt.status is not None else attempt.error
    return f"{shown(attempt.at)}  {outcome}  {attempt.duration_ms:.0f} ms"
