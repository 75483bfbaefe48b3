"""The store, for commands that look into it beside a running server."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from visavis.cli.configuration import settings as read_settings
from visavis.errors import NotFound, VisavisError
from visavis.settings import Settings
from visavis.store import Organisation, Store

T = TypeVar("T")

DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]"
)


def stored(data_dir: Path | None, work: Callable[[Store, Settings], Awaitable[T]]) -> T:
    """What `work` comes to with the store; an expected error ends the command with its message."""
    settings = read_settings(data_dir=data_dir)

    async def run() -> T:
        async with Store(settings) as store:
            return await work(store, settings)

    try:
        return asyncio.run(run())
    except VisavisError as error:
        raise click.ClickException(error.message) from None


async def organisation(store: Store, name: str) -> Organisation:
    """The organisation of that name. Raises `NotFound`."""
    for found in await store.keys.organisations():
        if found.name == name:
            return found
    raise NotFound(f"there is no organisation {name!r} yet; `visavis key create --org` makes one")


def shown(at: float | None) -> str:
    """A time (Unix, seconds) for people; `-` for none."""
    return "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
