"""`visavis avatar`: avatars made of photos and films, on this machine."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from visavis.avatar import Avatar, Catalogue, Gallery, make_portrait, survey
from visavis.avatar.consent import agreed
from visavis.cli.configuration import settings as read_settings
from visavis.errors import InvalidInput, VisavisError

_DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]"
)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def avatar() -> None:
    """Avatars: make one of a photo or a short film, list, check and delete them."""


@avatar.command()
@click.argument("picture", metavar="FILE", type=_FILE)
@click.option("--name", required=True, help="For people, and part of the id.")
@click.option(
    "--base", default="demo-avatar", show_default=True, help="The avatar whose frame rate it takes over."
)
@click.option("--points", type=_FILE, help="A JSON file with landmarks that are better than those that are found.")
@click.option("--still", is_flag=True, help="Take a picture without a face as it is; it will not move its mouth.")
@click.option("--consent-by", help="Who agreed that this avatar is made.")
@click.option("--consent-text", help="The version of the text that was agreed to.")
@_DATA_DIR
def create(
    picture: Path,
    name: str,
    base: str,
    points: Path | None,
    still: bool,
    consent_by: str | None,
    consent_text: str | None,
    data_dir: Path | None,
) -> None:
    """Make an avatar of FILE: a JPEG, PNG or WebP photo, or an MP4, WebM, MOV or AVI film of at most 60 s."""
    settings = read_settings(data_dir=data_dir)
    began = time.monotonic()
    try:
        consent = agreed(settings, consent_by, consent_text)
        told = _points(points) if points else None
        made = make_portrait(settings, picture, name, Catalogue(settings).avatar(base), consent, told, still=still)
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    except OSError as error:
        raise click.ClickException(f"the avatar can't be kept: {error.strerror}; see to the disk") from None
    found = made.metadata.get("landmarks") or "none, it will not move its mouth"
    click.echo(made.id)
    click.echo(
        f"{made.width} x {made.height} pixels, landmarks: {found}, {time.monotonic() - began:.1f} s", err=True
    )


@avatar.command("list")
@_DATA_DIR
def list_avatars(data_dir: Path | None) -> None:
    """Show the avatars that are there."""
    for each in Catalogue(read_settings(data_dir=data_dir)).avatars():
        kind = "made here" if each.custom else "bundle"
        click.echo(f"{each.id}  {each.name or '-'}  {each.width} x {each.height}, {each.fps} fps  {kind}")


@avatar.command()
@click.argument("avatar_id", metavar="ID")
@_DATA_DIR
def delete(avatar_id: str, data_dir: Path | None) -> None:
    """Delete the avatar ID, if it was made of a photo or a film."""
    settings = read_settings(data_dir=data_dir)
    try:
        Gallery(settings).delete(Catalogue(settings).avatar(avatar_id))
    except VisavisError as error:
        raise click.ClickException(error.message) from None


@avatar.command()
@click.argument("avatar_ids", metavar="[ID]...", nargs=-1)
@_DATA_DIR
def check(avatar_ids: Sequence[str], data_dir: Path | None) -> None:
    """Say which avatars can move their mouths, and find the faces of bundles that do not say where theirs are."""
    settings = read_settings(data_dir=data_dir)
    catalogue = Catalogue(settings)
    failed = 0
    try:
        avatars = [catalogue.avatar(each) for each in avatar_ids] if avatar_ids else catalogue.avatars()
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    for each in avatars:
        told = _checked(each, survey.Survey(settings))
        failed += told is not None
        click.echo(f"{each.id}: {told or 'talks'}")
    if failed:
        raise click.ClickException(f"{failed} of {len(avatars)} avatars are shown still while they speak")


def _checked(each: Avatar, surveyed: survey.Survey) -> str | None:
    """Why it does not move its mouth; None if it does."""
    if not survey.wanting(each):
        return None
    try:
        return surveyed.look(each)
    except VisavisError as error:
        return error.message


def _points(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidInput("points: the file is not valid JSON") from None
    if not isinstance(told, dict):
        raise InvalidInput("points: must be a JSON object with parts of metadata.animation")
    return told
