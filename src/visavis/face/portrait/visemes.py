"""How the portrait's mouth makes each phoneme: IPA → one of 15 visemes → a target for `Mouth`."""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from visavis.face.portrait.pose import Mouth, Weights
from visavis.speech_text.visemes import Sound, sounds

_FIELDS = tuple(each.name for each in fields(Mouth))


@dataclass(frozen=True, slots=True, eq=False)
class Viseme:
    """A mouth shape, and how firmly speech insists on each part of it against its neighbours."""

    name: str
    mouth: Mouth
    opening: float
    """How firmly jaw, lips and press are held; 1 is an ordinary vowel."""
    shape: float
    """How firmly spread, rounding, teeth and tongue are held."""
    jaw: float = 0.0
    """How firmly the jaw is held, where it is not as firmly as the lips; 0 for as firmly."""

    def firmness(self) -> Weights:
        """In the order of `Mouth`'s fields."""
        o, s = self.opening, self.shape
        return np.array([self.jaw or o, o, s, s, o, s, s, s, o, s])


VISEMES: dict[str, Viseme] = {
    viseme.name: viseme
    for viseme in (
        Viseme("sil", Mouth(), 1.0, 1.0),
        Viseme("PP", Mouth(jaw=0.08, press=0.85), 4.0, 0.25, jaw=0.9),
        Viseme("FF", Mouth(jaw=0.05, part=0.42, spread=0.1, upper=1.0, tuck=1.0), 3.0, 1.5, jaw=1.3),
        Viseme("TH", Mouth(jaw=0.16, part=0.6, spread=0.1, upper=0.45, tongue=1.0), 2.0, 2.0),
        Viseme("DD", Mouth(jaw=0.16, part=0.46, spread=0.1, upper=0.8, lower=0.3, tongue=0.62), 1.6, 0.5),
        Viseme("kk", Mouth(jaw=0.36, part=0.22, upper=0.35, tongue=0.3), 0.8, 0.3),
        Viseme("CH", Mouth(jaw=0.1, part=0.66, spread=-0.2, round=0.42, upper=0.95, lower=0.8), 2.2, 2.0),
        Viseme("SS", Mouth(jaw=0.04, part=0.68, spread=0.5, upper=1.0, lower=1.0), 2.4, 1.0),
        Viseme("nn", Mouth(jaw=0.3, part=0.32, upper=0.6, tongue=0.88), 1.3, 0.5),
        Viseme("RR", Mouth(jaw=0.2, part=0.34, spread=-0.1, round=0.5, upper=0.3, lower=0.4), 1.2, 1.0),
        Viseme("aa", Mouth(jaw=0.92, part=0.3, spread=0.08, upper=0.62, tongue=0.22), 1.0, 1.0),
        Viseme("E", Mouth(jaw=0.5, part=0.36, spread=0.5, upper=0.85, tongue=0.35), 1.0, 1.0),
        Viseme("I", Mouth(jaw=0.18, part=0.46, spread=0.95, upper=0.95, lower=0.2, tongue=0.4), 1.0, 1.0),
        Viseme("O", Mouth(jaw=0.55, part=0.16, spread=-0.2, round=0.78, upper=0.2, tongue=0.1), 1.0, 1.2),
        Viseme("U", Mouth(jaw=0.2, part=0.2, spread=-0.4, round=1.0), 1.0, 1.5),
    )
}

_FREE = 2.0
"""Beyond what any number of a mouth can be."""


def _between(low: dict[str, float], high: dict[str, float]) -> tuple[Weights, Weights]:
    bottom, top = (dict.fromkeys(_FIELDS, limit) for limit in (-_FREE, _FREE))
    return Mouth(**bottom | low).weights(), Mouth(**top | high).weights()


CONTACTS: dict[str, tuple[Weights, Weights]] = {
    "PP": _between({"press": 0.85}, {"jaw": 0.42, "part": 0.0, "upper": 0.0, "lower": 0.0, "tuck": 0.0}),
    "FF": _between(
        {"part": 0.3, "upper": 0.95, "tuck": 0.95}, {"jaw": 0.25, "part": 0.4, "round": 0.35, "press": 0.0}
    ),
}
"""Visemes whose lips must meet, whatever is around them: between what a mouth's numbers then lie."""

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
    return Viseme(viseme.name, mouth, viseme.opening, viseme.shape, viseme.jaw)
