"""The real PocketSphinx on the real flite, and on a person."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.asr.flite_speech import PAUSE, heard, said
from visavis.asr.pocketsphinx import PocketsphinxProvider, PocketsphinxRecognizer
from visavis.errors import InvalidInput
from visavis.media.recordings import read_file
from visavis.media.timeline import SAMPLE_RATE
from visavis.settings import Settings
from visavis.testing.asr import check_recognizer

JFK = Path(__file__).parents[3] / "shared/media/jfk.flac"
"""Beside the checkout: 11 s of an old recording in a large room (public domain)."""


@pytest.fixture(scope="module")
def recognizer() -> PocketsphinxRecognizer:
    found = PocketsphinxProvider(Settings())
    assert found.missing() is None
    return found.recognizer("en-GB")


async def test_given_a_sentence_when_checked_then_the_contract_is_kept(recognizer: PocketsphinxRecognizer) -> None:
    await check_recognizer(recognizer, await said("Please tell me where I can park my car."), "en")


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("What time does the shop open tomorrow morning?", "slt"),
        ("Please tell me where I can park my car.", "slt"),
        ("Where is the nearest train station?", "awb"),
        ("How long does it take to get to the airport?", "rms"),
        ("What is the weather going to be like today?", "kal16"),
    ],
)
async def test_given_flite_speech_when_recognised_then_every_word_is_right(
    recognizer: PocketsphinxRecognizer, text: str, voice: str
) -> None:
    final = (await heard(recognizer, await said(text, voice)))[-1]
    assert final.text == re.sub(r"[.?,]", "", text.lower())


async def test_given_a_sentence_when_recognised_then_partials_grow_while_it_is_spoken(
    recognizer: PocketsphinxRecognizer,
) -> None:
    sound = await said("What time does the shop open tomorrow morning?")
    transcripts = await heard(recognizer, sound)
    partials = [transcript for transcript in transcripts if not transcript.final]
    assert len(partials) > 4
    assert partials[0].end < len(sound) * 3 / 2
    assert len(partials[0].text) < len(partials[-1].text)
    assert transcripts[-1].end == len(sound) * 3


async def test_given_a_pause_when_recognised_then_both_sides_of_it_are_in_the_transcript(
    recognizer: PocketsphinxRecognizer,
) -> None:
    sound = np.concatenate([await said("I would like a ticket."), PAUSE, PAUSE, await said("Where is the train?")])
    text = (await heard(recognizer, sound))[-1].text
    assert text.startswith("i would like a ticket")
    assert text.endswith("where is the train")


async def test_given_a_long_speech_when_recognised_then_it_ends_in_good_time_and_words_stay(
    recognizer: PocketsphinxRecognizer,
) -> None:
    """Longer than what is recognised anew at once, with pauses and without."""
    sentence = await said("Please tell me where I can park my car.")
    text = (await heard(recognizer, np.tile(sentence[len(PAUSE) : -len(PAUSE)], 8)))[-1].text
    assert text.count("park my car") >= 6


async def test_given_silence_when_recognised_then_there_are_no_words(recognizer: PocketsphinxRecognizer) -> None:
    transcripts = await heard(recognizer, np.zeros(32_000, dtype=np.int16))
    assert [(transcript.text, transcript.final, transcript.end) for transcript in transcripts] == [
        ("", True, 2 * SAMPLE_RATE)
    ]


async def test_given_no_sound_at_all_when_recognised_then_there_is_one_empty_transcript(
    recognizer: PocketsphinxRecognizer,
) -> None:
    transcripts = await heard(recognizer, np.zeros(0, dtype=np.int16))
    assert [transcript.text for transcript in transcripts] == [""]


@pytest.mark.peers
async def test_given_a_person_in_a_large_room_when_recognised_then_most_words_are_right(
    recognizer: PocketsphinxRecognizer,
) -> None:
    text = (await heard(recognizer, read_file(JFK, 60.0)))[-1].text
    assert "what you can do for your" in text
    assert "my fellow" in text


@pytest.mark.parametrize(("language", "model"), [("zh", ""), ("de-DE", ""), ("en", "large")])
def test_given_what_it_does_not_know_when_asked_for_then_it_is_invalid_input(language: str, model: str) -> None:
    with pytest.raises(InvalidInput):
        PocketsphinxProvider(Settings()).recognizer(language, model)
