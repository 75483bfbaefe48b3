"""The touch-screen page in a real browser: visitors talk to it, and leave nothing behind."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect

from tests.browser.conftest import serving
from tests.browser.test_voice import flite

pytestmark = pytest.mark.peers


HERE = Path(__file__).parent
SCREENSHOT = HERE.parents[1] / "docs" / "images" / "kiosk.png"
SCREENS = [(1080, 1920), (1920, 1080), (390, 844), (844, 390)]
SMALL = (360, 640)
"""For what does not depend on the size: without a GPU large pictures cost most of a test's time."""

DOCUMENTS = {
    "museum.md": "# The museum\n\n"
    "The museum opens at ten in the morning. The museum closes at six in the evening.\n",
    "shop.md": "# The shop\n\nThe shop is next to the main door.\n",
    "garden.md": "# The garden\n\nThe garden is behind the old house, "
    "where you find a pond with fish, a hundred roses, and many quiet places to sit and read for a while.\n",
}
TURNS = [
    ("when does the museum open", "ten in the morning"),
    ("where is the shop", "next to the main door"),
    ("when does the museum close", "six in the evening"),
]
QUIET = 0.01
"""RMS, 0-1: about -40 dBFS; the sessions' own silence is digital zero."""

WITHIN = """([name, ms]) => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${document.body.dataset.state}, not ${name}`)), ms);
    witness.state(name).then(resolve);
})"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    documents = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (documents / name).write_text(text, "utf-8")
        command = [sys.executable, "-m", "visavis", "knowledge", "add", str(documents / name)]
        command += ["--data-dir", str(directory)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own program
    return directory


class Screen:
    """A screen with the page on it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.sessions: list[str] = []
        page.on("request", self._notice)

    def _notice(self, request: Request) -> None:
        if found := re.search(r"/sessions/([\w-]+)/events", request.url):
            self.sessions.append(found[1])

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.address}/kiosk{query}")
        # It looked whether the server is there, and knows who is to be talked to.
        expect(self.page.locator("#still")).to_be_visible()

    def state(self, name: str) -> None:
        self.page.evaluate(WITHIN, [name, 30_000])

    def touch(self) -> None:
        # A second touch within half a second is taken for the same finger.
        self.page.evaluate("day.skipped += 1000")
        self.page.click("#button")

    def begin(self) -> None:
        self.touch()
        self.state("listening")

    def say(self, words: str) -> None:
        self.page.evaluate("wav => speech.say(wav)", flite(words))

    def pass_the_time(self, seconds: float) -> None:
        self.page.evaluate("seconds => void (day.skipped += seconds * 1000)", seconds)

    def text(self) -> str:
        return str(self.page.evaluate("document.documentElement.textContent"))

    def told(self, session: str) -> list[tuple[str, dict[str, Any]]]:
        """Every event of a session that is over."""
        told = httpx.get(f"{self.address}/sessions/{session}/events", timeout=20).text
        pairs = re.findall(r"event: (\S+)\n(?:id: \d+\n)?data: (.*)\n", told)
        return [(name, json.loads(data)) for name, data in pairs]


def screen_of(browser: Browser, address: str, size: tuple[int, int], wrong: list[str], **context: Any) -> Screen:
    made = browser.new_context(viewport={"width": size[0], "height": size[1]}, **context)
    page = made.new_page()

    def judge(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            wrong.append(message.text)

    page.on("console", judge)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(request.url))
    for script in ("witness.js", "voice.js", "kiosk.js"):
        page.add_init_script(path=HERE / script)
    return Screen(page, address)


@pytest.fixture
def screen(browser: Browser, address: str) -> Iterator[Screen]:
    wrong: list[str] = []
    screen = screen_of(browser, address, SMALL, wrong, has_touch=True)
    yield screen
    screen.page.context.close()
    assert [each for each in wrong if not each.startswith("about:")] == []


