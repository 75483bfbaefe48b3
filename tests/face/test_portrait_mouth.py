import numpy as np
import pytest

from visavis.face.portrait import mouth as drawing
from visavis.face.portrait.canvas import Palette
from visavis.face.portrait.mouth import Build, Spot
from visavis.face.portrait.paint import YUVA, colour
from visavis.face.portrait.pose import Mouth
from visavis.face.portrait.visemes import VISEMES, spoken

SPOT = Spot(100.0, 60.0, 0.0, 1.0)
BUILD = Build(35.0, 8.0, 11.0, 5.0)
LIPS = colour("c4656a")[2]
"""V of lips is well above that of anything else in a mouth but the tongue's."""


def drawn(mouth: Mouth, spot: Spot = SPOT) -> YUVA:
    """On a field of 200 x 140, as it was laid."""
    patch, left, top = drawing.draw(mouth, spot, BUILD, Palette())
    field = np.zeros((140, 200, 4), dtype=np.uint8)
    field[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
    return field


def dark(picture: YUVA) -> int:
    """Pixels as dark as the inside of a mouth."""
    return int(((picture[:, :, 3] > 250) & (picture[:, :, 0] < 55)).sum())


def teeth(picture: YUVA) -> int:
    return int(((picture[:, :, 3] > 250) & (picture[:, :, 0] > 180)).sum())


def extent(picture: YUVA, axis: int) -> int:
    """How far lips reach, in pixels."""
    return int((picture[:, :, 3] > 200).any(axis=axis).sum())


@pytest.mark.parametrize("phoneme", ["m", "b", "p"])
def test_given_a_bilabial_then_no_inside_of_the_mouth_shows(phoneme: str) -> None:
    picture = drawn(spoken(phoneme)[0].mouth)
    assert dark(picture) == 0
    assert teeth(picture) == 0


def test_given_pressed_lips_then_they_are_thinner_and_stay_closed_whatever_the_jaw_does() -> None:
    assert extent(drawn(Mouth(press=1.0)), 1) < extent(drawn(Mouth()), 1)
    assert dark(drawn(Mouth(press=1.0, jaw=0.4))) == 0


def test_given_vowels_then_the_inside_shows_the_more_the_wider_they_are() -> None:
    assert dark(drawn(VISEMES["aa"].mouth)) > dark(drawn(VISEMES["E"].mouth)) > dark(drawn(VISEMES["I"].mouth))


def test_given_f_then_teeth_stand_on_the_lower_lip_and_no_dark_shows() -> None:
    picture = drawn(VISEMES["FF"].mouth)
    assert teeth(picture) > 60
    assert dark(picture) == 0


def test_given_a_hiss_then_both_rows_of_teeth_show() -> None:
    assert teeth(drawn(VISEMES["SS"].mouth)) > 1.5 * teeth(drawn(VISEMES["FF"].mouth))


@pytest.mark.parametrize("name", ["TH", "nn", "DD"])
def test_given_a_sound_of_the_tongue_then_it_can_be_seen(name: str) -> None:
    with_tongue, without = drawn(VISEMES[name].mouth), drawn(_without_tongue(VISEMES[name].mouth))
    assert (np.abs(with_tongue.astype(int) - without).max(axis=2) > 30).sum() > 40


def test_given_rounding_then_lips_are_narrow_and_thick() -> None:
    who, see = drawn(VISEMES["U"].mouth), drawn(VISEMES["I"].mouth)
    assert extent(who, 0) < 0.6 * extent(see, 0)
    assert extent(who, 1) - dark(who) / extent(who, 0) > extent(drawn(Mouth()), 1)


def test_given_a_wide_jaw_then_the_upper_lip_and_teeth_stay_and_the_lower_lip_falls() -> None:
    rest, wide = drawn(Mouth()), drawn(Mouth(jaw=1.0, upper=1.0))
    first = [int(np.nonzero(picture[:, 100, 3] > 200)[0][0]) for picture in (rest, wide)]
    last = [int(np.nonzero(picture[:, 100, 3] > 200)[0][-1]) for picture in (rest, wide)]
    assert first[0] - first[1] < 7
    assert last[1] - last[0] > 15


@pytest.mark.parametrize("name", ["O", "U", "CH", "aa", "E", "I"])
def test_given_an_open_mouth_then_nothing_dark_is_drawn_beyond_its_corners(name: str) -> None:
    # Where the lips end, the curves of all parts are one: only the soft shade may go on.
    for y in (60.0, 60.25, 60.5):
        picture = drawn(VISEMES[name].mouth, Spot(100.0, y, 0.0, 1.0))
        columns = np.nonzero((picture[:, :, 3] > 200).any(axis=0))[0]
        beyond = np.concatenate((picture[:, : columns[0] - 1], picture[:, columns[-1] + 2 :]), axis=1)
        assert 0 < beyond[:, :, 3].max() < 130


def test_given_round_lips_then_their_outline_has_no_steps() -> None:
    alpha = drawn(VISEMES["O"].mouth)[:, :, 3].astype(int)
    inside = np.nonzero((alpha > 128).any(axis=0))[0]
    # Beside the corners the outline is steep: a hard edge would go from nothing to all within a pixel.
    steps = np.abs(np.diff(alpha, axis=1))[:, inside[0] - 2 : inside[0] + 5]
    assert np.sort(steps.max(axis=1))[-3] < 215


def test_given_half_a_pixel_then_the_edges_move_half_a_pixel() -> None:
    here, there = drawn(Mouth()), drawn(Mouth(), Spot(100.0, 60.5, 0.0, 1.0))
    step = np.abs(here[:, :, 3].astype(int) - there[:, :, 3])
    assert 0 < step.max() < 200


def test_given_nonsense_in_a_manifest_then_the_defaults_count() -> None:
    assert Palette.of({"upper": "red", "teeth": 7, "what": "112233"}) == Palette()
    assert Palette.of(["upper"]) == Palette()
    assert Palette.of({"upper": "112233"}).upper == colour("112233")
    assert Build.of({"width": "wide", "lower": 12}) == Build(lower=12.0)


def _without_tongue(mouth: Mouth) -> Mouth:
    return Mouth(**{name: getattr(mouth, name) for name in mouth.__slots__ if name != "tongue"})
