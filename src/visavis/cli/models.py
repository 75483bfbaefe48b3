"""`visavis models`: models that are too large to come with Visavis."""

import asyncio
from pathlib import Path

import click

from visavis import registry
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.models.catalogue import MODELS, Model, find
from visavis.models.installation import install
from visavis.models.shelf import Shelf
from visavis.settings import Settings

_DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where models are kept.  [default: ./data]"
)

KINDS = {"asr": "recogniser", "tts": "voice"}


@click.group()
def models() -> None:
    """Models for recognisers and voices: what there is, and getting it."""


@models.command("list")
@_DATA_DIR
def list_models(data_dir: Path | None) -> None:
    """Show the models that can be got; those with a * are installed."""
    shelf = Shelf(read_settings(data_dir=data_dir))
    rows = [("  name", "for", "languages", "MB", "licence", "what"), *(_row(model, shelf) for model in MODELS)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(model: Model, shelf: Shelf) -> tuple[str, ...]:
    return (
        f"{'*' if shelf.has(model) else ' '} {model.name}",
        model.provider,
        "many" if "*" in model.languages else " ".join(model.languages),
        f"{model.size / 1e6:.0f}",
        model.licence if len(model.licence) < 16 else "see get",
        model.about,
    )


@models.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Accept the licence and begin without asking.")
@_DATA_DIR
def get(name: str, yes: bool, data_dir: Path | None) -> None:
    """Download and install the model NAME. A download that was cut goes on where it ended."""
    settings = read_settings(data_dir=data_dir)
    try:
        model = find(name)
        if Shelf(settings).has(model):
            click.echo(f"{model.name} is installed already.")
            return
        _introduce(model)
        if not yes:
            click.confirm("Download it?", abort=True)
        _install(settings, model)
    except VisavisError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"{model.name} is installed.")
    click.echo(_next_step(settings, model))


def _introduce(model: Model) -> None:
    click.echo(f"{model.about}, for the {KINDS[model.kind]} {model.provider}")
    click.echo(f"licence   {model.licence}\n          {model.licence_url}")
    click.echo(f"download  {model.size / 1e6:.0f} MB")
    for file in model.files:
        click.echo(f"          {file.url}")


def _install(settings: Settings, model: Model) -> None:
    with click.progressbar(length=model.size, label=model.name, show_pos=False) as bar:

        def progress(have: int) -> None:
            bar.update(have - bar.pos)

        asyncio.run(install(settings, model, progress))


def _next_step(settings: Settings, model: Model) -> str:
    if model.provider not in registry.names(model.kind):
        return f"This version of Visavis has no {KINDS[model.kind]} {model.provider!r} to use it with."
    missing = registry.provider(model.kind, model.provider, settings).missing()
    return missing or f"Use it: VISAVIS_{model.kind.upper()}={model.provider}"
