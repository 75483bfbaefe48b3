import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.face.astronaut import DISTORTIONS, animation, distorted, picture, portrait
from visavis.avatar import Avatar, bundle
from visavis.errors import InvalidInput
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.photo import Photo
from visavis.face.portrait.photo.marks import read
from visavis.face.portrait.pose import Look, Mouth
from visavis.face.portrait.visemes import VISEMES
from visavis.media.pictures import Loop
from visavis.testing.face import check_face

AA = Look(VISEMES["aa"].mouth)


def changed(photo: Photo, look: Look = AA, index: int = 0) -> int:
    """Pixels of luma that `look` changes clearly."""
    at = Loop(photo.clips["idle"], index)
    height = at.clip.height
    return int((np.abs(photo.draw(at, look)[:height].astype(int) - at.pixels[:height]) > 12).sum())


def made(folder: Path, files: dict[str, Any], metadata: dict[str, Any], **manifest: Any) -> Avatar:
    """A bundle with these pictures, 320 pixels wide."""
    path = folder / "bundle"
    for name, found in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(found, np.ndarray):
            cv2.imwrite(str(place), found)
        else:
            place.write_text(json.dumps(found), "utf-8")
    whole = {"id": "bundle", "fps": 5, "sample_rate": 16000, "width": 320, "height": 320} | manifest
    (path / "manifest.json").write_text(json.dumps(whole | {"metadata": metadata}), "utf-8")
    return bundle.read(path)


