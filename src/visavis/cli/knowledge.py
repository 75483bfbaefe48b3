"""`visavis knowledge`: the documents that answers rest on."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import click

from visavis.cli.configuration import settings as read_settings
from visavis.errors import TooLarge, VisavisError
from visavis.knowledge import Passage
from visavis.knowledge.base import SqliteKnowledgeBase
from visavis.knowledge.documents import MAX_BYTES
from visavis.knowledge.library import DEFAULT, Library
from visavis.llm import ChatModel, Message, TextDelta
from visavis.registry import close, provider
from visavis.settings import Settings

_DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]"
)


@click.group()
def knowledge() -> None:
    """The documents that answers rest on: .txt, .md, .html, .pdf and .docx."""


@knowledge.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--collection", default=DEFAULT, show_default=True, help="What a persona can choose by.")
@_DATA_DIR
def add(files: Sequence[Path], collection: str, data_dir: Path | None) -> None:
    """Add FILES. One that has the name of an earlier one in the collection takes its place."""
    failed = 0
    with _library(read_settings(data_dir=data_dir)) as library:
        for file in files:
            try:
                if file.stat().st_size > MAX_BYTES:
                    raise TooLarge(f"larger than {MAX_BYTES // 1024**2} MiB; split it")
                record = library.add(file.name, file.read_bytes(), collection)
            except (VisavisError, OSError) as error:
                reason = error.message if isinstance(error, VisavisError) else error.strerror
                click.echo(f"{file.name}: {reason}", err=True)
                failed += 1
            else:
                click.echo(f"{record.id}  {record.name}  ({record.passages} passages)")
    if failed:
        raise click.ClickException(f"{failed} of {len(files)} files could not be added")


@knowledge.command("list")
@click.option("--collection", default=None, help="Only of this one.")
@_DATA_DIR
def list_documents(collection: str | None, data_dir: Path | None) -> None:
    """Show what has been added."""
    with _library(read_settings(data_dir=data_dir)) as library:
        records = library.documents(collection)
    for record in records:
        added = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.added_at))
        click.echo(f"{record.id}  {record.collection}  {record.name}  {record.passages} passages  {added}")
    if not records:
        click.echo("No documents yet: questions are answered from those about Visavis.", err=True)


@knowledge.command()
@click.argument("document_id", metavar="ID", type=int)
@_DATA_DIR
def remove(document_id: int, data_dir: Path | None) -> None:
    """Remove the document ID, as `list` shows it."""
    with _library(read_settings(data_dir=data_dir)) as library:
        try:
            library.remove(document_id)
        except VisavisError as error:
            raise click.ClickException(error.message) from None


@knowledge.command()
@click.argument("question")
@click.option("--collection", "collections", multiple=True, help="Where to look; may be given several times.")
@_DATA_DIR
def ask(question: str, collections: Sequence[str], data_dir: Path | None) -> None:
    """Answer QUESTION as a session would, with the sources and the passages that were found."""
    settings = read_settings(data_dir=data_dir)
    try:
        answer, passages = asyncio.run(_ask(settings, question, collections))
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    click.echo(answer)
    for passage in passages:
        text = " ".join(passage.text.split())
        click.echo(f"  {passage.score:.2f}  {passage.source}  {passage.heading}: {text[:100]}")


async def _ask(settings: Settings, question: str, collections: Sequence[str]) -> tuple[str, Sequence[Passage]]:
    base = SqliteKnowledgeBase(settings, collections)
    models = provider("llm", settings.chat_provider, settings)
    try:
        passages = await base.passages(question)
        model: ChatModel = models.model()
        messages = [Message("system", settings.system_prompt), Message("user", question)]
        deltas = [delta async for delta in model.answer(messages, (), passages)]
    finally:
        await base.aclose()
        await close(models)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), passages


def _library(settings: Settings) -> Library:
    try:
        return Library(settings)
    except VisavisError as error:
        raise click.ClickException(error.message) from None
