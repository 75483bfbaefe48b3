"""The mouth that is read from the sound of a real voice, beside the one that its phonemes give."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest

from tests.face.recital import animated, hum, marks, moment, said, shown
from visavis import registry
from visavis.face.portrait.expression import NEUTRAL
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.heard import LOOK_AHEAD, Heard
from visavis.face.portrait.pose import PLAIN, Mouth
from visavis.face.portrait.reading import Reading
from visavis.media.pictures import Live, Loop
from visavis.media.samples import Resampler, Samples
from visavis.settings import Settings
from visavis.tts import Mark, Speech, VoiceProvider

PERIOD = 1920
TEXT = "My mother baked a big apple pie, and Bob put the cup upon the table before we all went home."


@dataclass(frozen=True)
class Voiced:
    pcm: Samples
    marks: tuple[Mark, ...]


@pytest.fixture
async def voiced(settings: Settings) -> Voiced:
    voices: VoiceProvider = registry.provider("tts", "espeak", settings)
    sound: list[Samples] = []
    found: list[Mark] = []
    resampler: Resampler | None = None
    async for piece in voices.voice("", "en").speak(TEXT):
        resampler = resampler or Resampler(piece.sample_rate)
        sound.append(resampler.push(piece.pcm))
        found += [
            Mark(mark.kind, mark.start * 48_000 // piece.sample_rate, mark.value)
            for mark in piece.marks
            if mark.kind == "phoneme"
        ]
    return Voiced(np.concatenate(sound), tuple(found))


async def mouths(speech: AsyncIterator[Speech], length: int) -> list[Mouth]:
    """The mouth of each picture."""
    heard, found = Heard(speech, NEUTRAL), []
    for time in range(PERIOD // 2, length, PERIOD):
        await heard.until(time + LOOK_AHEAD)
        found.append(heard.at(time)[0].mouth)
    return found


def gap(mouth: Mouth) -> float:
    """How far the lips are apart: as `mouth.py` draws them."""
    return max(24 * mouth.jaw * (1 - 0.3 * mouth.round) + 9 * mouth.part - 14 * mouth.press, 0.0)


async def test_the_mouth_opens_as_the_phonemes_would_have_it(voiced: Voiced) -> None:
    known = await mouths(said(voiced.pcm, voiced.marks), len(voiced.pcm))
    read = await mouths(said(voiced.pcm, marked=False), len(voiced.pcm))
    assert np.corrcoef([gap(mouth) for mouth in known], [gap(mouth) for mouth in read])[0, 1] > 0.5
    assert np.corrcoef([mouth.round for mouth in known], [mouth.round for mouth in read])[0, 1] > 0.4


async def test_most_bilabials_close_the_lips(voiced: Voiced) -> None:
    gaps = [gap(mouth) for mouth in await mouths(said(voiced.pcm, marked=False), len(voiced.pcm))]
    closures = []
    for mark, following in zip(voiced.marks, voiced.marks[1:], strict=False):
        if mark.value in ("m", "b", "p"):
            closures.append(min(gaps[mark.start // PERIOD : following.start // PERIOD + 1]) < 2)
    assert len(closures) >= 10
    assert sum(closures) / len(closures) >= 0.7


async def test_given_speech_without_phonemes_then_its_sound_moves_the_mouth(
    voiced: Voiced, face: PortraitFace
) -> None:
    pcm = voiced.pcm[:72_000].copy()
    pcm[48_000:] = 0
    pictures = shown(await animated(face, said(pcm, marked=False)))
    assert sum(isinstance(picture, Live) for picture in pictures[:25]) >= 20
    # 120 ms after the sound's end is 1,120 ms: picture 28.
    assert all(isinstance(picture, Loop) for picture in pictures[28:])


async def test_silence_is_a_mouth_at_rest() -> None:
    found = await mouths(said(np.zeros(48_000, np.int16), marked=False), 48_000)
    assert {*found} == {Mouth()}


def test_given_no_sound_then_the_mouth_is_at_rest() -> None:
    reading = Reading(0)
    reading.end()
    assert reading.mouth(0) == Mouth()


async def test_given_a_voice_that_knows_no_phonemes_after_one_that_does_then_both_are_followed(
    voiced: Voiced, face: PortraitFace
) -> None:
    """Two sentences of a turn may be in two voices."""
    first, second = voiced.pcm[:48_000], voiced.pcm[48_000:96_000]

    async def both() -> AsyncIterator[Speech]:
        yield Speech(first, 48_000, tuple(mark for mark in voiced.marks if mark.start < 48_000), True)
        yield Speech(second, 48_000, (), False)
        yield Speech(first, 48_000, marks([("", 0.4), ("ɑ", 0.6)])[:0], True)

    pictures = shown(await animated(face, both()))
    assert sum(isinstance(picture, Live) for picture in pictures[:25]) > 10
    assert sum(isinstance(picture, Live) for picture in pictures[27:50]) > 10
    # Nobody knows what the third says, and it was promised to be marked.
    assert all(isinstance(picture, Loop) or not moment(picture).said.mouth.jaw for picture in pictures[55:])


async def test_given_sound_that_is_no_voice_then_the_face_stays_calm() -> None:
    heard = Heard(said(hum(1.0, level=60), marked=False), NEUTRAL)
    await heard.until(48_000)
    assert {heard.at(time)[0] for time in range(0, 40_000, PERIOD)} == {PLAIN}
