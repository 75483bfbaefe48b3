from pathlib import Path

import numpy as np
import pytest

from tests.face.recital import animated, hum, said, shown
from tests.face.test_portrait_provider import photo
from visavis import registry
from visavis.avatar import Avatar
from visavis.errors import InvalidInput
from visavis.face import counter
from visavis.face.mock import MockProvider
from visavis.media.pictures import I420, Live, Loop, Picture
from visavis.settings import Settings
from visavis.testing.face import check_face


@pytest.fixture
def counting(settings: Settings) -> MockProvider:
    return MockProvider(Settings(data_dir=settings.data_dir, mock_counter=True))


def luma(picture: Picture) -> I420:
    return picture.pixels[: picture.pixels.shape[0] * 2 // 3]


async def test_the_mock_keeps_the_contract_of_faces(settings: Settings, avatar: Avatar) -> None:
    await check_face(MockProvider(settings).open(avatar))


@pytest.mark.parametrize("fps", [24, 29.97, 30])
async def test_the_mock_keeps_the_contract_at_any_rate(settings: Settings, tmp_path: Path, fps: float) -> None:
    await check_face(MockProvider(settings).open(photo(tmp_path, fps=fps)))


def test_the_provider_is_found(settings: Settings) -> None:
    provider = registry.provider("face", "mock", settings)
    assert (provider.name, provider.backend, provider.missing()) == ("mock", "mock", None)


async def test_given_speech_then_it_passes_through_with_the_still_picture(
    settings: Settings, avatar: Avatar
) -> None:
    face = MockProvider(settings).open(avatar)
    pcm = hum(0.333)
    chunks = await animated(face, said(pcm))
    assert np.array_equal(np.concatenate([chunk.pcm for chunk in chunks]), pcm)
    assert all(isinstance(picture, Loop) for picture in shown(chunks))


async def test_when_counting_then_every_picture_has_the_next_number(
    counting: MockProvider, avatar: Avatar
) -> None:
    face = counting.open(avatar)
    pictures: list[Picture] = [face.rest(None)]
    pictures.append(face.rest(pictures[-1]))
    pictures += shown(await animated(face, said(hum(0.5)), pictures[-1]))
    pictures.append(face.rest(pictures[-1]))
    assert all(isinstance(picture, Live) for picture in pictures)
    assert [counter.read(luma(picture)) for picture in pictures] == list(range(len(pictures)))


async def test_when_counting_then_flash_and_beep_come_together_each_second(
    counting: MockProvider, avatar: Avatar
) -> None:
    face = counting.open(avatar)
    chunks = await animated(face, said(np.zeros(48_000 * 5 // 2, np.int16)))
    flashes = [start for chunk in chunks for start, picture in chunk.pictures if counter.flashing(luma(picture))]
    loud = np.concatenate([chunk.pcm for chunk in chunks]) != 0
    assert flashes == [0, 48_000, 96_000]
    assert [chunk.start for chunk in chunks if chunk.pcm.any()] == flashes
    for start in flashes:
        assert loud[start + 1 : start + 1919].mean() > 0.9
        assert not loud[start + 1920 : start + 4000].any()
    assert max(int(chunk.pcm.max()) for chunk in chunks) == 16_000


async def test_given_29_97_pictures_a_second_then_the_beep_starts_with_the_flash(
    counting: MockProvider, tmp_path: Path
) -> None:
    face = counting.open(photo(tmp_path, fps=29.97, width=512))
    chunks = await animated(face, said(np.zeros(48_000 * 3, np.int16)))
    flashes = [start for chunk in chunks for start, picture in chunk.pictures if counter.flashing(luma(picture))]
    sound = np.concatenate([chunk.pcm for chunk in chunks])
    beeps = [int(at) for at in np.flatnonzero(sound) if not sound[max(at - 200, 0) : at].any()]
    assert [beep - 1 for beep in beeps] == flashes
    assert all(abs(start - 48_000 * second) < 801 for second, start in enumerate(flashes))


def test_given_a_narrow_avatar_then_counting_is_refused(counting: MockProvider, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        counting.open(photo(tmp_path))
