"""`visavis say`, run as a user runs it."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.media.test_webm import alphas

MINUTE = "Our quick brown fox jumps over the lazy dog, and then it rests in the warm sun for a while. " * 11


MOUTH = 3.0
"""Mean luma change that only a moving mouth makes; the head's sway makes less than 2."""


def say(*arguments: str, data_dir: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "visavis", "say", *arguments, "--data-dir", str(data_dir)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def span(stream: av.VideoStream | av.AudioStream) -> tuple[float, float]:
    """A stream's length and start, in seconds."""
    assert stream.duration is not None
    assert stream.time_base is not None
    return float(stream.duration * stream.time_base), float((stream.start_time or 0) * stream.time_base)


def frames(path: Path, kind: str) -> list[av.VideoFrame | av.AudioFrame]:
    with av.open(str(path)) as file:
        stream = file.streams.video[0] if kind == "video" else file.streams.audio[0]
        return [frame for frame in file.decode(stream) if isinstance(frame, (av.VideoFrame, av.AudioFrame))]


def test_a_minute_of_text_becomes_an_mp4_whose_sound_and_picture_begin_and_end_together(
    data_dir: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    done = say(MINUTE, "-o", str(target), data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    assert "rendering" in done.stderr

    with av.open(str(target)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (512, 512, Fraction(25))
        lengths, starts = zip(*(span(stream) for stream in (video, audio)), strict=True)
    frame = 1 / 25
    assert lengths[0] > 50
    assert abs(lengths[0] - lengths[1]) <= frame
    assert abs(starts[0] - starts[1]) <= frame

    mouth = mouth_motion(frames(target, "video"))
    sound = np.concatenate([each.to_ndarray()[0] for each in frames(target, "audio")])
    audible = np.flatnonzero(np.abs(sound) > 0.02) / 48_000
    moving = np.flatnonzero(mouth > MOUTH) / 25
    assert abs(moving[0] - audible[0]) <= 0.12
    assert abs(moving[-1] - audible[-1]) <= 0.2


def mouth_motion(pictures: list[av.VideoFrame | av.AudioFrame]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Mean change of the luma around the mouth, picture by picture."""
    luma = [picture.to_ndarray()[280:340, 220:290].astype(float) for picture in pictures]
    return np.array([0.0, *(np.abs(after - before).mean() for before, after in zip(luma, luma[1:], strict=False))])


def test_text_comes_from_standard_input_too(data_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    done = say("-", "--avatar", "demo-avatar", "-o", str(target), data_dir=data_dir, stdin="Hello from a pipe.")
    assert done.returncode == 0, done.stderr
    assert target.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Hello.", "--avatar", "nobody"], "avatar not found"),
        (["Hello.", "--model", "nothing"], "unknown face provider"),
        (["Hello.", "--tts", "nothing"], "unknown tts provider"),
        (["  "], "text is empty"),
        (["Hello.", "--background", "transparent"], ".webm"),
        (["Hello.", "--background", "nowhere.png"], "no background 'nowhere.png'"),
        (["Hello.", "--background", "green", "--model", "mock"], "'mock'"),
    ],
)
def test_what_can_not_be_said_leaves_a_message_and_no_file(
    arguments: list[str], message: str, data_dir: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    done = say(*arguments, "-o", str(target), data_dir=data_dir)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_is_named(data_dir: Path, tmp_path: Path) -> None:
    done = say("Hello.", "-o", str(tmp_path / "missing" / "out.mp4"), data_dir=data_dir)
    assert done.returncode == 1
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_is_behind_the_person(data_dir: Path, tmp_path: Path) -> None:
    wall = tmp_path / "my wall.png"
    assert cv2.imwrite(str(wall), np.zeros((90, 160, 3), np.uint8))
    target = tmp_path / "out.mp4"
    done = say("Hello.", "--background", str(wall), "-o", str(target), data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    assert all(frame.to_ndarray()[:20, :20].max() < 20 for frame in frames(target, "video"))


def test_a_transparent_film_has_alpha(data_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.webm"
    done = say("Hello, you.", "--background", "transparent", "-o", str(target), data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    found = alphas(target)
    assert len(found) == len(frames(target, "video"))
    for alpha in found:
        assert alpha[:30, :30].max() == alpha[:30, -30:].max() == 0
        assert alpha[200:360, 200:312].min() == 255
        # Between the two lies an edge that is soft: about a pixel on either side of the person, in each row.
        assert 500 < ((alpha > 20) & (alpha < 235)).sum() < 4000
