"""`visavis say`: a text, said by an avatar, as an MP4."""

import asyncio
import sys
from pathlib import Path

import click

from visavis import telemetry
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.media.clock import FreeClock
from visavis.media.timeline import from_seconds
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.casting import VoiceChoice
from visavis.session.events import Caption, Failed, TurnEnded, Warned
from visavis.session.journal import Journal
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.session import Session
from visavis.settings import Settings
from visavis.transport.file import FileTransport

LONGEST = 1_000_000
"""Characters: a day of speech. Nobody waits at the other end, so the limit is only a safeguard."""

TAIL = from_seconds(0.2)
"""Rest after the last sound, so that the mouth is seen to close."""


@click.command()
@click.argument("text")
@click.option("--avatar", default="demo-avatar", show_default=True, help="The avatar's id.")
@click.option("--model", default="", help="The face model.  [default: portrait]")
@click.option("--tts", default="", help="The voice provider.  [default: espeak]")
@click.option("--voice", default="", help="The provider's voice; else the language of each sentence chooses.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The MP4.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]")
def say(text: str, avatar: str, model: str, tts: str, voice: str, output: Path, data_dir: Path | None) -> None:
    """Say TEXT (`-` reads it from standard input) into an MP4: H264 and AAC."""
    settings = read_settings(data_dir=data_dir)
    telemetry.configure("WARNING", "say")
    if text == "-":
        text = sys.stdin.read()
    request = NewSession(avatar, model, tts, voice)
    try:
        seconds = asyncio.run(render(text, request, output, settings))
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    except OSError as error:
        raise click.ClickException(f"{output} can't be written: {error.strerror}") from None
    click.echo(f"{output}: {seconds:.1f} s", err=True)


async def render(text: str, request: NewSession, output: Path, settings: Settings) -> float:
    """Render `text` to `output`; returns its length in seconds. The file appears when it is complete."""
    studio = Studio(settings)
    face = await asyncio.to_thread(studio.face, studio.catalogue.avatar(request.avatar_id), request.model)
    transport = FileTransport(output, face.width, face.height, face.fps)
    parts = Parts(
        face=face,
        casting=studio.casting(request),
        chat=studio.chat_model(),
        knowledge=None,
        transport=transport,
        viewers=None,
        make_ear=None,
        clock=FreeClock(),
        journal=Journal(None),
        reaper=studio.reaper,
    )
    session = Session("say", parts, studio.history(request), Limits(LONGEST, 0, 3600), EventLog())
    complete = False
    try:
        session.say(text, VoiceChoice())
        await _follow(session, len(text))
        await session.playout.linger(TAIL)
        complete = True
    finally:
        if not complete:
            transport.abort()
        await session.close()
        await studio.close()
    return session.playout.position / 48_000


async def _follow(session: Session, length: int) -> None:
    """Show a progress bar until the turn has ended; raise what made it fail."""
    failure: Failed | None = None
    with click.progressbar(length=length, label="rendering", file=sys.stderr) as bar:
        async for record in session.events.read():
            match record.event:
                case Caption(text=said):
                    bar.update(len(said))
                case Warned(message=message):
                    click.echo(f"warning: {message}", err=True)
                case Failed():
                    failure = record.event
                case TurnEnded():
                    break
    if failure is not None:
        raise click.ClickException(f"{failure.stage}: {failure.message}")
