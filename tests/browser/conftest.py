"""A real server and a real browser."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

READY = re.compile(r"ready: (http://\S+)/")

ARGUMENTS = [
    "--no-sandbox",  # the tests run as root in CI
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps everything."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """What the server's environment has besides ours."""
    return {}


@contextmanager
def serving(data_dir: Path, settings: dict[str, str], port: int = 0) -> Iterator[str]:
    """`visavis serve`, and where it listens."""
    command = [sys.executable, "-m", "visavis", "serve", "--port", str(port), "--data-dir", str(data_dir)]
    environment = os.environ | settings
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:  # noqa: S603  ours
        assert server.stderr is not None
        said: deque[str] = deque(maxlen=50)
        try:
            for line in server.stderr:
                said.append(line)
                if found := READY.search(line):
                    # Read on, or the server blocks when the pipe is full.
                    threading.Thread(target=said.extend, args=(server.stderr,), daemon=True).start()
                    yield found[1]
                    break
            else:
                pytest.fail("the server did not start:\n" + "".join(said))
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module")
def address(data_dir: Path, settings: dict[str, str]) -> Iterator[str]:
    """Where the server of a module's tests listens."""
    with serving(data_dir, settings) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole test session: until it is closed no event loop of other tests can run."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened at desktop size; a script error or a request elsewhere fails the test."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url))
    # What a page's policy forbids is announced, but never leaves the browser.
    page.on("requestfailed", lambda request: wrong.remove(request.url) if request.failure == "csp" else None)
    page.add_init_script(path=Path(__file__).parent / "witness.js")
    page.goto(address)
    yield page
    context.close()
    assert [each for each in wrong if not each.startswith((address, "about:", "blob:"))] == []
