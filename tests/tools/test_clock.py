import re

import pytest

from visavis.registry import provider
from visavis.settings import Settings
from visavis.tools.clock import ClockProvider, current_time

TIME = re.compile(r"[A-Z][a-z]+day, \d{4}-\d\d-\d\d \d\d:\d\d \S+")


def test_given_the_entry_point_when_asked_for_then_it_gives_the_tool() -> None:
    clock = provider("tools", "clock", Settings())
    assert isinstance(clock, ClockProvider)
    assert clock.missing() is None
    assert [tool.name for tool in clock.tools()] == ["current_time"]
    assert current_time.read_only


@pytest.mark.parametrize("arguments", ["{}", '{"timezone": ""}', '{"timezone": "Asia/Shanghai"}'])
async def test_given_a_timezone_or_none_when_called_then_it_tells_the_time(arguments: str) -> None:
    assert TIME.fullmatch(await current_time.call(arguments))


@pytest.mark.parametrize("name", ["Nowhere/City", "../../etc/passwd", "/etc/passwd", "\\u0000", "a" * 5000])
async def test_given_an_unknown_timezone_when_called_then_the_model_is_told(name: str) -> None:
    assert (await current_time.call(f'{{"timezone": "{name}"}}')).startswith("error: unknown timezone")
