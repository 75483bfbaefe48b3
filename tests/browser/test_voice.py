"""Talking to the page: real flite speech into the microphone, the real recogniser, answers from documents."""

import base64
import io
import json
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.peers


MUSEUM = "# The museum\n\nThe museum opens at ten in the morning. The museum closes at six in the evening.\n"
STORY = "This is a long story about a man and his dog, who walked along the river every single day. " * 8


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    document = tmp_path_factory.mktemp("documents") / "museum.md"
    document.write_text(MUSEUM, "utf-8")
    command = [sys.executable, "-m", "visavis", "knowledge", "add", str(document), "--data-dir", str(directory)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own program
    return directory


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    here = Path(__file__).parent
    page.add_init_script(path=here / "witness.js")
    page.add_init_script(path=here / "voice.js")
    page.goto(address)
    yield page
    context.close()


def flite(text: str) -> str:
    """`text` as a WAV file, base64."""
    command = ["flite", "-voice", "rms", "-t", text, "-o", "/dev/stdout"]
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603  a Debian program
    return base64.b64encode(done.stdout).decode()


def cough() -> str:
    """A quarter of a second of noise that swells and fades."""
    rate = 16_000
    length = rate // 4
    noise = np.random.default_rng(7).normal(0, 6000, length) * np.hanning(length)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(noise.astype("<i2").tobytes())
    return base64.b64encode(file.getvalue()).decode()


class Visit:
    """A session on the page, with the microphone on."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        urls: list[str] = []
        page.on("request", lambda request: urls.append(request.url))
        page.click("#start:enabled")
        page.evaluate("witness.state('ready')")
        page.click("#microphone:enabled")
        page.evaluate(
            "witness.until(() => document.querySelector('#microphone').getAttribute('aria-pressed') === 'true')"
        )
        page.evaluate("witness.state('ready')")
        page.evaluate("witness.played(1)")
        page.evaluate("witness.watch([0.4, 0.55, 0.2, 0.2])")
        found = [match[1] for url in urls if (match := re.search(r"/sessions/([\w-]+)/events", url))]
        self.session = found[0]

    def say(self, wav: str) -> None:
        self.page.evaluate("wav => speech.say(wav)", wav)

    def until(self, condition: str) -> None:
        self.page.evaluate(f"witness.until(() => {condition})")

    def end(self) -> list[tuple[str, dict[str, object]]]:
        """End the session; every event it had."""
        httpx.delete(f"{self.address}/sessions/{self.session}", timeout=20)
        told = httpx.get(f"{self.address}/sessions/{self.session}/events", timeout=20).text
        pairs = re.findall(r"event: (\S+)\n(?:id: \d+\n)?data: (.*)\n", told)
        return [(name, json.loads(data)) for name, data in pairs]


def test_a_spoken_question_is_understood_and_answered_aloud_from_the_documents(page: Page, address: str) -> None:
    visit = Visit(page, address)
    visit.say(flite("when does the museum close"))
    visit.until("document.querySelector('#said').className === 'final'")
    words = page.text_content("#words")
    page.evaluate("witness.state('speaking')")
    visit.until("witness.heardSomething(0)")
    page.evaluate("witness.state('ready')")
    caption = page.text_content("#caption")
    told = visit.end()

    assert words == "when does the museum close"
    assert caption is not None
    assert "six" in caption
    assert "museum.md" in caption
    assert [data["reason"] for name, data in told if name == "speech.ended"] == ["completed"]


def test_small_sounds_do_not_interrupt_and_words_do(page: Page, address: str) -> None:
    visit = Visit(page, address)
    page.fill("#text", STORY)
    page.press("#text", "Enter")
    page.evaluate("witness.state('speaking')")
    page.evaluate("witness.played(1)")
    for small in (flite("yeah"), cough()):
        visit.say(small)
        page.evaluate("witness.played(1.5)")
        now = page.evaluate("performance.now()")
        visit.until(f"witness.heardSomething({now})")
    visit.say(flite("please stop talking now"))
    visit.until("document.querySelector('#said').className === 'final'")
    page.evaluate("witness.state('ready')")
    told = visit.end()

    ended = [data for name, data in told if name == "speech.ended"]
    assert [data["reason"] for data in ended] == ["interrupted", "completed"]
    assert STORY.startswith(str(ended[0]["heard"]))
    finals = [data["text"] for name, data in told if name == "transcript" and data["is_final"]]
    assert finals[-1] == "please stop talking now"
