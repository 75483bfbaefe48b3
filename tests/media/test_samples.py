import numpy as np
import pytest

from visavis.media.samples import faded


def test_a_fade_begins_and_ends_in_silence_and_leaves_the_rest() -> None:
    pcm = np.full(1000, -20_000, np.int16)
    soft = faded(pcm, 100)
    assert soft.dtype == np.dtype(np.int16)
    assert (len(soft), soft[0], soft[-1]) == (1000, 0, 0)
    assert (np.diff(soft[:100].astype(int)) < 0).all()
    assert (soft[100:900] == -20_000).all()
    assert (soft == soft[::-1]).all()
    assert (pcm == -20_000).all()


@pytest.mark.parametrize("length", [0, 1, 2, 3, 100])
def test_short_sound_keeps_its_length(length: int) -> None:
    assert len(faded(np.full(length, 9000, np.int16), 240)) == length
