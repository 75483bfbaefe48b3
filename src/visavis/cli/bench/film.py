"""`visavis bench film`: lips, sound and pauses, measured on the MP4 itself."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from visavis.avatar import Avatar, Catalogue
from visavis.cli.bench import options
from visavis.cli.bench.figures import Report
from visavis.cli.bench.film_cost import cost
from visavis.cli.bench.film_findings import Findings, Take
from visavis.cli.bench.film_mouth import MouthGauge
from visavis.cli.bench.film_reading import shots, sound
from visavis.cli.bench.film_scores import Gauged, apart, beeps
from visavis.cli.bench.film_speech import Line, lines, recital
from visavis.cli.bench.lip_speech import ENGLISH
from visavis.cli.bench.machine import describe
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.face import counter
from visavis.pool.filming import filming
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.events import Failed, TurnEnded
from visavis.settings import Settings
from visavis.tts import Speech

RENDERING = 600.0
"""Seconds a film may take."""

BESIDE = 0.3
"""Seconds within which a flash and a beep belong together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    avatars: Sequence[Avatar]
    sentences: int


@click.command()
@click.option("--avatar", "avatar_ids", multiple=True, help="Whom to film; may be given again.  [default: all]")
@click.option(
    "--sentences", type=click.IntRange(1, len(ENGLISH)), default=6, show_default=True, help="Said in each film."
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where loops are kept.  [default: a new, empty one]"
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
)
def film(avatar_ids: Sequence[str], sentences: int, data_dir: Path | None, json_file: Path | None) -> None:
    """Lips against sound, the mouth in pauses, and sharpness, on films as `visavis say` makes them."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        settings = read_settings(data_dir=data_dir or Path(temporary) / "data")
        catalogue = Catalogue(settings)
        try:
            chosen = [catalogue.avatar(each) for each in avatar_ids] or catalogue.avatars()
        except VisavisError as error:
            raise click.ClickException(error.message) from None
        options.run(measure(settings, Plan(chosen, sentences), Path(temporary)), json_file)


async def measure(settings: Settings, plan: Plan, folder: Path) -> Report:
    """Make the films in `folder`, and measure them."""
    findings = Findings()
    said = await lines(settings, ENGLISH[: plan.sentences])
    text = " ".join(line.text for line in said)
    counted = folder / "counted.mp4"
    await _say(settings, text, plan.avatars[0].id, counted, "mock", {"VISAVIS_MOCK_COUNTER": "1"})
    findings.container = await asyncio.to_thread(_flashes_and_beeps, counted)
    for avatar in plan.avatars:
        try:
            gauge = await at_rest(settings, avatar)
        except VisavisError as error:
            findings.left_out[avatar.id] = error.message
            continue
        path = folder / f"{avatar.id}.mp4"
        await _say(settings, text, avatar.id, path, "portrait")
        findings.takes.append(await asyncio.to_thread(taken, avatar.id, "said", path, gauge, said))
        for kind in ("marked", "heard"):
            await render(settings, recital(said, marked=kind == "marked"), avatar.id, path)
            findings.takes.append(await asyncio.to_thread(taken, avatar.id, kind, path, gauge, said))
    findings.cost = await cost(settings, plan.avatars[0], said)
    measures = findings.measures()
    return Report("film", describe("visavis say"), measures, findings.left_out)


async def at_rest(settings: Settings, avatar: Avatar) -> MouthGauge:
    """A gauge that knows how the avatar's face is at rest."""
    studio = Studio(settings)
    try:
        face = await asyncio.to_thread(studio.face, avatar, "portrait")
        picture = face.rest(None).pixels
        await face.close()
    finally:
        await studio.close()
    return MouthGauge(avatar, picture[: face.height, : face.width])


def taken(avatar: str, kind: str, path: Path, gauge: MouthGauge, said: Sequence[Line]) -> Take:
    """A film, as numbers."""
    film = Gauged()
    for shot in shots(path):
        film.starts.append(shot.start)
        film.stops.append(shot.stop)
        film.distances.append(gauge.distance(shot.luma))
        film.sharpness.append(gauge.sharpness(shot.luma))
    return Take(avatar, kind, film, sound(path), said)


def _flashes_and_beeps(path: Path) -> list[float]:
    """For each flash, how much later its beep begins, in ms."""
    flashes: list[float] = []
    lit = False
    for shot in shots(path):
        now = counter.flashing(shot.luma)
        if now and not lit:
            flashes.append(shot.start)
        lit = now
    heard = [start / 48_000 for start in beeps(sound(path))]
    return [found * 1000 for found in apart(flashes, heard, BESIDE)]


async def _say(
    settings: Settings, text: str, avatar: str, path: Path, model: str, more: Mapping[str, str] | None = None
) -> None:
    """Have `visavis say` make a film."""
    command = [sys.executable, "-m", "visavis", "say", text, "--avatar", avatar, "--model", model]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--data-dir",
        str(settings.data_dir),
        "-o",
        str(path),
        env={**os.environ, **(more or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(RENDERING):
            _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise click.ClickException(f"visavis say failed: {told.decode('utf-8', 'replace')[-500:]}")


async def render(settings: Settings, speech: AsyncIterator[Speech], avatar: str, path: Path) -> None:
    """Make a film of recorded speech."""
    async with (
        asyncio.timeout(RENDERING),
        filming(Studio(settings), NewSession(avatar, "portrait"), path) as session,
    ):
        session.recite(speech)
        async for record in session.events.read():
            if isinstance(record.event, Failed):
                raise click.ClickException(record.event.message)
            if isinstance(record.event, TurnEnded):
                break
