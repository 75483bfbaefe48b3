"""`visavis key`: who may use the APIs."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from visavis.cli.stored import DATA_DIR, shown, stored
from visavis.settings import Settings
from visavis.store import KeyRecord, Organisation, Store

DEFAULT_ORGANISATION = "default"

UNITS = {"m": 60.0, "h": 3600.0, "d": 24 * 3600.0}


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A time to come, as Unix time in seconds: `90d`, `12h`, `30m`, or a date and time of ISO 8601."""
    if value is None:
        return None
    try:
        if value[:-1].isascii() and value[:-1].isdecimal() and value[-1] in UNITS:
            at = time.time() + int(value[:-1]) * UNITS[value[-1]]
        else:
            read = datetime.fromisoformat(value)
            at = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, IndexError, OSError):
        raise click.BadParameter(f"{value!r} is no time: write 90d, 12h, 30m or 2027-01-31T12:00Z") from None
    if at <= time.time():
        raise click.BadParameter(f"{value!r} is over")
    return at


@click.group()
def key() -> None:
    """Keys for the APIs, and the organisations they belong to."""


@key.command()
@click.option("--org", default=DEFAULT_ORGANISATION, show_default=True, help="Whose it is; made if new.")
@click.option("--name", default="", help="What it is for, for you.")
@click.option("--scopes", default="*", show_default=True, help="What it may do: sessions:read,avatars:*")
@click.option("--rate", default=0, type=click.IntRange(0, 100_000), help="Creates a minute; 0 for the setting's.")
@click.option(
    "--concurrency", default=0, type=click.IntRange(0, 100_000), help="Sessions at once; 0 for the setting's."
)
@click.option("--expires", callback=moment, help="After 90d, 12h, 30m, or at 2027-01-31T12:00Z.  [default: never]")
@DATA_DIR
def create(
    org: str, name: str, scopes: str, rate: int, concurrency: int, expires: float | None, data_dir: Path | None
) -> None:
    """Make a key. It is shown now and never again: what is kept can't be turned back into it."""
    org = org.strip()
    if not 1 <= len(org) <= 128 or not org.isprintable() or len(name) > 128 or not name.isprintable():
        raise click.UsageError("an organisation's and a key's name are at most 128 printable characters")

    async def work(store: Store, settings: Settings) -> tuple[str, KeyRecord]:
        return await store.keys.create(org, name, scopes.replace(",", " "), rate, concurrency, expires)

    made, record = stored(data_dir, work)
    click.echo(made)
    click.echo(f"{record.id} of {org} ({record.organisation}). Keep it: it is not shown again.", err=True)


@key.command("list")
@click.option("--org", default="", help="Only of this organisation.")
@DATA_DIR
def list_keys(org: str, data_dir: Path | None) -> None:
    """Show the keys, without what is secret about them."""

    async def work(store: Store, settings: Settings) -> list[tuple[Organisation, KeyRecord]]:
        return await store.keys.all(org)

    found = stored(data_dir, work)
    for organisation, record in found:
        limits = f"{record.rate or 'usual'} a minute, {record.concurrency or 'usual'} at once"
        parts = (record.id, organisation.name, record.shown, _state(record), record.scopes, limits, record.name)
        click.echo("  ".join(part for part in parts if part))
    if not found:
        click.echo("No keys yet: `visavis key create` makes one.", err=True)


@key.command()
@click.argument("key_id", metavar="ID")
@DATA_DIR
def revoke(key_id: str, data_dir: Path | None) -> None:
    """Make the key ID, as `list` shows it, good for nothing: a running server notices within a second."""

    async def work(store: Store, settings: Settings) -> KeyRecord:
        return await store.keys.revoke(key_id)

    record = stored(data_dir, work)
    click.echo(f"{record.id} is revoked.", err=True)


def _state(record: KeyRecord) -> str:
    if record.revoked_at is not None:
        return f"revoked {shown(record.revoked_at)}"
    if record.expires_at is None:
        return "good"
    return f"{'good until' if record.good(time.time()) else 'expired'} {shown(record.expires_at)}"
