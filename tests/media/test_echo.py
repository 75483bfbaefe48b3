"""A synthetic room: what was played comes back 80 ms later and 12 dB weaker, in the noise of a quiet room.

20 answers, a second of silence between them, and a user who may speak up in each, 3 dB above the echo.
"""

import asyncio
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from visavis.media.echo import AdaptiveCanceller, EchoCanceller, HalfDuplex, Passthrough
from visavis.media.samples import EMPTY, Resampler, Samples, rms
from visavis.settings import Settings
from visavis.tts.flite import FliteProvider
from visavis.vad.silero import SileroProvider

ANSWERS = [
    "The opening hours are from nine to six on weekdays, and from ten to four on Saturdays.",
    "You can renew your library card at the front desk, or online with your card number.",
    "Yes, the museum has a cafe on the second floor, next to the sculpture gallery.",
    "The train to the airport leaves every fifteen minutes from platform four.",
    "I am sorry, the documents do not say anything about that.",
    "Children under six travel for free when they are with an adult.",
    "Press the green button to start, and the red one to stop.",
    "Your parcel was handed over to the carrier yesterday evening.",
    "Dogs are welcome in the garden, but they have to be kept on a leash.",
    "Thank you for your question, have a pleasant stay.",
] * 2
OBJECTIONS = ["Stop please, I have another question.", "Wait a moment, what about Sunday?"]

RATE = 16_000
PLAYED_RATE = 48_000
PACKET = RATE // 50
DELAY = round(0.08 * RATE)
ECHO = 10 ** (-12 / 20)
LOUDER = 10 ** (3 / 20)
NOISE = 32768 * 10 ** (-60 / 20)
SPEAKS_UP = RATE
"""Into an answer."""

WINDOW = 512
ONSET = 0.5
ONSET_WINDOWS = 2
"""What begins an utterance; while the avatar speaks it takes three windows (`session.turn_taking`)."""


@dataclass(frozen=True)
class Room:
    """What is played, what the microphone hears of it, and when."""

    played: Samples
    """At 48 kHz."""
    echo: Samples
    """At 16 kHz, with the noise."""
    user: Samples
    """What the user says, alone."""
    answers: list[slice]
    """Where the echo of each answer is."""
    objections: list[slice]
    """Where the user speaks."""

    @property
    def both(self) -> Samples:
        return mixed(self.echo, self.user)


@cache
def said(text: str, voice: str) -> Samples:
    async def speak() -> Samples:
        speaker = FliteProvider(Settings()).voice(voice, "en")
        pieces = [speech async for speech in speaker.speak(text)]
        resampler = Resampler(pieces[0].sample_rate, RATE)
        return np.concatenate([*(resampler.push(piece.pcm) for piece in pieces), resampler.flush()])

    return asyncio.run(speak())


@cache
def room() -> Room:
    answers, objections, parts, at = [], [], [], 0
    for text in ANSWERS:
        pcm = said(text, "slt")
        parts += [np.zeros(RATE, dtype=np.int16), pcm]
        at += RATE + len(pcm)
        answers.append(slice(at - len(pcm) + DELAY, at + DELAY))
    parts.append(np.zeros(2 * RATE, dtype=np.int16))
    played = np.concatenate(parts)
    returned = np.concatenate([np.zeros(DELAY), played[:-DELAY] * ECHO])
    noise = np.random.default_rng(1).normal(0, NOISE, len(played))
    user = np.zeros(len(played), dtype=np.int16)
    for number, answer in enumerate(answers):
        pcm = said(OBJECTIONS[number % len(OBJECTIONS)], "rms")
        loud = rms(played[answer]) * ECHO * LOUDER / rms(pcm)
        place = slice(answer.start + SPEAKS_UP, answer.start + SPEAKS_UP + len(pcm))
        user[place] = pcm * loud
        objections.append(place)
    resampler = Resampler(RATE, PLAYED_RATE)
    return Room(
        np.concatenate([resampler.push(played), resampler.flush()]),
        mixed(returned, noise),
        user,
        answers,
        objections,
    )


