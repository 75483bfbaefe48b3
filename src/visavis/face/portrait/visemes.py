"""How the portrait's mouth makes each phoneme: IPA → one of 15 visemes → a target for `Mouth`."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from visavis.face.portrait.pose import Mouth, Weights
from visavis.speech_text.visemes import Sound, sounds


@dataclass(frozen=True, slots=True, eq=False)
class Viseme:
    """A mouth shape, and how firmly speech insists on each part of it against its neighbours."""

    name: str
    mouth: Mouth
    opening: float
    """How firmly jaw, lips and press are held; 1 is an ordinary vowel."""
    shape: float
    """How firmly spread, rounding, teeth and tongue are held."""

    def firmness(self) -> Weights:
        """`opening` and `shape` in the order of `Mouth`'s fields."""
        o, s = self.opening, self.shape
        return np.array([o, o, s, s, o, s, s, s, o, s])


VISEMES: dict[str, Viseme] = {
    viseme.name: viseme
    for viseme in (
        Viseme("sil", Mouth(), 1.0, 1.0),
        Viseme("PP", Mouth(press=0.85), 4.0, 0.25),
        Viseme("FF", Mouth(jaw=0.05, part=0.34, spread=0.1, upper=1.0, tuck=1.0), 3.0, 1.5),
        Viseme("TH", Mouth(jaw=0.16, part=0.6, spread=0.1, upper=0.45, tongue=1.0), 2.0, 2.0),
        Viseme("DD", Mouth(jaw=0.14, part=0.42, spread=0.15, upper=0.9, lower=0.45, tongue=0.6), 1.6, 0.5),
        Viseme("kk", Mouth(jaw=0.3, part=0.3, upper=0.55, tongue=0.25), 0.8, 0.3),
        Viseme("CH", Mouth(jaw=0.1, part=0.66, spread=-0.2, round=0.42, upper=0.95, lower=0.8), 2.2, 2.0),
        Viseme("SS", Mouth(jaw=0.03, part=0.5, spread=0.5, upper=1.0, lower=0.85), 2.4, 1.0),
        Viseme("nn", Mouth(jaw=0.24, part=0.32, spread=0.1, upper=0.75, tongue=0.85), 1.3, 0.5),
        Viseme("RR", Mouth(jaw=0.2, part=0.34, spread=-0.1, round=0.42, upper=0.5, lower=0.2), 1.2, 1.0),
        Viseme("aa", Mouth(jaw=0.92, part=0.3, spread=0.08, upper=0.62, tongue=0.22), 1.0, 1.0),
        Viseme("E", Mouth(jaw=0.5, part=0.36, spread=0.5, upper=0.85, tongue=0.35), 1.0, 1.0),
        Viseme("I", Mouth(jaw=0.18, part=0.46, spread=0.95, upper=0.92, lower=0.35, tongue=0.4), 1.0, 1.0),
        Viseme("O", Mouth(jaw=0.55, part=0.16, spread=-0.2, round=0.78, upper=0.2, tongue=0.1), 1.0, 1.2),
        Viseme("U", Mouth(jaw=0.2, part=0.2, spread=-0.4, round=1.0), 1.0, 1.5),
    )
}

_AMOUNT = {
    "ə": 0.6,
    "ɐ": 0.7,
    "ʌ": 0.75,
    "æ": 0.85,
    "ɪ": 0.85,
    "ɨ": 0.8,
    "j": 0.85,
    "ʊ": 0.85,
    "ɔ": 1.15,
    "ɛ": 1.1,
}
_AMOUNT |= {"h": 0.7, "ɦ": 0.7, "ʔ": 0.4, "ɾ": 0.8, "ɯ": 0.45, "ɤ": 0.7}
"""How much of its viseme's shape a phoneme has, where it is not all of it."""

_ROUNDED = Viseme("U", Mouth(jaw=0.24, part=0.3, spread=-0.1, round=0.7, upper=0.2), 1.0, 1.3)
_SPECIAL = {"y": _ROUNDED, "ʏ": _ROUNDED, "ø": _ROUNDED, "œ": _ROUNDED}
"""Front rounded vowels: lips as in "who", but less tight."""


@lru_cache(maxsize=1024)
def spoken(phoneme: str) -> tuple[Viseme, ...]:
    """The visemes of an IPA phoneme in order: one, or two for a diphthong; `sil` for a pause."""
    return tuple(_viseme(sound) for sound in sounds(phoneme))


def _viseme(sound: Sound) -> Viseme:
    if sound.letters in _SPECIAL:
        return _SPECIAL[sound.letters]
    viseme = VISEMES[sound.viseme]
    amount = _AMOUNT.get(sound.letters, 1.0)
    if amount == 1.0:
        return viseme
    mouth = Mouth.of(np.clip(viseme.mouth.weights() * amount, -1, 1))
    return Viseme(viseme.name, mouth, viseme.opening, viseme.shape)
