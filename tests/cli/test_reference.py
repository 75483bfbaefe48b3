from pathlib import Path

from click.testing import CliRunner

from visavis.cli.main import main
from visavis.cli.reference import document, page

PAGE = Path(__file__).parents[2] / "docs/api-reference.md"


def test_the_page_is_what_the_routes_say() -> None:
    assert PAGE.read_text("utf-8") == page(document()), "run ./dev docs"


def test_the_command_prints_it_and_is_not_listed() -> None:
    printed = CliRunner().invoke(main, ["reference"])
    assert printed.output.startswith("# API reference\n")
    assert "reference" not in CliRunner().invoke(main, ["--help"]).output


def test_every_operation_is_on_the_page() -> None:
    text = page(document())
    for path, methods in document()["paths"].items():
        for method in methods:
            assert f"### `{method.upper()} {path}`" in text
