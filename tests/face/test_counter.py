import numpy as np
import pytest

from visavis.face import counter

GREY = 120


def picture() -> np.typing.NDArray[np.uint8]:
    return np.full((512 * 3 // 2, 512), GREY, np.uint8)


@pytest.mark.parametrize("count", [0, 1, 2, 1000, 0b1010101010101010101010, (1 << 22) - 1])
def test_what_is_written_can_be_read(count: int) -> None:
    i420 = picture()
    counter.draw(i420, count)
    assert counter.read(i420[:512]) == count


def test_the_count_wraps_around() -> None:
    i420 = picture()
    counter.draw(i420, (1 << 22) + 5)
    assert counter.read(i420[:512]) == 5


def test_given_noise_and_another_range_then_it_can_still_be_read() -> None:
    i420 = picture()
    counter.draw(i420, 123_456)
    noise = np.random.default_rng(2).normal(0, 12, (512, 512))
    full = np.clip((i420[:512].astype(float) - 16) * 255 / 219 + noise, 0, 255).astype(np.uint8)
    assert counter.read(full) == 123_456


def test_given_no_counter_then_none() -> None:
    assert counter.read(picture()[:512]) is None
    assert counter.read(picture()[:512, :100]) is None


def test_given_half_a_picture_of_another_count_then_none() -> None:
    one, other = picture(), picture()
    counter.draw(one, 0)
    counter.draw(other, 3)
    mixed = ((one.astype(int) + other) // 2).astype(np.uint8)
    assert counter.read(mixed[:512]) is None


@pytest.mark.parametrize("on", [True, False])
def test_the_flash_can_be_seen(on: bool) -> None:
    i420 = picture()
    counter.flash(i420, on)
    assert counter.flashing(i420[:512]) is on
    assert i420[192, 192] == i420[319, 319] == (235 if on else 16)
    assert i420[191, 191] == i420[320, 320] == GREY
