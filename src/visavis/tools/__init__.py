"""Tools: functions that a chat model may call while it answers. The contract.

    @tool(read_only=True, timeout=5)
    async def stock(item: Annotated[str, Meta(description="The item's number.")]) -> str:
        \"\"\"How many of an item are left.\"\"\"

What the model is told (name, description, JSON schema of the arguments) is derived from the function.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, get_type_hints

import msgspec

from visavis.registry import Provider


@dataclass(frozen=True, slots=True)
class ToolFunction:
    """One tool: what the model is told of it, and how it is run."""

    name: str
    description: str
    """For the model: what it does and when to use it."""
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    read_only: bool
    """Whether it changes nothing anywhere; tools that do run one after another, in the order of the calls."""
    timeout: float
    """Seconds it may take."""
    arguments: type[msgspec.Struct] = field(repr=False)
    """What the arguments are decoded into."""
    run: Callable[..., Awaitable[str]] = field(repr=False)
    """The function itself; takes the fields of `arguments` by name."""

    async def call(self, arguments: str) -> str:
        """Run it with the model's JSON. Wrong arguments come back as a text that tells the model what is wrong.

        Raises what the function raises; the time limit is the caller's to keep.
        """
        try:
            decoded = msgspec.json.decode(arguments, type=self.arguments)
        except (msgspec.DecodeError, UnicodeError) as error:
            return f"error: wrong arguments: {error}"
        return await self.run(**msgspec.structs.asdict(decoded))


class ToolProvider(Provider, Protocol):
    """Entry-point group `visavis.tools`; a provider's tools are offered where `VISAVIS_TOOLS` names it."""

    def tools(self) -> Sequence[ToolFunction]:
        """Its tools. Their names are unique among all enabled providers."""


def tool(*, read_only: bool, timeout: float) -> Callable[[Callable[..., Awaitable[str]]], ToolFunction]:
    """Make a tool of an async function with type hints and a docstring; `timeout` in seconds.

    Any type that msgspec decodes will do; `Annotated[…, Meta(description=…)]` tells the model about an argument.
    Raises `TypeError` for a function that can't be a tool.
    """

    def made(function: Callable[..., Awaitable[str]]) -> ToolFunction:
        description = inspect.getdoc(function)
        if not inspect.iscoroutinefunction(function) or not description:
            raise TypeError(f"{function.__qualname__} has to be async and to have a docstring for the model")
        arguments = _arguments(function)
        (_,), schemas = msgspec.json.schema_components((arguments,), ref_template="#/$defs/{name}")
        parameters = schemas.pop(arguments.__name__)
        parameters.pop("title", None)
        if schemas:
            parameters["$defs"] = schemas
        return ToolFunction(
            function.__name__, description, parameters, read_only, float(timeout), arguments, function
        )

    return made


def _arguments(function: Callable[..., Awaitable[str]]) -> type[msgspec.Struct]:
    """A struct with the function's parameters as fields."""
    hints = get_type_hints(function, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in hints or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{function.__qualname__}: {parameter.name} has no type or is not a single argument")
        if parameter.default is parameter.empty:
            fields.append((parameter.name, hints[parameter.name]))
        else:
            fields.append((parameter.name, hints[parameter.name], parameter.default))
    # Keyword-only, so that a required field may follow one with a default, as keyword-only parameters can.
    return msgspec.defstruct(f"{function.__name__}_arguments", fields, forbid_unknown_fields=True, kw_only=True)
