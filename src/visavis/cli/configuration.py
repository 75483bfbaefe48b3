"""Settings for a command: the environment and files, with what its options say on top."""

from typing import Any

import click
from pydantic import ValidationError

from visavis.settings import Settings


def settings(**options: Any) -> Settings:
    """Read the settings; options that are None were not given. A wrong value ends the command with its name."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise click.ClickException(f"wrong setting: {wrong}") from None