def test_a_visitor_asks_three_times_interrupts_and_leaves_nothing(screen: Screen) -> None:
    page = screen.page
    screen.open("?reset=6")
    screen.begin()
    page.evaluate("witness.watch([0.4, 0.55, 0.2, 0.2])")
    words, captions = [], []
    for question, answer in TURNS:
        asked = page.evaluate("performance.now()")
        screen.say(question)
        screen.state("speaking")
        assert page.text_content("#label") == "Touch to stop"
        page.evaluate("asked => witness.until(() => witness.heardSomething(asked))", asked)
        if os.environ.get("VISAVIS_UPDATE_SCREENSHOT") == "1" and "close" in question:
            page.set_viewport_size({"width": 720, "height": 1280})
            page.evaluate("witness.played(1.5)")
            page.screenshot(path=SCREENSHOT)
        screen.state("listening")
        captions.append(str(page.text_content("#caption")))
        words.append(str(page.text_content("#words")))
        assert answer in captions[-1]

    screen.say("where is the garden")
    screen.state("speaking")
    page.evaluate("witness.played(1)")
    page.click("#button")
    screen.state("listening")
    page.evaluate("witness.played(1)")
    pressed, sound = page.evaluate("[witness.pressed, witness.sound]")
    assert any(pressed - 500 < at < pressed and level > QUIET for at, level in sound)
    assert not any(pressed + 500 < at and level > QUIET for at, level in sound)

    # Nobody says anything any more: the page asks, waits, and forgets.
    expect(page.locator("#notice")).to_have_text("Are you still there?", timeout=10_000)
    screen.state("attract")
    assert not re.search(r"museum|garden|shop|door|morning|evening", screen.text())
    session = screen.sessions[0]
    assert screen.sessions == [session]
    with httpx.stream("GET", f"{screen.address}/sessions/{session}/events", timeout=10) as events:
        assert any("session.terminated" in line for line in events.iter_lines())
    assert httpx.get(f"{screen.address}/sessions/{session}").json()["state"] == "terminated"
    told = screen.told(session)
    assert [data["text"] for name, data in told if name == "transcript" and data["is_final"]][:3] == words
    ended = [data for name, data in told if name == "speech.ended"]
    assert [data["reason"] for data in ended] == ["completed"] * 3 + ["interrupted"]
    assert [data["text"] for data in ended[:3]] == captions

    screen.begin()
    assert len(set(screen.sessions)) == 2
    expect(page.locator("#title")).to_have_text("What would you like to know?")
    assert page.text_content("#words") == page.text_content("#caption") == ""


def test_a_touch_keeps_a_conversation_that_is_about_to_end(screen: Screen) -> None:
    screen.open("?reset=300")
    screen.begin()
    screen.pass_the_time(296)
    expect(screen.page.locator("#notice")).to_have_text("Are you still there?")
    screen.page.click("#button")
    expect(screen.page.locator("#notice")).to_be_hidden()
    screen.pass_the_time(290)
    screen.page.evaluate("witness.played(0.5)")
    # The touch has answered the question, and done nothing else.
    expect(screen.page.locator("body")).to_have_attribute("data-state", "listening")
    assert len(screen.sessions) == 1


def test_the_keyboard_is_enough_and_a_touch_while_it_listens_mutes(screen: Screen) -> None:
    screen.open()
    screen.page.keyboard.press("Space")
    screen.state("listening")
    for key, state, label in [("Enter", "muted", "Touch to talk"), ("Space", "listening", "I’m listening")]:
        screen.pass_the_time(1)
        screen.page.keyboard.press(key)
        expect(screen.page.locator("body")).to_have_attribute("data-state", state)
        expect(screen.page.locator("#label")).to_have_text(label)


def test_a_session_that_is_lost_is_replaced_silently(screen: Screen) -> None:
    screen.open()
    screen.begin()
    httpx.delete(f"{screen.address}/sessions/{screen.sessions[0]}", timeout=20)
    screen.state("connecting")
    expect(screen.page.locator("#notice")).to_be_hidden()
    screen.state("listening")
    assert len(screen.sessions) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [("NotAllowedError", "microphone is blocked"), ("NotFoundError", "there is no microphone")],
)
def test_without_a_microphone_it_says_so_and_tries_again(screen: Screen, name: str, words: str) -> None:
    screen.open()
    screen.page.evaluate("name => void (day.refusal = name)", name)
    screen.touch()
    expect(screen.page.locator("#notice")).to_contain_text(words)
    assert not re.search(r"type|keyboard|settings|browser", screen.text().replace("Visavis", ""), re.IGNORECASE)
    assert screen.sessions == []
    screen.page.evaluate("void (day.refusal = null)")
    screen.state("listening")
    expect(screen.page.locator("#notice")).to_be_hidden()


