import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from visavis.tools import ToolFunction, tool


@dataclass
class Size:
    width: int


@tool(read_only=False, timeout=2)
async def order(
    item: Annotated[str, Meta(description="What.")], count: int = 1, size: Size | None = None, paid: bool = False
) -> str:
    """Order something."""
    return f"{count} {item} {size} {paid}"


def test_given_a_typed_function_when_made_a_tool_then_the_model_is_told_its_schema() -> None:
    assert (order.name, order.description, order.read_only, order.timeout) == (
        "order",
        "Order something.",
        False,
        2.0,
    )
    assert order.parameters["type"] == "object"
    assert order.parameters["required"] == ["item"]
    assert order.parameters["properties"]["item"] == {"type": "string", "description": "What."}
    assert order.parameters["properties"]["count"] == {"type": "integer", "default": 1}
    assert order.parameters["additionalProperties"] is False
    assert list(order.parameters["$defs"]) == ["Size"]
    json.dumps(order.parameters)


async def test_given_good_arguments_when_called_then_they_arrive_with_their_types() -> None:
    assert await order.call('{"item": "茶", "size": {"width": 3}}') == "1 茶 Size(width=3) False"


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"item": 1}',
        '{"item": "tea", "count": "many"}',
        '{"item": "tea", "x": 1}',
        "\ud800",
    ],
)
async def test_given_wrong_arguments_when_called_then_the_model_is_told(arguments: str) -> None:
    assert (await order.call(arguments)).startswith("error: wrong arguments: ")


async def test_given_a_defect_in_the_function_when_called_then_it_is_raised() -> None:
    @tool(read_only=True, timeout=1)
    async def breaks() -> str:
        """Breaks."""
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError):
        await breaks.call("{}")


async def test_given_keyword_arguments_when_a_required_one_comes_last_then_it_is_a_tool() -> None:
    @tool(read_only=True, timeout=1)
    async def find(*, limit: int = 3, kind: Literal["a", "b"]) -> str:
        """Find."""
        return f"{limit} {kind}"

    assert find.parameters["required"] == ["kind"]
    assert await find.call('{"kind": "b"}') == "3 b"


def _no_docstring() -> Any:
    async def silent() -> str:
        return ""

    return silent


def _no_type() -> Any:
    async def untyped(a) -> str:  # type: ignore[no-untyped-def]  # what is tested
        """Has no type."""
        return str(a)

    return untyped


def _not_async() -> Any:
    def waits() -> str:
        """Waits."""
        return ""

    return waits


def _any_number() -> Any:
    async def several(*a: int) -> str:
        """Take several."""
        return str(a)

    return several


@pytest.mark.parametrize("function", [_no_docstring(), _no_type(), _not_async(), _any_number()])
def test_given_a_function_that_can_not_be_a_tool_when_made_one_then_its_author_is_told(function: Any) -> None:
    with pytest.raises(TypeError):
        tool(read_only=True, timeout=1)(function)


def test_given_a_tool_when_printed_then_it_is_named() -> None:
    assert isinstance(order, ToolFunction)
    assert "name='order'" in repr(order)
