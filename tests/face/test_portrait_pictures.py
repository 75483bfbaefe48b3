"""What is promised of a speaking portrait, measured on the pictures that it shows."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from tests.face.recital import animated, hum, marks, place, said, shown
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.motion import pose
from visavis.face.portrait.pose import PLAIN, Look, Mouth
from visavis.face.portrait.puppet import Drawn
from visavis.media.pictures import I420, Live, Loop, Picture
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds
from visavis.tts import Mark

SENTENCE = [
    *(("", 0.2), ("m", 0.06), ("aɪ", 0.16), ("m", 0.07), ("ʌ", 0.08), ("ð", 0.04), ("ɚ", 0.09), ("", 0.12)),
    *(("b", 0.04), ("eɪ", 0.14), ("k", 0.07), ("s", 0.08), ("f", 0.07), ("ʊ", 0.06), ("l", 0.05), ("p", 0.03)),
    *(("aɪ", 0.16), ("z", 0.09), ("", 0.3)),
]


def voiced(phonemes: list[tuple[str, float]]) -> Samples:
    """A hum with silence in the pauses."""
    return np.concatenate(
        [hum(seconds) if name else np.zeros(from_seconds(seconds), np.int16) for name, seconds in phonemes]
    )


def difference(one: I420, other: I420, height: int = 512) -> float:
    """Mean of the absolute differences in brightness."""
    return float(np.mean(cv2.absdiff(one[:height], other[:height])))


def opening(picture: Picture, puppet: Drawn) -> float:
    """How much of the mouth's place is dark or teeth: what is between the lips, in pixels."""
    here = place(picture)
    closed = puppet.draw(here, Look(Mouth(press=0.85)))
    return float(np.count_nonzero(cv2.absdiff(picture.pixels[280:340, 216:296], closed[280:340, 216:296]) > 40))


async def test_lips_meet_in_at_least_one_picture_of_each_bilabial(face: PortraitFace, puppet: Drawn) -> None:
    pictures = shown(await animated(face, said(voiced(SENTENCE), marks(SENTENCE))))
    openings = [opening(picture, puppet) for picture in pictures]
    assert max(openings) > 150
    time = 0.0
    for name, seconds in SENTENCE:
        if name in ("m", "b", "p"):
            at = range(int(time * 25), int((time + seconds) * 25) + 1)
            assert min(openings[index] for index in at) < 0.1 * max(openings), name
        time += seconds


async def test_after_the_last_sound_the_mouth_is_at_rest_within_120_ms(face: PortraitFace) -> None:
    spoken = [("ɑ", 0.61), ("", 0.6)]
    pictures = shown(await animated(face, said(voiced(spoken), marks(spoken))))
    assert isinstance(pictures[14], Live)
    # The first picture that begins 120 ms after the end is number 19, at 760 ms.
    for picture in pictures[19:]:
        assert isinstance(picture, Loop)


async def test_given_noise_that_is_no_speech_then_nothing_moves_but_the_loop(face: PortraitFace) -> None:
    noise = np.random.default_rng(4).normal(0, 40, 96_000).astype(np.int16)
    for marked in (True, False):
        pictures = shown(await animated(face, said(noise, marks([("", 2.0)]), marked=marked)))
        assert all(isinstance(picture, Loop) for picture in pictures)


async def test_between_loop_and_live_pictures_nothing_jumps(face: PortraitFace) -> None:
    phonemes = SENTENCE * 2
    expression = Mark("expression", from_seconds(1.0), "smile")
    spoken = tuple(sorted((*marks(phonemes), expression), key=lambda mark: mark.start))
    pictures = shown(await animated(face, said(voiced(phonemes), spoken)))
    for _ in range(50):
        pictures.append(face.rest(pictures[-1]))
    steps = [difference(one.pixels, other.pixels) for one, other in pairwise(pictures)]
    borders = [
        step for step, (one, other) in zip(steps, pairwise(pictures), strict=True) if type(one) is not type(other)
    ]
    assert len(borders) >= 2
    assert max(borders) < np.percentile(steps, 90) * 1.5
    assert max(steps) < 3.0


async def test_the_smallest_look_that_is_drawn_looks_like_the_loop(face: PortraitFace, puppet: Drawn) -> None:
    for motion, clip in puppet.clips.items():
        for index in (0, 7, 60):
            here = Loop(clip, index)
            drawn = puppet.draw(here, Look(Mouth(jaw=0.021)))
            assert difference(drawn, here.pixels) < 0.1, (motion, pose(motion, index, face.fps))


@pytest.mark.parametrize("name", ["smile", "serious", "surprised"])
async def test_an_expression_shows_and_fades_within_600_ms_of_the_last_word(face: PortraitFace, name: str) -> None:
    phonemes = [("ɑ", 0.3), ("", 0.5)]
    spoken = (Mark("expression", 0, name), *marks(phonemes))
    pictures = shown(await animated(face, said(voiced(phonemes), spoken)))
    last: Picture = pictures[-1]
    assert isinstance(last, Live)
    assert difference(last.pixels, place(last).pixels) > 0.05
    fading: list[Picture] = [last]
    while isinstance(last, Live) and len(fading) < 30:
        last = face.rest(last)
        fading.append(last)
    assert len(fading) <= 1 + 15
    left = [difference(picture.pixels, place(picture).pixels) for picture in fading]
    assert all(later <= earlier + 0.02 for earlier, later in pairwise(left))


async def test_given_stress_then_brows_and_lids_rise_only_while_it_speaks(face: PortraitFace) -> None:
    pcm = hum(3.0, level=3000)
    pcm[from_seconds(1.5) : from_seconds(1.7)] *= 3
    pcm[from_seconds(2.5) :] = 0
    phonemes = [("ɑ", 2.5), ("", 0.5)]
    pictures = shown(await animated(face, said(pcm, marks(phonemes))))
    looks = [p.state.said if isinstance(p, Live) else PLAIN for p in pictures]  # type: ignore[attr-defined]  # ours
    assert max(look.brow for look in looks[:36]) == 0
    assert max(look.brow for look in looks[37:50]) > 0.2
    assert min(look.lids for look in looks) < -0.03
    assert looks[66:] == [PLAIN] * len(looks[66:])
