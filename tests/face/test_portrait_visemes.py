import pytest

from visavis.face.portrait.visemes import VISEMES, spoken


@pytest.mark.parametrize(
    ("phoneme", "names"),
    [
        ("", ["sil"]),
        ("m", ["PP"]),
        ("p", ["PP"]),
        ("f", ["FF"]),
        ("θ", ["TH"]),
        ("ˈɑː", ["aa"]),
        ("oʊ", ["O", "U"]),
        ("aɪ", ["aa", "I"]),
        ("tʃ", ["CH"]),
        ("t͡ʃ", ["CH"]),
        ("dʒ", ["CH"]),
        ("tɕʰ", ["SS"]),
        ("w", ["U"]),
        ("l", ["nn"]),
        ("ɚ", ["RR"]),
        ("y", ["U"]),
        ("ɑ5", ["aa"]),
        ("˧˥", ["sil"]),
    ],
)
def test_phonemes_have_visemes(phoneme: str, names: list[str]) -> None:
    assert [viseme.name for viseme in spoken(phoneme)] == names


def test_given_an_unknown_letter_then_the_mouth_still_moves() -> None:
    assert spoken("ꭓ")[0].mouth.jaw > 0


def test_given_a_weak_vowel_then_the_mouth_opens_less() -> None:
    assert spoken("ə")[0].mouth.jaw < spoken("e")[0].mouth.jaw


def test_there_are_fifteen_visemes() -> None:
    assert len(VISEMES) == 15
