"""A transparent film over a page, in a real browser."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.peers

PAGE = """<body style="margin: 0; background: rgb(255, 0, 0)">
<video src="film.webm" width="512" height="512" muted style="display: block"></video>"""

SHOWN = """async () => {
    const film = document.querySelector("video");
    const shown = new Promise((resolve) => film.requestVideoFrameCallback(resolve));
    film.currentTime = 0.5;
    await shown;
}"""


def test_the_page_is_seen_behind_the_person(browser: Browser, tmp_path: Path) -> None:
    film = tmp_path / "film.webm"
    command = [sys.executable, "-m", "visavis", "say", "Hello there.", "--background", "transparent"]
    command += ["-o", str(film), "--data-dir", str(tmp_path / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603  our own
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    page = browser.new_page(viewport={"width": 512, "height": 512})
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    page.evaluate(SHOWN)
    page.screenshot(path=tmp_path / "seen.png")
    page.close()
    seen = cv2.imread(str(tmp_path / "seen.png"))
    assert seen is not None
    for corner in (seen[:30, :30], seen[:30, -30:]):
        assert np.abs(corner.astype(int) - (0, 0, 255)).max() <= 2
    # A face, and no red: skin is light in all colours.
    assert seen[130:170, 240:270].min() > 120
