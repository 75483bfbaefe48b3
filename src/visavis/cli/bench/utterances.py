"""What a bench says to a server: flite's speech, and noise."""

from collections.abc import Sequence

import numpy as np

from visavis import registry
from visavis.cli.bench.microphone import Sound
from visavis.media.samples import Resampler
from visavis.media.timeline import HEARD_RATE
from visavis.settings import Settings

VOICE = "rms"

QUESTIONS = (
    "When does the museum close?",
    "Where can I leave my coat?",
    "How much is a ticket for two people?",
    "Is there a place to eat in the building?",
    "When does the last train leave?",
    "Can I take pictures inside the museum?",
    "Where are the bathrooms?",
    "Do you have a map of the city?",
    "Which bus goes to the river?",
    "Can I bring my dog?",
    "Where do I find the lift?",
    "How do I get to the garden?",
    "What can I see on the second floor?",
    "Is there a discount for children?",
)
"""The recogniser that is built in understands each of them, word for word, from this voice."""

DOCUMENT = """# The museum

The museum closes at six in the evening. You can leave your coat at the desk beside the door.
A ticket for two people costs twenty dollars. There is a discount for children of half the price.
The place to eat is in the building, on the ground floor. The last train leaves at eleven.
You can take pictures inside the museum without a flash. The bathrooms are beside the lift.
There is a map of the city at the desk. The bus to the river is number nine.
Your dog has to wait outside. The lift is on the left. The garden is behind the house.
On the second floor you can see ships.
"""
"""Answers to them."""

BARGE_INS = (
    "Please stop talking now.",
    "Wait, I have another question.",
    "Excuse me, can I ask you something else?",
    "I want to know something different.",
)

BACKCHANNEL = "yeah"

COUGH = "cough"


async def spoken(settings: Settings, texts: Sequence[str], *, by_its_start: bool = False) -> list[Sound]:
    """Have flite say them. Raises `StageFailed` without it; `by_its_start` as for `Sound.of`."""
    voice = registry.provider("tts", "flite", settings).voice(VOICE, "en")
    sounds = []
    for text in texts:
        pieces = [piece async for piece in voice.speak(text)]
        resampler = Resampler(pieces[0].sample_rate)
        pcm = np.concatenate([*(resampler.push(piece.pcm) for piece in pieces), resampler.flush()])
        sounds.append(Sound.of(text, pcm, by_its_start=by_its_start))
    return sounds


def cough(seed: int) -> Sound:
    """A fifth of a second of noise up to 8 kHz that swells and fades, a different one for each seed."""
    length = HEARD_RATE // 5
    noise = (np.random.default_rng(seed).normal(0, 6000, length) * np.hanning(length)).astype(np.int16)
    resampler = Resampler(HEARD_RATE)
    return Sound.of(COUGH, np.concatenate([resampler.push(noise), resampler.flush()]), by_its_start=True)
