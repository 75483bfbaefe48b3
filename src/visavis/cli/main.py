"""`visavis`: the commands, each imported when it is used."""

import importlib
from typing import ClassVar

import click

from visavis import __version__


class LazyGroup(click.Group):
    """Commands that are imported when they are run, so that each starts fast."""

    places: ClassVar[dict[str, str]] = {
        "serve": "visavis.cli.serve:serve",
        "say": "visavis.cli.say:say",
        "talk": "visavis.cli.talk:talk",
        "doctor": "visavis.cli.doctor:doctor",
        "knowledge": "visavis.cli.knowledge:knowledge",
        "models": "visavis.cli.models:models",
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
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.places[cmd_name]} is not a command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="visavis")
def main() -> None:
    """A self-hosted realtime engine for talking avatars and voice agents."""
