"""An avatar of a photo, made on the page: looked at, corrected, made, and it talks."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.pictures import encoded, portrait

pytestmark = pytest.mark.peers

SHOTS = os.environ.get("VISAVIS_SHOTS")
"""A directory for pictures of the page, for those who want to look at it."""


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def choose(page: Page, name: str, kind: str, content: bytes) -> None:
    page.set_input_files("#add-file", files={"name": name, "mimeType": kind, "buffer": content})


def agree(page: Page) -> None:
    page.fill("#maker-who", "Eileen Collins")
    page.check("#maker-agreed")


def test_a_photo_is_corrected_made_and_talks(page: Page, data_dir: Path) -> None:
    expect(page.locator("#add")).to_be_visible()
    shot(page, "lobby")
    choose(page, "Eileen.jpg", "image/jpeg", portrait())
    expect(page.locator("#maker-word")).to_contain_text("Is each point", timeout=30_000)
    expect(page.locator("#maker-points g")).to_have_count(11)
    expect(page.locator("#maker-name")).to_have_value("Eileen")
    expect(page.locator("#make")).to_be_disabled()
    agree(page)
    shot(page, "points")

    chin = page.get_by_role("button", name="Chin")
    before = chin.locator(".dot").bounding_box()
    assert before is not None
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 12, steps=4)
    page.mouse.up()
    after = chin.locator(".dot").bounding_box()
    assert after is not None
    assert abs(after["y"] - before["y"] - 12) < 2

    page.get_by_role("button", name="Left corner of the mouth").focus()
    page.keyboard.press("ArrowLeft")
    page.click("#make")
    expect(page.locator("#maker")).to_be_hidden(timeout=30_000)
    card = page.locator(".card:has(input:checked)")
    expect(card).to_contain_text("Eileen")
    (made,) = (data_dir / "avatars").glob("custom-Eileen-*/manifest.json")
    metadata = json.loads(made.read_text())["metadata"]
    assert metadata["landmarks"] == "given"
    assert (metadata["consent"]["by"], metadata["consent"]["text"]) == ("Eileen Collins", "portrait-1")
    shot(page, "made")

    page.click("#start:enabled")
    page.evaluate("witness.state('ready')")
    page.fill("#text", "Hello, I was a photo a minute ago.")
    page.press("#text", "Enter")
    page.evaluate("witness.state('speaking')")
    shot(page, "speaking")
    page.evaluate("witness.state('ready')")
    expect(page.locator("#caption")).to_have_text("Hello, I was a photo a minute ago.")


def test_points_follow_a_finger_on_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, "Eileen.jpg", "image/jpeg", portrait())
    expect(page.locator("#maker-word")).to_contain_text("Is each point", timeout=30_000)
    shot(page, "phone")
    dot = page.get_by_role("button", name="Left eye").locator(".dot")
    before = dot.bounding_box()
    assert before is not None
    finger = {"pointerId": 5, "pointerType": "touch", "isPrimary": True}
    start = {"clientX": before["x"] + 2, "clientY": before["y"] + 2}
    # A finger that nobody put on the glass can't be captured.
    page.evaluate("SVGElement.prototype.setPointerCapture = () => {}")
    group = page.get_by_role("button", name="Left eye")
    group.dispatch_event("pointerdown", finger | start)
    group.dispatch_event("pointermove", finger | {"clientX": start["clientX"] + 9, "clientY": start["clientY"]})
    after = dot.bounding_box()
    assert after is not None
    assert abs(after["x"] - before["x"] - 9) < 2


def test_a_picture_without_a_face_says_what_to_do(page: Page) -> None:
    choose(page, "flag.png", "image/png", encoded(".png", 300, 300))
    expect(page.locator("#maker-word")).to_contain_text("No face was found; use a photo", timeout=30_000)
    agree(page)
    expect(page.locator("#make")).to_be_disabled()
    shot(page, "no-face")
    choose(page, "letter.jpg", "image/jpeg", b"Dear Ada, this is a letter.")
    expect(page.locator("#maker-word")).to_contain_text("The image has to be a JPEG, PNG or WebP file")
    page.click("#maker-cancel")
    expect(page.locator("#maker")).to_be_hidden()
