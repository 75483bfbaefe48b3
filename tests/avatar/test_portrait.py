"""Avatars of photos and films, as the commands and every API make them."""

import json
import resource
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.api.pictures import bomb, encoded, portrait, turned
from tests.avatar.faces import LIPS, astronaut
from tests.avatar.films import nodding, write
from visavis.avatar import Avatar, Catalogue, Consent, make_portrait
from visavis.avatar.analysis import examination
from visavis.errors import InvalidInput, Unavailable
from visavis.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def base(settings: Settings) -> Avatar:
    return Catalogue(settings).avatar("demo-avatar")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return kept(tmp_path, portrait())


def kept(place: Path, content: bytes) -> Path:
    path = place / "sent"
    path.write_bytes(content)
    return path


def left_behind(settings: Settings) -> list[Path]:
    places = (settings.data_dir / name for name in ("avatars", "cache/portraits"))
    return [path for place in places if place.is_dir() for path in place.iterdir()]


def lips(avatar: Avatar) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array(avatar.metadata["animation"]["outer_lip"]) * (avatar.width, avatar.height)


def test_a_photo_becomes_an_avatar_that_says_where_its_face_is(
    settings: Settings, base: Avatar, photo: Path
) -> None:
    made = make_portrait(settings, photo, "Eileen", base, Consent("Eileen Collins", "portrait-1", 1_700_000_000))
    assert Catalogue(settings).avatar(made.id).manifest == made.manifest
    assert made.metadata["landmarks"] == "fitted"
    assert made.metadata["consent"] == {
        "by": "Eileen Collins",
        "at": "2023-11-14T22:13:20+00:00",
        "text": "portrait-1",
    }
    picture = cv2.imread(str(made.path / "reference.png"))
    assert picture is not None
    assert (picture.shape[1], picture.shape[0]) == (made.width, made.height)
    # The mouth of the new picture is where the manifest says: her teeth are the brightest there.
    x, y = (lips(made).min(0) + lips(made).max(0)) / 2
    assert picture[round(y) + 1, round(x)].min() > 170
    assert [path.name for path in left_behind(settings)] == [made.id]


def test_a_photo_from_far_away_is_cut_to_head_and_shoulders(
    settings: Settings, base: Avatar, tmp_path: Path
) -> None:
    whole = np.full((900, 1400, 3), (120, 130, 110), np.uint8)
    whole[200:712, 500:1012] = astronaut()
    made = make_portrait(settings, kept(tmp_path, encoded_as(whole, ".png")), "Eileen", base, None)
    assert (made.width, made.height) == pytest.approx((340, 384), abs=20)
    across = np.ptp(lips(made)[:, 0]) / np.ptp(LIPS[:, 0])
    assert across == pytest.approx(1.0, abs=0.1)


