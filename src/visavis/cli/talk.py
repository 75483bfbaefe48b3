"""`visavis talk`: a conversation in the terminal, by this machine's microphone and loudspeaker."""

import asyncio
from functools import partial
from pathlib import Path

import click
import msgspec

from visavis import telemetry
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.media.clock import RealClock
from visavis.media.echo import EchoCanceller, HalfDuplex, echo_canceller
from visavis.media.timeline import HEARD_RATE
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.casting import VoiceChoice
from visavis.session.events import Caption, Failed, TranscriptHeard, TurnEnded, Warned
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.session import Session
from visavis.settings import Settings
from visavis.transport.local_microphone import LocalMicrophone
from visavis.transport.local_sound import find_input, input_devices
from visavis.transport.loudspeaker import Loudspeaker

DAY = 24 * 3600.0


class Options(msgspec.Struct, frozen=True):
    """How to talk."""

    device: int | str | None
    speaker: int | str | None
    echo: str
    once: bool


@click.command()
@click.option("--device", help="The microphone: a part of its name, or its number.  [default: the system's]")
@click.option("--speaker", help="The loudspeaker, likewise.  [default: the system's]")
@click.option("--list-devices", is_flag=True, help="Show the microphones and end.")
@click.option("--persona", default="", help="Who you talk to.")
@click.option("--tts", default="", help="The voice provider.  [default: espeak]")
@click.option("--voice", default="", help="The provider's voice; else the language of each sentence chooses.")
@click.option(
    "--echo",
    type=click.Choice(["cancel", "half-duplex", "headset"]),
    default="cancel",
    show_default=True,
    help="What keeps it from hearing itself.",
)
@click.option("--once", is_flag=True, help="End after one answer.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]")
def talk(
    device: str | None,
    speaker: str | None,
    list_devices: bool,
    persona: str,
    tts: str,
    voice: str,
    echo: str,
    once: bool,
    data_dir: Path | None,
) -> None:
    """Talk with Visavis in this terminal; Ctrl-C ends it. It can be interrupted by speaking."""
    settings = read_settings(data_dir=data_dir)
    telemetry.configure("WARNING", "talk")
    options = Options(_chosen(device), _chosen(speaker), echo, once)
    request = NewSession("", tts_provider=tts, tts_voice=voice, persona=persona, voice_only=True)
    try:
        if list_devices:
            for found in input_devices():
                click.echo(f"{found.index:3}  {found.name} ({found.channels} channels, {found.sample_rate} Hz)")
            return
        asyncio.run(converse(request, options, settings))
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    except KeyboardInterrupt:
        click.echo()


async def converse(request: NewSession, options: Options, settings: Settings) -> None:
    """Talk until it is enough. Raises `VisavisError` if a device or a provider can't be used."""
    await asyncio.to_thread(find_input, options.device)
    studio = Studio(settings)
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def lose(error: VisavisError) -> None:
        if not lost.done():
            lost.set_exception(error)

    persona = await asyncio.to_thread(studio.persona, request.persona)
    request = await asyncio.to_thread(studio.resolved, request)
    loudspeaker = Loudspeaker(options.speaker, lose)
    parts = Parts(
        face=None,
        casting=studio.casting(request, persona.language),
        chat=studio.chat_model(),
        knowledge=studio.knowledge(persona.knowledge),
        transport=loudspeaker,
        viewers=None,
        make_ear=partial(studio.ear, language=persona.language),
        clock=RealClock(),
        journal=studio.journal("talk"),
        reaper=studio.reaper,
        toolbox=await asyncio.to_thread(studio.toolbox, persona.tools),
        canceller=await _canceller(options.echo),
    )
    session = Session("talk", parts, studio.history(request), Limits(settings.max_text_chars, 0, DAY), EventLog())
    try:
        await loudspeaker.opened()
        session.listen_to(lambda hear: LocalMicrophone(options.device, HEARD_RATE, hear, lose))
        if session.listening is not None:
            await session.listening.ear()
        click.echo("Speak; Ctrl-C ends.", err=True)
        if persona.greeting:
            session.say(persona.greeting, VoiceChoice())
        show = asyncio.create_task(_show(session, options.once), name="show")
        await asyncio.wait([show, lost], return_when=asyncio.FIRST_COMPLETED)
        show.cancel()
        if lost.done():
            lost.result()
    finally:
        await session.close()
        await studio.close()


async def _show(session: Session, once: bool) -> None:
    """Write down what both say, as it is said."""
    async for record in session.events.read():
        match record.event:
            case TranscriptHeard(text=text, final=True):
                click.echo(f"you: {text}")
            case Caption(text=text):
                click.echo(f"visavis: {text.strip()}")
            case Warned(message=message):
                click.echo(f"warning: {message}", err=True)
            case Failed(stage=stage, message=message):
                click.echo(f"{stage}: {message}", err=True)
            case TurnEnded(kind="chat", reason="completed") if once:
                return


async def _canceller(echo: str) -> EchoCanceller | None:
    if echo == "headset":
        return None
    return await asyncio.to_thread(echo_canceller) if echo == "cancel" else HalfDuplex()


def _chosen(device: str | None) -> int | str | None:
    return int(device) if device is not None and device.isdecimal() else device
