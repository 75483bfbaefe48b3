from itertools import pairwise

import pytest

from visavis.face.portrait.expression import CHANGE, FEELINGS, NEUTRAL, Expressions, Feeling
from visavis.face.portrait.pose import PLAIN, Look, Mouth
from visavis.face.portrait.visemes import VISEMES
from visavis.speech_text.expressions import EXPRESSIONS
from visavis.tts import Mark


def expressions(*marks: tuple[int, str], before: Feeling = NEUTRAL) -> Expressions:
    made = Expressions(before)
    made.add(Mark("expression", start, name) for start, name in marks)
    return made


def test_every_expression_of_a_text_has_a_face() -> None:
    assert set(FEELINGS) == set(EXPRESSIONS)
    assert len({*FEELINGS.values()}) == len(EXPRESSIONS)


def test_an_expression_comes_smoothly_and_stays_until_the_next() -> None:
    found = expressions((4800, "smile"), (96_000, "serious"))
    smiles = [found.at(time).smile for time in range(0, 120_000, 480)]
    assert smiles[0] == 0
    assert smiles[(4800 + CHANGE) // 480] == smiles[90_000 // 480] == FEELINGS["smile"].smile
    assert smiles[-1] == FEELINGS["serious"].smile
    assert max(abs(b - a) for a, b in pairwise(smiles)) < 0.12


def test_given_a_change_before_the_last_has_come_then_it_goes_on_from_there() -> None:
    found = expressions((0, "surprised"), (CHANGE // 2, "neutral"))
    brows = [found.at(time).brow for time in range(0, 2 * CHANGE, 48)]
    assert 0.3 < max(brows) < 0.8
    assert max(abs(b - a) for a, b in pairwise(brows)) < 0.02
    assert brows[-1] == 0


def test_given_nothing_is_asked_for_then_what_showed_before_fades() -> None:
    found = expressions(before=FEELINGS["smile"])
    assert found.at(0) == FEELINGS["smile"]
    assert found.at(CHANGE) == NEUTRAL


def test_other_marks_and_names_are_passed_over() -> None:
    found = Expressions(NEUTRAL)
    found.add([Mark("word", 0, "smile"), Mark("expression", 0, "bored")])
    assert found.at(9600) == NEUTRAL


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("viseme", VISEMES)
def test_whatever_the_face_shows_the_lips_do_what_the_sound_needs(name: str, viseme: str) -> None:
    mouth = VISEMES[viseme].mouth
    shown = FEELINGS[name].over(Look(mouth)).mouth
    for part in ("jaw", "part", "press", "tuck", "upper", "lower", "tongue", "round"):
        assert getattr(shown, part) == getattr(mouth, part)
    assert -1 <= shown.spread <= 1


def test_rounded_lips_smile_less() -> None:
    smile = FEELINGS["smile"]
    assert smile.over(Look(Mouth(round=1.0))).mouth.smile < smile.over(PLAIN).mouth.smile


def test_the_neutral_face_changes_nothing() -> None:
    look = Look(Mouth(jaw=0.4), 0.2, -0.1)
    assert NEUTRAL.over(look) is look
    assert FEELINGS["neutral"].at_rest
