from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest

from tests.face.recital import animated, hum, marks, moment, place, said, shown
from visavis.errors import StageFailed
from visavis.face.portrait.face import Moment, PortraitFace
from visavis.face.portrait.pose import Look, Mouth
from visavis.face.portrait.puppet import Drawn
from visavis.media.pictures import Live, Loop, Picture
from visavis.media.samples import from_bytes
from visavis.media.timeline import frame_start
from visavis.testing.face import check_face
from visavis.tts import Speech


async def test_the_portrait_keeps_the_contract_of_faces(face: PortraitFace) -> None:
    await check_face(face)


async def test_given_speech_then_every_sample_comes_out_unchanged(face: PortraitFace) -> None:
    pcm = hum(0.7531)
    chunks = await animated(face, said(pcm, marks([("m", 0.1), ("ɑ", 0.3), ("", 0.3)])))
    assert np.array_equal(np.concatenate([chunk.pcm for chunk in chunks]), pcm)
    assert [start for chunk in chunks for start, _ in chunk.pictures] == [
        frame_start(index, face.fps) for index in range(len(chunks))
    ]


async def test_given_no_speech_then_no_chunk(face: PortraitFace) -> None:
    assert await animated(face, said(from_bytes(b""))) == []


async def test_given_another_rate_then_the_stage_fails(face: PortraitFace) -> None:
    async def slow() -> AsyncIterator[Speech]:
        yield Speech(hum(0.1), 16_000)

    with pytest.raises(StageFailed):
        await animated(face, slow())


async def test_given_a_vowel_between_pauses_then_only_it_is_live(face: PortraitFace) -> None:
    pcm = hum(1.0)
    pcm[:24_000] = 0
    pictures = shown(await animated(face, said(pcm, marks([("", 0.5), ("ɑ", 0.2), ("", 0.3)]))))
    live = [index for index, picture in enumerate(pictures) if isinstance(picture, Live)]
    # 500 to 700 ms is pictures 12 to 17; the jaw starts 80 ms early and ends 60 ms late.
    assert live == list(range(min(live), max(live) + 1))
    assert 10 <= min(live) <= 12
    assert 16 <= max(live) <= 18


async def test_given_silence_then_the_pictures_are_the_loop_itself(face: PortraitFace) -> None:
    pictures = shown(await animated(face, said(np.zeros(48_000, np.int16), marks([("", 1.0)]))))
    assert all(isinstance(picture, Loop) for picture in pictures)
    assert np.array_equal(pictures[7].pixels, face.rest(None).pixels) is False  # it breathes
    again = face.rest(None)
    for picture in pictures:
        assert np.array_equal(picture.pixels, again.pixels)
        again = face.rest(again)


async def test_given_digital_silence_under_a_vowel_mark_then_the_mouth_closes(face: PortraitFace) -> None:
    pcm = hum(1.0)
    pcm[24_000:] = 0
    pictures = shown(await animated(face, said(pcm, marks([("ɑ", 1.0)]))))
    # 120 ms after the sound's end is 620 ms: picture 16 (640 ms) and all that follow are at rest.
    assert isinstance(pictures[11], Live)
    assert all(isinstance(picture, Loop) for picture in pictures[16:])


async def test_given_an_interrupt_then_the_mouth_closes_within_three_pictures(face: PortraitFace) -> None:
    stream = face.animate(said(hum(2.0), marks([("ɑ", 2.0)])), None)
    picture: Picture | None = None
    for _ in range(12):
        picture = (await anext(stream)).pictures[0][1]
    openings = []
    for _ in range(4):
        picture = face.rest(picture)
        openings.append(moment(picture).said.mouth.jaw if isinstance(picture, Live) else 0.0)
    assert openings[0] > 0
    assert all(later < earlier or later == 0 for earlier, later in pairwise(openings))
    assert openings[3] == 0
    assert isinstance(picture, Loop)


async def test_given_speech_then_the_motion_changes_at_key_indices_only(face: PortraitFace, puppet: Drawn) -> None:
    after = Loop(puppet.clips["idle"], 17)
    chunks = await animated(face, said(hum(3.0), marks([("ɑ", 0.3), ("", 0.7)] * 3)), after)
    pictures = shown(chunks)
    for _ in range(60):
        pictures.append(face.rest(pictures[-1]))
    shown_at = [place(picture) for picture in pictures]
    assert [here.index for here in shown_at] == [(18 + step) % 100 for step in range(len(shown_at))]
    names = [puppet.clips.motion(here.clip) for here in shown_at]
    changes = [
        here.index for here, (one, other) in zip(shown_at[1:], pairwise(names), strict=True) if one != other
    ]
    assert changes
    assert all(index % 25 == 0 for index in changes)
    assert names[0] == "idle"
    assert set(names[7:75]) <= {"speak-a", "speak-b"}
    assert names[-1].startswith("idle")


async def test_given_an_open_mouth_then_a_new_utterance_takes_it_over(face: PortraitFace, puppet: Drawn) -> None:
    place = Loop(puppet.clips["idle"], 30)
    mouth = Mouth(jaw=1.0)
    after = Live(puppet.draw(place, Look(mouth)), Moment(place, Look(mouth)))
    pictures = shown(await animated(face, said(np.zeros(9600, np.int16), marks([("", 0.2)])), after))
    first = pictures[0]
    assert isinstance(first, Live)
    assert 0.5 < moment(first).said.mouth.jaw < 1.0
    assert isinstance(pictures[3], Loop)


async def test_given_a_picture_of_another_face_then_the_idle_loop_starts(face: PortraitFace) -> None:
    foreign = Live(face.rest(None).pixels.copy(), state="somebody else's")
    assert face.rest(foreign) == face.rest(None)
