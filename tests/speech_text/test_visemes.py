import pytest

from visavis.face.portrait import visemes as portrait
from visavis.speech_text.visemes import VISEMES, Sound, sounds


@pytest.mark.parametrize(
    ("phoneme", "found"),
    [
        ("", [("", "sil")]),
        ("˧˥", [("", "sil")]),
        ("ˈɑː", [("ɑ", "aa")]),
        ("oʊ", [("o", "O"), ("ʊ", "U")]),
        ("t͡ʃ", [("tʃ", "CH")]),
        ("tɕʰ", [("tɕ", "SS")]),
        ("y", [("y", "U")]),
        ("N", [("N", "nn")]),
        ("ꭓ", [("ꭓ", "kk")]),
        ("aɪə", [("a", "aa"), ("ɪ", "I")]),
    ],
)
def test_a_phoneme_has_its_sounds(phoneme: str, found: list[tuple[str, str]]) -> None:
    assert sounds(phoneme) == tuple(Sound(*sound) for sound in found)


def test_the_portrait_can_make_every_viseme() -> None:
    assert set(portrait.VISEMES) == set(VISEMES)
