"""Options that several benches share."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from visavis.cli.bench.figures import Report

Command = TypeVar("Command", bound=Callable[..., object])

OPTIONS = (
    click.option("--url", help="Measure a server that runs already, e.g. http://127.0.0.1:8000."),
    click.option("--avatar", default="demo-avatar", show_default=True, help="The sessions' avatar."),
    click.option("--model", default="portrait", show_default=True, help="The sessions' face model."),
    click.option(
        "--data-dir", type=click.Path(path_type=Path), help="Of our own server.  [default: a new, empty one]"
    ),
    click.option(
        "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
    ),
)


def shared(command: Command) -> Command:
    """Give a command the options above."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def run(bench: Coroutine[Any, Any, Report], json_file: Path | None) -> None:
    """Carry out a bench on the event loop that a server has, and show what it found."""
    import uvloop

    report = uvloop.run(bench)
    if json_file is not None:
        report.write(json_file)
    click.echo(report.table())
