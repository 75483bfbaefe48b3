import numpy as np

from tests.face.recital import hum
from visavis.face.portrait.loudness import Loudness, stillness
from visavis.face.portrait.pose import REST, Mouth
from visavis.media.samples import Samples


def heard(pcm: Samples) -> Mouth:
    ear = Loudness()
    return [ear.mouth(pcm) for _ in range(4)][-1]


def test_given_silence_then_rest() -> None:
    assert heard(np.zeros(1920, np.int16)) == REST


def test_given_a_louder_voice_then_a_wider_mouth() -> None:
    ear = Loudness()
    for _ in range(5):
        loud = ear.mouth(hum(0.04, 300, 9000))
    for _ in range(5):
        soft = ear.mouth(hum(0.04, 300, 1500))
    assert loud.jaw > soft.jaw > 0


def test_given_hiss_then_teeth_and_a_closed_jaw() -> None:
    noise = np.random.default_rng(1).integers(-6000, 6000, 1920).astype(np.int16)
    mouth = heard(noise)
    assert mouth.upper > 0.9
    assert mouth.jaw < 0.1


def test_given_a_dark_sound_then_rounder_lips_than_for_a_bright_one() -> None:
    assert heard(hum(0.04, 200)).round > heard(hum(0.04, 1800)).round


def test_stillness() -> None:
    assert stillness(np.zeros(4800, np.int16)) == 1
    assert stillness(hum(0.1)) == 0
    assert 0 < stillness(np.concatenate((hum(0.02), np.zeros(3840, np.int16)))) < 1