def test_a_full_server_is_asked_again(screen: Screen) -> None:
    screen.open()
    screen.page.route("**/sessions", lambda route: route.fulfill(status=503, json={"detail": "no room"}), times=1)
    screen.touch()
    expect(screen.page.locator("#notice")).to_contain_text("many people")
    screen.state("listening")
    expect(screen.page.locator("#notice")).to_be_hidden()


def test_it_recovers_from_a_restart_of_the_server(browser: Browser, data_dir: Path) -> None:
    wrong: list[str] = []
    with serving(data_dir, {}) as address:
        screen = screen_of(browser, address, SMALL, wrong)
        screen.open()
        screen.begin()
    screen.state("connecting")
    expect(screen.page.locator("#notice")).to_contain_text("right back", timeout=20_000)
    with serving(data_dir, {}, int(address.rpartition(":")[2])):
        screen.state("listening")
        assert len(set(screen.sessions)) == 2
        screen.page.context.close()
    assert wrong == []


def test_visitors_leave_no_connections_and_no_elements(screen: Screen) -> None:
    screen.open("?reset=3600")
    count = "document.getElementsByTagName('*').length"
    before = screen.page.evaluate(count)
    for _ in range(10):
        screen.begin()
        screen.pass_the_time(3600)
        screen.state("attract")
    assert screen.page.evaluate("day.peers.length") == 10
    assert screen.page.evaluate("day.open()") == 0
    assert screen.page.evaluate(count) <= before + 2
    assert screen.page.evaluate("speech.outlet.stream.active") is False


def test_leaving_the_page_ends_the_session(screen: Screen) -> None:
    screen.open()
    screen.begin()
    screen.page.goto(f"{screen.address}/healthz")
    with httpx.stream("GET", f"{screen.address}/sessions/{screen.sessions[0]}/events", timeout=10) as events:
        assert any("session.terminated" in line for line in events.iter_lines())


def test_a_persona_brings_its_avatar_and_its_greeting(screen: Screen) -> None:
    made: list[dict[str, Any]] = []

    def notice(route: Route) -> None:
        made.append(route.request.post_data_json or {})
        route.continue_()

    screen.page.route("**/sessions", notice)
    screen.open("?persona=guide&lang=zh-CN")
    expect(screen.page.locator("#label")).to_have_text("触摸说话")
    screen.touch()
    screen.state("speaking")
    expect(screen.page.locator("#caption")).to_contain_text("I am your guide to Visavis")
    assert made[-1] == {"avatar_id": "demo-avatar", "model": "", "persona_id": "guide"}


@pytest.mark.parametrize("size", SCREENS)
def test_it_fits(browser: Browser, address: str, size: tuple[int, int]) -> None:
    wrong: list[str] = []
    screen = screen_of(browser, address, size, wrong)
    screen.open()
    boxes = screen.page.evaluate(
        """["disc", "label", "title", "invitation"]
            .map((id) => document.getElementById(id).getBoundingClientRect())
            .map(({left, top, right, bottom}) => [left, top, right, bottom])"""
    )
    disc, label, title, invitation = boxes
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= size[0]
        assert bottom <= size[1]
    assert disc[2] - disc[0] >= 96
    assert title[3] <= invitation[1] + 1
    assert invitation[3] <= disc[1]
    assert disc[3] <= label[1]
    page = screen.page
    assert page.evaluate("[scrollX, scrollY, document.documentElement.scrollHeight]") == [0, 0, size[1]]
    page.context.close()
    assert wrong == []


def test_a_slash_too_much_leads_to_the_page(address: str) -> None:
    answer = httpx.get(f"{address}/kiosk/?lang=zh&reset=30", follow_redirects=True)
    assert answer.status_code == 200
    assert str(answer.url) == f"{address}/kiosk?lang=zh&reset=30"
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert not re.findall(r"<script(?![^>]*\bsrc=)|<style|\s(?:style|on\w+)=", answer.text)
