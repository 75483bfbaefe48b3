"""Each detector on its own, with real speech of flite."""

import numpy as np
import pytest

from tests.asr.flite_speech import said
from visavis.media.samples import Samples
from visavis.registry import names, provider
from visavis.settings import Settings
from visavis.testing.vad import check_detector
from visavis.vad import SpeechDetector
from visavis.vad.silero import SileroProvider
from visavis.vad.webrtc import WebRtcVadProvider


def probabilities(detector: SpeechDetector, sound: Samples) -> list[float]:
    size = detector.window
    return [detector.probability(sound[at : at + size]) for at in range(0, len(sound) - size + 1, size)]


@pytest.mark.parametrize("name", ["gate", "silero", "webrtc"])
async def test_given_a_detector_when_checked_then_the_contract_is_kept(name: str) -> None:
    found = provider("vad", name, Settings())
    assert found.name == name
    assert found.missing() is None
    check_detector(found.detector(), await said("Good morning, how are you today?"))


def test_given_the_registry_when_asked_then_these_are_all_detectors() -> None:
    assert {"gate", "silero", "webrtc"} <= set(names("vad"))


async def test_given_two_silero_detectors_when_one_hears_speech_then_the_other_does_not() -> None:
    made = SileroProvider(Settings())
    one, other = made.detector(), made.detector()
    silence = np.zeros(512, dtype=np.int16)
    before = other.probability(silence)
    assert max(probabilities(one, await said("Hello there."))) > 0.9
    other.reset()
    assert other.probability(silence) == before


async def test_given_silero_when_reset_in_mid_speech_then_it_is_as_fresh() -> None:
    speech = await said("Hello there.")
    made = SileroProvider(Settings())
    used, fresh = made.detector(), made.detector()
    probabilities(used, speech[: len(speech) // 2])
    used.reset()
    assert probabilities(used, speech) == probabilities(fresh, speech)


async def test_given_stricter_modes_when_webrtc_hears_speech_then_it_notices_no_more() -> None:
    speech = await said("Hello there.")
    noticed = [
        sum(probabilities(WebRtcVadProvider(Settings(options={"webrtc": {"mode": mode}})).detector(), speech))
        for mode in (0, 3)
    ]
    assert noticed[0] >= noticed[1] > 0
