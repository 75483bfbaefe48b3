"""Speech to recognise: the real flite, `apt install flite`. Without it these tests fail, as they say."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from visavis.asr import SAMPLE_RATE, Recognizer, Transcript
from visavis.media.samples import Resampler, Samples
from visavis.settings import Settings
from visavis.tts.flite import FliteProvider

PAUSE = np.zeros(SAMPLE_RATE // 2, dtype=np.int16)


async def said(text: str, voice: str = "slt") -> Samples:
    """A sentence as a microphone gives it: 16 kHz, with half a second of silence around it."""
    provider = FliteProvider(Settings())
    if missing := provider.missing():
        pytest.fail(f"{missing}; ./dev test does it for you")
    pieces = [piece async for piece in provider.voice(voice, "en").speak(text)]
    resampler = Resampler(pieces[0].sample_rate, SAMPLE_RATE)
    sound = [resampler.push(piece.pcm) for piece in pieces]
    return np.concatenate([PAUSE, *sound, resampler.flush(), PAUSE])


async def streamed(sound: Samples, size: int = 512) -> AsyncIterator[Samples]:
    for start in range(0, len(sound), size):
        yield sound[start : start + size]


async def heard(recognizer: Recognizer, sound: Samples, language: str = "en") -> list[Transcript]:
    return [transcript async for transcript in recognizer.transcribe(streamed(sound), language)]
