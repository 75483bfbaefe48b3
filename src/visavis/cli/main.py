"""`visavis`: the commands, each imported when it is used."""

import gc
import importlib
import os
from typing import ClassVar

import click

from visavis import __version__

# One thread draws and hears for one session: numpy's own would only wait for each other, at twice the cost of the
# little products of a network. Before numpy is loaded, and for every process that is started from here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class LazyGroup(click.Group):
    """Commands that are imported when they are run, so that each starts fast."""

    places: ClassVar[dict[str, str]] = {
        "serve": "visavis.cli.serve:serve",
        "say": "visavis.cli.say:say",
        "talk": "visavis.cli.talk:talk",
        "doctor": "visavis.cli.doctor:doctor",
        "avatar": "visavis.cli.avatar:avatar",
        "knowledge": "visavis.cli.knowledge:knowledge",
        "models": "visavis.cli.models:models",
        "key": "visavis.cli.key:key",
        "webhook": "visavis.cli.webhook:webhook",
        "bench": "visavis.cli.bench:bench",
        "reference": "visavis.cli.reference:reference",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names."""
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        if cmd_name not in self.places:
            return None
        module, name = self.places[cmd_name].split(":")
        # What is imported stays: looking for garbage in it takes a tenth of the time, and later again and again.
        gc.disable()
        try:
            command = getattr(importlib.import_module(module), name)
        finally:
            gc.freeze()
            gc.enable()
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.places[cmd_name]} is not a command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="visavis")
def main() -> None:
    """A self-hosted realtime engine for talking avatars and voice agents."""
