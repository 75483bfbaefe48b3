"""What the page shows works."""

import re
from pathlib import Path
from types import ModuleType

from visavis.persona import Personas
from visavis.settings import Settings
from visavis.tools import ToolFunction

PAGE = Path(__file__).parents[2] / "docs/personas-and-tools.md"


def shown(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_persona_that_is_shown_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/desk.toml").write_text(shown("toml")[0], "utf-8")
    desk = Personas(Settings(data_dir=tmp_path)).persona("desk")
    assert (desk.knowledge, desk.tools, desk.voice.name) == (("museum",), ("clock",), "en-gb")


async def test_the_tool_that_is_shown_runs() -> None:
    module = ModuleType("my_shop")
    exec(compile(shown("python")[0], "my_shop.py", "exec"), module.__dict__)  # noqa: S102  # the page's own code
    provider = module.ShopProvider(Settings())
    (tool,) = provider.tools()
    assert isinstance(tool, ToolFunction)
    assert provider.missing() is None
    assert await tool.call('{"item": "cup"}') == "3 left"