def encoded_as(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", kind: str) -> bytes:
    return cv2.imencode(kind, pixels)[1].tobytes()


def test_the_way_a_photo_is_held_is_applied_before_the_face_is_looked_for(
    settings: Settings, base: Avatar, tmp_path: Path
) -> None:
    lying = np.ascontiguousarray(np.rot90(astronaut()))
    photo = kept(tmp_path, turned(encoded_as(lying, ".jpg"), 6))
    made = make_portrait(settings, photo, "Eileen", base, None)
    assert abs(made.metadata["animation"]["head_tilt"]) < 6
    assert b"Somewhere" not in (made.path / "reference.png").read_bytes()


def test_points_that_somebody_moved_count_more_than_those_that_were_found(
    settings: Settings, base: Avatar, photo: Path
) -> None:
    found = make_portrait(settings, photo, "Eileen", base, None)
    picture = found.path / "reference.png"
    told = found.metadata["animation"]
    moved = {"outer_lip": [[x, y + 0.02] for x, y in told["outer_lip"]]}
    made = make_portrait(settings, picture, "Eileen", base, None, moved)
    assert made.metadata["landmarks"] == "given"
    assert lips(made) - lips(found) == pytest.approx(np.broadcast_to((0, 0.02 * made.height), (16, 2)), abs=1.5)


def test_eyes_and_lips_by_hand_need_no_face_that_is_found(
    settings: Settings, base: Avatar, tmp_path: Path
) -> None:
    drawn = np.full((400, 400, 3), 200, np.uint8)
    cv2.ellipse(drawn, (200, 260), (40, 14), 0, 0, 360, (60, 60, 180), -1)
    around = [[0.5 - 0.1 * np.cos(np.pi * i / 8), 0.65 - 0.035 * np.sin(np.pi * i / 8)] for i in range(16)]
    told = {"eye_centers": [[0.37, 0.4], [0.63, 0.4]], "outer_lip": around}
    photo = kept(tmp_path, encoded_as(drawn, ".png"))
    made = make_portrait(settings, photo, "Drawn", base, None, told)
    assert made.metadata["animation"]["mouth_center"] == pytest.approx([0.5, 0.65], abs=0.005)
    with pytest.raises(InvalidInput, match="no face was found"):
        make_portrait(settings, photo, "Drawn", base, None, {"chin": [0.5, 0.9]})


def test_a_picture_without_a_face_stays_still_if_that_is_wanted(
    settings: Settings, base: Avatar, tmp_path: Path
) -> None:
    made = make_portrait(settings, kept(tmp_path, encoded(".png")), "Flag", base, None, still=True)
    assert (made.width, made.height) == (128, 170)
    assert "animation" not in made.metadata


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(".png", 300, 300), "no face was found"),
        (bomb(20_000), "the image is 20000 x 20000 pixels; at most 25 million are taken"),
        (portrait()[: len(portrait()) // 2], "the image is cut off"),
        (b"GIF89a" + b"\xff\xff\xff\xff" + bytes(400), "the image has to be a JPEG, PNG or WebP file"),
        (b"hello", "the image has to be a JPEG, PNG or WebP file"),
        (b"", "the image has to be a JPEG, PNG or WebP file"),
        (b"\0\0\0\x18ftypisom" + bytes(500), "the video can't be decoded"),
        (b"\xff\xd8\xff\xe0" + bytes(11 * 1024 * 1024), "the image is larger than 10 MiB"),
    ],
    ids=["no face", "bomb", "truncated", "gif bomb", "text", "empty", "no film", "too many bytes"],
)
def test_what_will_not_do_is_refused_with_a_reason_and_leaves_nothing(
    settings: Settings, base: Avatar, tmp_path: Path, content: bytes, reason: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with pytest.raises(InvalidInput) as refusal:
        make_portrait(settings, kept(tmp_path, content), "x", base, None)
    assert refusal.value.message.startswith(reason)
    assert left_behind(settings) == []
    # The largest child so far: what was refused took no memory worth speaking of.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before < 600 * 1024


def test_a_film_becomes_frames_with_a_mouth_in_each(settings: Settings, base: Avatar, tmp_path: Path) -> None:
    film = [nodding(number) for number in range(60)]
    path = write(tmp_path / "film.mp4", [picture for picture, _ in film])
    made = make_portrait(settings, path, "Eileen", base, None)
    assert made.metadata["reference_mode"] == "frames"
    assert made.fps == Fraction(25)
    frames = sorted((made.path / "frames").glob("*.jpg"))
    told = json.loads((made.path / "frames" / "mouth_metadata.json").read_text())["frames"]
    assert len(frames) == len(told) == 60
    size = np.array((made.width, made.height))
    measured = np.array([each["mouth_center"] for each in told]) * size
    true = np.array([(marks[0] + marks[8]) / 2 for _, marks in film])
    # As far as the head moved, the mouth did.
    moves, expected = measured - measured[0], true - true[0]
    assert np.hypot(*(moves - expected).T).max() < 2.0
    assert np.hypot(*expected.T).max() > 8
    angles = np.array([each["angle"] for each in told])
    assert np.ptp(angles) == pytest.approx(6, abs=1.5)


@pytest.mark.parametrize(
    ("frames", "fps", "reason"),
    [
        (10, 25, "the video is too short: it has to last 1 s at least"),
        (62, 1, "the video lasts 1 min; at most 60 s are taken"),
    ],
)
def test_films_of_the_wrong_length_are_refused(
    settings: Settings, base: Avatar, tmp_path: Path, frames: int, fps: int, reason: str
) -> None:
    grey = np.full((64, 64, 3), 90, np.uint8)
    path = write(tmp_path / "film.webm", [grey] * frames, fps)
    with pytest.raises(InvalidInput) as refusal:
        make_portrait(settings, path, "x", base, None)
    assert refusal.value.message.startswith(reason)
    assert left_behind(settings) == []


def test_a_film_without_a_face_is_refused(settings: Settings, base: Avatar, tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4", [np.full((128, 128, 3), 90, np.uint8)] * 30)
    with pytest.raises(InvalidInput, match="in the first seconds of the video no face was found"):
        make_portrait(settings, path, "x", base, None)


def test_consent_is_asked_for_where_the_settings_say_so(settings: Settings, base: Avatar, photo: Path) -> None:
    strict = settings.model_copy(update={"require_consent": True})
    with pytest.raises(InvalidInput, match="consent_by: this server makes avatars only of people who agreed"):
        make_portrait(strict, photo, "Eileen", base, None)
    assert make_portrait(strict, photo, "Eileen", base, Consent("Eileen")).metadata["consent"]["by"] == "Eileen"


@pytest.mark.parametrize("consent", [{"by": " "}, {"by": "a\nb"}, {"by": "x" * 201}, {"by": "Ada", "text": ""}])
def test_a_consent_that_nobody_can_read_is_refused(consent: Any) -> None:
    with pytest.raises(InvalidInput, match="consent_"):
        Consent(**consent)


def test_another_interpreter_that_can_not_do_it_says_so(settings: Settings, base: Avatar, photo: Path) -> None:
    for python in (sys.executable, str(photo)):
        wrong = settings.model_copy(update={"photo_python": python})
        with pytest.raises(Unavailable, match="VISAVIS_PHOTO_PYTHON"):
            make_portrait(wrong, photo, "Eileen", base, None)
    assert left_behind(settings) == []


def test_the_landmarks_of_another_interpreter_are_taken(
    settings: Settings, base: Avatar, photo: Path, tmp_path: Path
) -> None:
    found = make_portrait(settings, photo, "Eileen", base, None).metadata["animation"]
    told = {name: found[name] for name in ("outer_lip", "inner_mouth", "eye_outlines", "brows", "face_oval")}
    told |= {name: found[name] for name in ("eye_centers", "nose_tip")} | {"chin": [0.5, 0.77]}
    mesh = tmp_path / "python"
    mesh.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(told)}\nEND\n")
    mesh.chmod(0o755)
    precise = settings.model_copy(update={"photo_python": str(mesh)})
    made = make_portrait(precise, photo, "Eileen", base, None)
    assert made.metadata["landmarks"] == "mediapipe"
    assert made.metadata["animation"]["chin"] == [0.5, 0.77]


def test_what_takes_too_long_is_given_up(
    settings: Settings, base: Avatar, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(examination.TIMEOUT, "picture", 0.01)
    with pytest.raises(InvalidInput, match="it takes too long"):
        make_portrait(settings, photo, "Eileen", base, None)
    assert left_behind(settings) == []
