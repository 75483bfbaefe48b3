"""`visavis say`: a text, said by an avatar, as a film."""

import asyncio
import sys
from pathlib import Path

import click

from visavis import telemetry
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.media.timeline import to_seconds
from visavis.pool.filming import filming
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.casting import VoiceChoice
from visavis.session.events import Caption, Failed, TurnEnded, Warned
from visavis.session.session import Session
from visavis.settings import Settings


@click.command()
@click.argument("text")
@click.option("--avatar", default="demo-avatar", show_default=True, help="The avatar's id.")
@click.option("--model", default="", help="The face model.  [default: portrait]")
@click.option("--tts", default="", help="The voice provider.  [default: espeak]")
@click.option("--voice", default="", help="The provider's voice; else the language of each sentence chooses.")
@click.option(
    "--background",
    default="",
    metavar="green|#rrggbb|transparent|PICTURE",
    help="What is behind a drawn avatar; transparent needs a .webm.  [default: its own]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The film: .mp4 or .webm.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]")
def say(
    text: str, avatar: str, model: str, tts: str, voice: str, background: str, output: Path, data_dir: Path | None
) -> None:
    """Say TEXT (`-` reads it from standard input) into an MP4 (H264 and AAC) or a WebM (VP9 and Opus)."""
    settings = read_settings(data_dir=data_dir)
    telemetry.configure("WARNING", "say")
    if text == "-":
        text = sys.stdin.read()
    request = NewSession(avatar, model, tts, voice)
    try:
        seconds = asyncio.run(render(text, request, output, settings, _behind(background)))
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    except OSError as error:
        raise click.ClickException(f"{output} can't be written: {error.strerror}") from None
    click.echo(f"{output}: {seconds:.1f} s", err=True)


def _behind(background: str) -> str | Path:
    """A file where there is one of that name; else a colour, `transparent`, or the name of a kept picture."""
    path = Path(background)
    return path if background and path.is_file() else background


async def render(
    text: str, request: NewSession, output: Path, settings: Settings, background: str | Path = ""
) -> float:
    """Render `text` to `output`; returns its length in seconds. The file appears when it is complete.

    `background` as in `filming`.
    """
    async with filming(Studio(settings), request, output, background) as session:
        session.say(text, VoiceChoice())
        await _follow(session, len(text))
    return to_seconds(session.playout.position)


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
