import numpy as np
import pytest

from visavis.lipsync.spectrum import AHEAD, BANDS, STEP, Floats, Mel, Thirds, bank
from visavis.media.samples import Samples
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE


def frames(pcm: Samples, *, pieces: int = 1) -> Floats:
    thirds, mel = Thirds(), Mel()
    return np.concatenate([mel.push(thirds.push(piece)) for piece in np.array_split(pcm, pieces)])


def tone(hertz: float, amplitude: float = 8000, seconds: float = 0.5) -> Samples:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


@pytest.mark.parametrize("index", [0, 1, 7])
def test_a_frame_needs_the_sound_up_to_its_look_ahead(index: int) -> None:
    needed = index * STEP + AHEAD
    assert len(frames(tone(440)[:needed])) == index + 1
    assert len(frames(tone(440)[: needed - 3])) == index


@pytest.mark.parametrize("hertz", [200, 440, 1000, 3000, 6000])
def test_a_tone_is_loudest_in_the_band_that_holds_it(hertz: float) -> None:
    band = int(frames(tone(hertz))[20].argmax())
    frequencies = np.arange(len(bank())) * HEARD_RATE / 512
    middle = float((bank()[:, band] * frequencies).sum() / bank()[:, band].sum())
    assert middle == pytest.approx(hertz, rel=0.12)


@pytest.mark.parametrize("hertz", [9000, 12_000, 15_500])
def test_what_16_khz_cannot_hold_does_not_come_back_as_something_deeper(hertz: float) -> None:
    heard, folded = frames(tone(1000))[20].max(), frames(tone(hertz))[20].max()
    assert folded < heard - np.log(10 ** (40 / 10))


def test_an_offset_is_not_heard() -> None:
    silent = frames(np.full(SAMPLE_RATE // 2, 900, np.int16))
    assert silent[5:-5].max() < np.log(1e-6)


@pytest.mark.parametrize("pieces", [2, 7, 1000])
def test_pieces_make_no_difference(pieces: int) -> None:
    sound = tone(700) + tone(2100, 900)
    assert np.allclose(frames(sound), frames(sound, pieces=pieces), atol=1e-4)


def test_nothing_gives_no_frames() -> None:
    assert frames(np.zeros(0, np.int16)).shape == (0, BANDS)


def test_a_warped_bank_moves_the_bands() -> None:
    assert bank(1.2).argmax(axis=0)[30] > bank().argmax(axis=0)[30] > bank(0.8).argmax(axis=0)[30]
