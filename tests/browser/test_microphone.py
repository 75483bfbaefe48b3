"""The page's microphone button in a real browser, with a microphone that hears nothing."""

import shutil
import wave
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS

REJECT = """void (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "%s")))"""
INSECURE = """void Object.defineProperty(navigator, "mediaDevices", { value: undefined })"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium whose user says yes to everything."""
    quiet = tmp_path_factory.mktemp("sound") / "quiet.wav"
    with wave.open(str(quiet), "wb") as sound:
        sound.setparams((1, 2, 48_000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 48_000))
    arguments = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={quiet}",
    ]
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


def start(page: Page) -> None:
    page.click("#start:enabled")
    page.evaluate("witness.state('ready')")
    expect(page.locator("#microphone")).to_be_enabled()


def test_it_is_switched_on_and_off_with_the_keyboard(page: Page) -> None:
    start(page)
    button, status = page.locator("#microphone"), page.locator("#status-text")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(status).to_have_text("Listening")
    expect(page.locator("#ear")).to_contain_text("Demo recogniser: English, quiet room")
    expect(button).to_be_enabled()
    page.evaluate("witness.played(0.5)")
    button.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(status).to_have_text("Ready")
    expect(page.locator("#ear")).to_be_hidden()
    page.evaluate("witness.played(0.5)")
    expect(page.locator("#problem")).to_be_hidden()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param(REJECT % "NotAllowedError", "blocked for this page", id="denied"),
        pytest.param(REJECT % "NotFoundError", "No microphone was found", id="missing"),
        pytest.param(INSECURE, "only over https", id="insecure"),
    ],
)
def test_what_is_in_its_way_is_said(page: Page, trouble: str, said: str) -> None:
    start(page)
    page.evaluate(trouble)
    page.click("#microphone")
    expect(page.locator("#problem")).to_contain_text(said)
    expect(page.locator("#microphone")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#microphone")).to_be_enabled()
    page.evaluate("witness.played(0.5)")


def test_a_server_that_does_not_listen_is_not_taken_for_one_that_does(page: Page) -> None:
    def refuse(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("a=sendrecv", "a=sendonly"))

    start(page)
    page.route("**/webrtc/offer", refuse)
    page.click("#microphone")
    expect(page.locator("#problem")).to_contain_text("does not listen")
    expect(page.locator("#microphone")).to_have_attribute("aria-pressed", "false")
    page.evaluate("witness.state('ready')")


def test_a_refused_offer_leaves_the_conversation_as_it_was(page: Page) -> None:
    start(page)
    page.route("**/webrtc/offer", lambda route: route.fulfill(status=503, json={"detail": "No more viewers."}))
    page.click("#microphone")
    expect(page.locator("#problem")).to_have_text("No more viewers.")
    expect(page.locator("#microphone")).to_have_attribute("aria-pressed", "false")
    page.evaluate("witness.played(0.5)")


def test_the_space_bar_talks_unless_it_types(page: Page) -> None:
    start(page)
    page.click("#microphone")
    expect(page.locator("#microphone")).to_be_enabled()
    page.check("#by-hand")
    hold = page.locator("#hold")
    expect(hold).to_be_focused()
    expect(page.locator("#status-text")).to_have_text("Hold to talk")
    page.keyboard.down(" ")
    expect(hold).to_have_class("held")
    page.keyboard.up(" ")
    expect(hold).not_to_have_class("held")
    page.focus("#text")
    page.keyboard.down(" ")
    expect(hold).not_to_have_class("held")
    expect(page.locator("#text")).to_have_value(" ")
    page.keyboard.up(" ")
    hold.hover()
    page.mouse.down()
    expect(hold).to_have_class("held")
    page.mouse.up()
    expect(hold).not_to_have_class("held")


def test_the_end_lets_go_of_it(page: Page) -> None:
    start(page)
    page.click("#microphone")
    expect(page.locator("#microphone")).to_be_enabled()
    page.click("#end")
    page.evaluate("witness.state('idle')")
    expect(page.locator("#microphone")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_fits_while_it_listens(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    start(page)
    page.click("#microphone")
    expect(page.locator("#microphone")).to_be_enabled()
    page.check("#by-hand")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.documentElement.scrollHeight") <= 740
