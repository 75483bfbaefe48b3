"""The pages of a server that asks for a key."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {"VISAVIS_REQUIRE_KEYS": "true"}


@pytest.fixture
def key(data_dir: Path) -> str:
    # In a process of its own: Playwright's event loop runs in this one.
    command = [sys.executable, "-m", "visavis", "key", "create", "--org", "acme", "--data-dir", str(data_dir)]
    made = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)  # noqa: S603  our own
    return made.stdout.strip()


@pytest.fixture
def asked(page: Page) -> Iterator[list[str]]:
    """The addresses that the page has asked for."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    yield addresses


def test_given_no_key_when_the_page_is_opened_then_it_says_what_to_do(page: Page) -> None:
    expect(page.locator("#problem")).to_contain_text("#key=")
    expect(page.locator("#start")).to_be_disabled()


def test_given_a_key_in_the_address_when_the_page_is_opened_then_it_works_and_the_key_leaves_the_address(
    page: Page, address: str, key: str, asked: list[str]
) -> None:
    page.goto(f"{address}/#key={key}")
    picture = page.locator("#cards img").first
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('#cards img').naturalWidth > 0")
    assert key not in page.url
    page.locator("#start").click()
    expect(page.locator("body")).to_have_attribute("data-state", "ready", timeout=30_000)
    page.locator("#text").fill("Hello.")
    page.locator("#send").click()
    # What is heard of the answer comes over the event stream.
    expect(page.locator("#caption")).to_contain_text("Hello", timeout=30_000)
    page.locator("#end").click()
    with_key = [each.removeprefix(address).partition("?")[0] for each in asked if key in each]
    assert with_key
    assert {path for path in with_key if not path.endswith(("/preview", "/events"))} == set()


def test_the_touch_screens_page_takes_it_too(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/kiosk?lang=en#key={key}")
    expect(page.locator("#still")).to_be_visible()
    assert page.url == f"{address}/kiosk?lang=en"