def mixed(*sounds: npt.NDArray[np.generic]) -> Samples:
    total = np.sum([np.asarray(sound, np.float64) for sound in sounds], axis=0)
    clipped: Samples = np.clip(total, -32768, 32767).astype(np.int16)
    return clipped


def through(canceller: EchoCanceller, played: Samples, heard: Samples, late: int = 0) -> Samples:
    """Play and hear in packets of 20 ms. The microphone's come in bursts, up to `late` packets late."""
    cleaned, waiting = [EMPTY], []
    for index in range(len(heard) // PACKET):
        canceller.played(played[index * 3 * PACKET : (index + 1) * 3 * PACKET])
        waiting.append(heard[index * PACKET : (index + 1) * PACKET])
        if len(waiting) > late:
            cleaned += [canceller.clean(packet) for packet in waiting]
            waiting.clear()
    return np.concatenate(cleaned + [canceller.clean(packet) for packet in waiting])


def onsets(pcm: Samples) -> list[int]:
    """Where an ear would take the sound for the beginning of an utterance."""
    detector = SileroProvider(Settings()).detector()
    found, run = [], 0
    for start in range(0, len(pcm) - WINDOW + 1, WINDOW):
        run = run + 1 if detector.probability(pcm[start : start + WINDOW]) >= ONSET else 0
        if run == ONSET_WINDOWS:
            found.append(start + WINDOW)
    return found


def decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio))


def test_without_a_canceller_the_avatar_would_interrupt_itself() -> None:
    assert len(onsets(room().echo)) >= len(ANSWERS)


@pytest.mark.parametrize("late", [0, 3])
def test_twenty_answers_are_not_taken_for_somebody_who_speaks(late: int) -> None:
    here = room()
    cleaned = through(AdaptiveCanceller(), here.played, here.echo, late)
    assert onsets(cleaned) == []
    weaker = [decibels(rms(here.echo[answer]) / rms(cleaned[answer])) for answer in here.answers]
    assert min(weaker) > 25


def test_a_user_who_speaks_up_is_heard_in_every_answer() -> None:
    here = room()
    found = onsets(through(AdaptiveCanceller(), here.played, here.both))
    unheard = [place for place in here.objections if not any(place.start < at <= place.stop for at in found)]
    assert unheard == []


def test_a_user_is_heard_untouched_when_nothing_is_played() -> None:
    here = room()
    canceller = AdaptiveCanceller()
    silence = np.zeros_like(here.played)
    assert np.array_equal(through(canceller, silence, here.user), here.user[: len(here.user) // PACKET * PACKET])


def test_pieces_may_have_any_length() -> None:
    here = room()
    played, heard = here.played[: 6 * RATE], here.both[: 2 * RATE]
    whole = AdaptiveCanceller()
    whole.played(played[: 3 * RATE])
    expected = whole.clean(heard[:RATE])

    pieces = AdaptiveCanceller()
    for start in range(0, 3 * RATE, 1000):
        pieces.played(played[start : min(start + 1000, 3 * RATE)])
    cleaned = [pieces.clean(heard[start : min(start + 77, RATE)]) for start in range(0, RATE, 77)]
    assert np.array_equal(np.concatenate(cleaned), expected)


def test_half_duplex_is_deaf_while_the_avatar_is_heard_and_a_while_longer() -> None:
    here = room()
    assert onsets(through(HalfDuplex(), here.played, here.both)) == []

    canceller = HalfDuplex(tail=0.5)
    voice = here.user[here.objections[0]][:PACKET] | 1
    canceller.played(np.ones(3 * PACKET, dtype=np.int16))
    heard = [canceller.clean(voice).any() for _ in range(30)]
    assert heard == [False] * 26 + [True] * 4


def test_half_duplex_hears_everything_when_nothing_is_played() -> None:
    canceller = HalfDuplex()
    canceller.played(np.zeros(960, dtype=np.int16))
    assert np.array_equal(canceller.clean(room().user), room().user)


def test_passthrough_changes_nothing() -> None:
    canceller = Passthrough()
    canceller.played(room().played)
    assert canceller.clean(room().echo) is room().echo