def shifted(pixels: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The astronaut at 320 pixels, moved to the right."""
    small = cv2.resize(picture(), (320, 320), interpolation=cv2.INTER_AREA)
    return np.roll(small, pixels, axis=1).astype(np.uint8)


@pytest.mark.parametrize("how", DISTORTIONS)
def test_every_distortion_of_a_portrait_talks(tmp_path: Path, how: Any) -> None:
    avatar = portrait(tmp_path, how, fps=2)
    photo = Photo(avatar, tmp_path / "loops")
    assert changed(photo) > 150
    assert photo.clips["idle"].width == distorted(how)[0].shape[1]


@pytest.mark.parametrize(
    ("model_type", "file", "fps"),
    [
        ("mock", "reference.png", 25),
        ("flashtalk", "reference.jpg", 24),
        ("flashhead", "reference.jpeg", 30),
        ("wav2lip", "frames/0001.jpg", 25),
        ("quicktalk", "preview.png", 30),
        ("musetalk", "full_frames/00000000.png", 25),
    ],
)
async def test_bundles_of_all_models_talk(tmp_path: Path, model_type: str, file: str, fps: int) -> None:
    # Without anything but the mouth, as OpenTalking's own bundles have it.
    marks = {key: value for key, value in animation().items() if key in ("mouth_center", "mouth_rx", "mouth_ry")}
    size = {"width": 160, "height": 160}
    avatar = made(tmp_path, {file: shifted(0)}, {"animation": marks}, model_type=model_type, fps=fps, **size)
    photo = Photo(avatar, tmp_path / "loops")
    assert changed(photo) > 40
    await check_face(PortraitFace(photo))


@pytest.mark.parametrize(("width", "height"), [(1281, 721), (65, 97)])
def test_given_odd_or_large_sizes_then_the_sides_are_even_and_it_talks(
    tmp_path: Path, width: int, height: int
) -> None:
    photo = Photo(portrait(tmp_path, width=width, height=height, fps=1), tmp_path / "loops")
    clip = photo.clips["idle"]
    assert (clip.width, clip.height) == (width // 2 * 2, height // 2 * 2)
    assert changed(photo) > 5


@pytest.mark.parametrize("count", [2, 6, 14])
async def test_given_frames_then_they_are_played_forth_and_back(tmp_path: Path, count: int) -> None:
    frames = {f"frames/{index:04d}.png": shifted(index * 2) for index in range(count)}
    avatar = made(tmp_path, frames, {"reference_mode": "frames", "animation": animation()}, model_type="wav2lip")
    photo = Photo(avatar, tmp_path / "loops")
    clip = photo.clips["idle"]
    assert len(clip) % clip.key_interval == 0
    if count == 14:
        assert (len(clip), clip.key_interval) == (20, 5)  # 11 of 14 there, 9 back: whole key intervals
    half = len(clip) // 2
    for index in range(1, half):
        assert np.array_equal(clip.frames[index], clip.frames[len(clip) - index])
    assert not np.array_equal(clip.frames[0], clip.frames[half])
    await check_face(PortraitFace(photo))


def test_given_a_mouth_for_each_frame_then_it_is_animated_where_it_is(tmp_path: Path) -> None:
    marks = animation()
    middle = read(marks, 320, 320)
    assert middle is not None
    x, y, rx = middle.mouth.x / 320, middle.mouth.y / 320, middle.mouth.unit / 320
    files: dict[str, Any] = {f"frames/{index:04d}.png": shifted(index * 6) for index in range(6)}
    mouths = [
        {"mouth_center": [x + index * 6 / 320, y], "mouth_rx": rx, "angle": math.degrees(middle.mouth.angle)}
        for index in range(6)
    ]
    files["frames/mouth_metadata.json"] = {"frames": mouths}
    photo = Photo(made(tmp_path, files, {"reference_mode": "frames", "animation": marks}), tmp_path / "loops")
    first, last = Loop(photo.clips["idle"], 0), Loop(photo.clips["idle"], 5)
    one, other = (np.abs(photo.draw(at, AA)[:320].astype(int) - at.pixels[:320]) for at in (first, last))
    # The same mouth, 30 pixels further on.
    assert np.abs(one[:, 60:220] - other[:, 90:250]).mean() < 0.2
    assert one.max() > 60


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"frames": [1, {"mouth_center": "x"}, {"mouth_center": [9, 9]}]}']
)
def test_given_strange_places_in_the_frames_then_the_manifests_one_is_used(tmp_path: Path, content: str) -> None:
    files: dict[str, Any] = {f"frames/{index:04d}.png": shifted(0) for index in range(4)}
    files["frames/mouth_metadata.json"] = json.loads(content)
    avatar = made(tmp_path, files, {"reference_mode": "frames", "animation": animation()})
    photo = Photo(avatar, tmp_path / "loops")
    assert changed(photo, index=1) > 100


def test_given_places_that_are_no_json_then_the_input_is_invalid(tmp_path: Path) -> None:
    files: dict[str, Any] = {f"frames/{index:04d}.png": shifted(0) for index in range(4)}
    avatar = made(tmp_path, files, {"reference_mode": "frames", "animation": animation()})
    (avatar.path / "frames" / "mouth_metadata.json").write_text("{", "utf-8")
    with pytest.raises(InvalidInput):
        Photo(avatar, tmp_path / "loops")


def test_given_a_frame_that_is_no_picture_then_the_input_is_invalid(tmp_path: Path) -> None:
    files: dict[str, Any] = {f"frames/{index:04d}.png": shifted(0) for index in range(4)}
    avatar = made(tmp_path, files, {"reference_mode": "frames", "animation": animation()})
    (avatar.path / "frames" / "0001.png").write_bytes(b"nothing")
    with pytest.raises(InvalidInput):
        Photo(avatar, tmp_path / "loops")


def test_given_no_picture_then_the_input_is_invalid(tmp_path: Path) -> None:
    avatar = portrait(tmp_path)
    (avatar.path / "reference.png").unlink()
    with pytest.raises(InvalidInput):
        Photo(avatar, tmp_path / "loops")


NO_MOUTH: list[object] = [
    None,
    [],
    "mouth",
    {},
    {"mouth_center": [0.5, 0.6]},
    {"mouth_center": [math.nan, 0.6], "mouth_rx": 0.1, "mouth_ry": 0.05},
    {"mouth_center": [0.5, 0.6], "mouth_rx": 0.0, "mouth_ry": 0.05},
    {"mouth_center": [0.5, 0.6], "mouth_rx": math.inf, "mouth_ry": 0.05},
    {"mouth_center": [0.5, 0.6], "mouth_rx": "0.1", "mouth_ry": 0.05},
    {"mouth_center": [1.5, 0.6], "mouth_rx": 0.1, "mouth_ry": 0.05},
    {"mouth_center": [0.5, 0.6], "mouth_rx": 0.001, "mouth_ry": 0.001},
    {"mouth_center": [10**400, 0.6], "mouth_rx": 0.1, "mouth_ry": 0.05},
]


@pytest.mark.parametrize("marks", NO_MOUTH)
def test_given_no_sensible_mouth_then_it_is_a_still_picture(tmp_path: Path, marks: object) -> None:
    photo = Photo(made(tmp_path, {"reference.png": shifted(0)}, {"animation": marks}), tmp_path / "loops")
    assert changed(photo) == 0
    frames = photo.clips["idle"].frames
    assert np.array_equal(frames[0], frames[len(frames) // 2])


def test_given_a_mouth_at_the_rim_then_it_talks_without_a_crash(tmp_path: Path) -> None:
    for number, centre in enumerate([(0.02, 0.5), (0.98, 0.02), (0.5, 0.985)]):
        marks = {"mouth_center": list(centre), "mouth_rx": 0.1, "mouth_ry": 0.04}
        avatar = made(tmp_path / str(number), {"reference.png": shifted(0)}, {"animation": marks}, fps=1)
        assert changed(Photo(avatar, tmp_path / "loops")) > 5


def test_given_numbers_beyond_their_range_then_it_draws_what_it_can(tmp_path: Path) -> None:
    photo = Photo(portrait(tmp_path, fps=1), tmp_path / "loops")
    for value in (-5.0, 5.0):
        mouth = Mouth(*[value] * len(Mouth.__slots__))
        assert changed(photo, Look(mouth, brow=value, lids=value)) > 0


_PLACE = st.lists(st.floats(allow_nan=True, width=32) | st.integers(-2, 2) | st.text(max_size=2), max_size=3)
_VALUE = st.floats(-0.5, 1.5) | st.none() | st.just(math.nan) | _PLACE | st.lists(_PLACE, min_size=2, max_size=16)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    broken=st.dictionaries(st.sampled_from(sorted(animation())), _VALUE, max_size=5),
    moved=st.tuples(st.floats(-1, 1), st.floats(0.0, 4.0)),
    which=st.sampled_from(sorted(animation())),
)
def test_whatever_the_marks_are_reading_them_raises_nothing(
    broken: dict[str, Any], moved: tuple[float, float], which: str
) -> None:
    def changed_by(value: Any) -> Any:
        if isinstance(value, list):
            return [changed_by(each) for each in value]
        return value * moved[1] + moved[0]

    marks = animation()
    marks[which] = changed_by(marks[which])
    found = read(marks | broken, 320, 320)
    if found is not None:
        assert math.isfinite(found.chin + found.nose + found.mouth.unit + found.face.unit)
        assert found.mouth.unit >= 4


@pytest.mark.parametrize("which", sorted(set(animation()) - {"mouth_center", "mouth_rx", "mouth_ry"}))
def test_given_one_strange_mark_then_it_talks_with_the_others(tmp_path: Path, which: str) -> None:
    for value in (0.4, "gone", None, [], [[0.5, 0.5]] * 16, [[[0.5, 0.5]] * 8] * 2, [0.1, 0.9]):
        assert read(animation() | {which: value}, 96, 96) is not None
    marks = animation()
    del marks[which]
    avatar = made(tmp_path, {"reference.png": shifted(0)}, {"animation": marks}, width=96, height=96, fps=1)
    assert changed(Photo(avatar, tmp_path / "loops")) > 20
