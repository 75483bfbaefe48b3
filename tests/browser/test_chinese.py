"""A Chinese conversation on the page: typed, answered from a Chinese document, shown and heard."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from visavis.knowledge.library import Library
from visavis.settings import Settings

pytestmark = pytest.mark.peers


DOCUMENT = "# 茶馆\n\n茶馆上午九点开门，晚上八点关门。\n\n一壶龙井茶二十元。\n"
ANSWER = "根据《茶馆.md》，茶馆上午九点开门，晚上八点关门。"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    with Library(Settings(data_dir=directory)) as library:
        library.add("茶馆.md", DOCUMENT.encode())
    return directory


def test_a_typed_chinese_question_is_answered_in_chinese_and_aloud(page: Page) -> None:
    page.click("#start:enabled")
    page.evaluate("witness.state('ready')")
    page.evaluate("witness.played(1)")
    page.evaluate("witness.watch([0.4, 0.55, 0.2, 0.2])")
    before = page.evaluate("performance.now()")
    page.check("input[name=mode][value=ask]", force=True)
    page.fill("#text", "茶馆几点开门？")
    page.press("#text", "Enter")
    page.evaluate("witness.state('speaking')")
    page.evaluate("before => witness.until(() => witness.heardSomething(before))", before)
    page.evaluate("witness.state('ready')")

    assert page.text_content("#caption") == ANSWER
    heard = page.evaluate(
        "since => witness.sound.filter(([at, level]) => at > since && level > 0.02).length", before
    )
    # Every 5 ms: the answer takes about five seconds, a good part of which is loud.
    assert heard > 100
