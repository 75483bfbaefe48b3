"""`visavis bench`: what the server takes, in time, processor and memory. Tests never measure time; this does."""

import click

from visavis.cli.bench.answers import answers
from visavis.cli.bench.bundle import bundle
from visavis.cli.bench.density import density
from visavis.cli.bench.film import film
from visavis.cli.bench.interrupt import interrupt
from visavis.cli.bench.kiosk import kiosk
from visavis.cli.bench.latency import latency
from visavis.cli.bench.lipsync import lipsync
from visavis.cli.bench.livekit import livekit
from visavis.cli.bench.recognition import recognition


@click.group()
def bench() -> None:
    """Measure a server: our own, started for it, or any that speaks the OpenTalking contract (--url)."""


for command in (latency, interrupt, density, bundle, answers, recognition, kiosk, lipsync, film, livekit):
    bench.add_command(command)
