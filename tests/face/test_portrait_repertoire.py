import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from visavis.avatar import Avatar
from visavis.face.portrait import repertoire
from visavis.face.portrait.loops import digest
from visavis.face.portrait.motion import MOTIONS, Motion, length
from visavis.face.portrait.repertoire import BUDGET, Repertoire, allowed
from visavis.media.pictures import I420

SIZE = 16, 12


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repertoire, "REST", 0.0)


class Painter:
    """Draws frames that say which they are."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Motion, int]] = []

    def __call__(self, name: Motion, index: int) -> I420:
        self.drawn.append((name, index))
        frame = np.full((SIZE[1] * 3 // 2, SIZE[0]), index, dtype=np.uint8)
        frame[0, 0] = MOTIONS.index(name)
        return frame


def made(folder: Path, avatar: Avatar, draw: Painter) -> Repertoire:
    return Repertoire(folder, avatar, SIZE, draw)


def test_given_a_new_portrait_then_only_its_idle_motion_is_drawn(tmp_path: Path, avatar: Avatar) -> None:
    draw = Painter()
    found = made(tmp_path, avatar, draw)
    assert list(found) == ["idle"]
    assert draw.drawn == [("idle", index) for index in range(100)]


def test_given_a_motion_is_asked_for_then_it_is_there_later(tmp_path: Path, avatar: Avatar) -> None:
    found = made(tmp_path, avatar, Painter())
    assert found.get("think") is None
    found.complete()
    clip = found["think"]
    assert (len(clip), clip.key_interval) == (100, 25)
    assert found.motion(clip) == "think"
    assert clip.frames[30][0, 0] == MOTIONS.index("think")


def test_given_a_motion_that_shares_seconds_then_they_are_drawn_and_kept_once(
    tmp_path: Path, avatar: Avatar
) -> None:
    draw = Painter()
    found = made(tmp_path, avatar, draw)
    assert found.get("nod") is None
    found.complete()
    assert [index for name, index in draw.drawn if name == "nod"] == [*range(25), *range(50, 75)]
    nod, listen = MOTIONS.index("nod"), MOTIONS.index("listen")
    assert [found["nod"].frames[at][0, 0] for at in (0, 24, 25, 49, 50, 74, 75, 99)] == [
        *(nod, nod, listen, listen),
        *(nod, nod, listen, listen),
    ]
    assert [frame[1, 1] for frame in found["nod"].frames] == list(range(100))
    assert [frame[1, 1] for frame in found["nod"].frames[23:27]] == [23, 24, 25, 26]


def test_given_motions_on_disk_then_nothing_is_drawn(tmp_path: Path, avatar: Avatar) -> None:
    first = made(tmp_path, avatar, Painter())
    assert first.get("nod") is None
    first.complete()
    draw = Painter()
    again = made(tmp_path, avatar, draw)
    assert again.get("nod") is None
    again.complete()
    assert again["nod"] == first["nod"]
    assert draw.drawn == []


def test_given_another_size_or_rate_then_it_has_clips_of_its_own(tmp_path: Path, avatar: Avatar) -> None:
    keys = {made(tmp_path, replace(avatar, fps=Fraction(fps)), Painter())["idle"].key for fps in (24, 25, 30)}
    assert len(keys) == 3
    assert len(list(tmp_path.glob("*.i420"))) == 3


def test_given_changed_files_then_what_was_drawn_before_is_deleted(tmp_path: Path, avatar: Avatar) -> None:
    old = "0123456789abcdef"
    gone = [
        f"{avatar.id}-idle-512x512-{old}.i420",
        f"{avatar.id}-idle-512x512-{old}.lock",
        f"{avatar.id}-idle-16x12-25fps-{old}.vp8.loop",
        f"{avatar.id}-idle-16x12-25fps-{digest(avatar)}.{'0' * 32}",
    ]
    kept = [
        f"{avatar.id}-idle-16x12-25fps-{old}",
        f"other-idle-16x12-{old}.i420",
        f"{avatar.id}-still-1x1-{old}.x",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).touch()
    made(tmp_path, avatar, Painter())
    names = {path.name for path in tmp_path.iterdir()}
    assert names.isdisjoint(gone)
    assert names.issuperset(kept)


def test_given_a_disk_that_fails_then_the_motion_stays_away(
    tmp_path: Path, avatar: Avatar, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(Painter):
        def __call__(self, name: Motion, index: int) -> I420:
            if name == "think":
                raise OSError(28, "No space left on device")
            return super().__call__(name, index)

    found = made(tmp_path, avatar, Full())
    assert found.get("think") is None
    found.complete()
    assert found.get("think") is None
    assert list(found) == ["idle"]
    assert "think" in caplog.text
    assert str(tmp_path) not in caplog.text


def test_all_motions_fit_the_budget_at_the_usual_size() -> None:
    assert allowed((512, 512), 25) == set(MOTIONS)
    assert BUDGET >= 26 * 25 * 512 * 768


def test_given_a_large_picture_then_there_are_fewer_motions() -> None:
    assert allowed((1280, 1280), 25) == {"idle", "speak-a"}
    assert allowed((512, 512), 30) == set(MOTIONS) - {"idle-b"}


def test_the_longest_motion_is_as_long_as_the_first(tmp_path: Path, avatar: Avatar) -> None:
    found = made(tmp_path, avatar, Painter())
    for name in MOTIONS:
        found.get(name)
    found.complete()
    assert {len(found[name]) for name in MOTIONS} == {length(avatar.fps)}


ENDING = """
import sys
from pathlib import Path
import numpy as np
from visavis.avatar import bundle
from visavis.face.portrait import repertoire
repertoire.GRACE = 0.0
frame = np.zeros((18, 16), np.uint8)
folder, avatar = Path(sys.argv[1]), bundle.read(Path(sys.argv[2]))
made = repertoire.Repertoire(folder, avatar, (16, 12), lambda name, index: frame)

begun = made.get("speak-a"), made.get("listen")
"""


def test_given_the_process_ends_then_drawing_does_and_nothing_half_drawn_stays(
    tmp_path: Path, avatar: Avatar
) -> None:
    command = [sys.executable, "-c", ENDING, str(tmp_path), str(avatar.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  # our own code
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".i420", ".lock"}
