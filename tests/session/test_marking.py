"""Words and visemes with the times at which they are played: the real espeak, by a clock that the test moves."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.session.rehearsed import Rehearsed
from tests.session.room import ANY, SECOND, Room, room
from visavis.media.samples import rms
from visavis.media.timeline import PACKET
from visavis.session.events import MediaStarted, SpeechMarked, TimedViseme, TimedWord
from visavis.session.journal import Entry
from visavis.session.marking import BATCH, Marking, written
from visavis.settings import Settings
from visavis.speech_text.plain import spoken
from visavis.speech_text.visemes import VISEMES
from visavis.tts import Mark
from visavis.tts.espeak import EspeakProvider

ROLL_CALL = "One, may, know, all. Now, you, are, well. Anna, Emma, Oliver, never, ask, me, why."
MS = SECOND // 1000


async def say(here: Room, text: str) -> None:
    """Begin to say it, with espeak's voices."""
    here.voices = voices = Rehearsed(EspeakProvider(Settings()))
    await voices.rehearse(text)
    here.session.say(text, ANY)


async def to_the_end(here: Room) -> None:
    while here.session.busy:
        await here.clock.advance(PACKET)


def journalled(directory: Path) -> Entry:
    (page,) = directory.glob("*.json")
    return msgspec.json.decode(page.read_bytes(), type=Entry)


def marked(here: Room) -> list[SpeechMarked]:
    return [event for event in here.events if isinstance(event, SpeechMarked)]


def words(here: Room) -> list[TimedWord]:
    return [word for event in marked(here) for word in event.words]


def visemes(here: Room) -> list[TimedViseme]:
    return [viseme for event in marked(here) for viseme in event.visemes]


async def test_the_sound_that_is_played_begins_where_the_words_are_marked() -> None:
    async with room() as here:
        await say(here, ROLL_CALL)
        await to_the_end(here)

    before = 60 * MS
    played = np.concatenate([np.zeros(before, np.int16), here.out.sound])
    marks = words(here)
    assert " ".join(word.text for word in marks) == ROLL_CALL.replace(",", "").replace(".", "")
    for word in marks:
        # Before each of them is a pause: the rise is where 5 ms are loud for the first time.
        levels = (rms(played[at : at + 5 * MS]) for at in range(word.position, len(played), MS))
        rise = next(ms for ms, level in enumerate(levels) if level > 300) - before // MS
        assert abs(rise) <= 30, (word.text, rise)


async def test_words_and_visemes_have_the_times_that_the_journal_has(tmp_path: Path) -> None:
    async with room(journal=tmp_path) as here:
        await say(here, ROLL_CALL)
        await to_the_end(here)

    entry = journalled(tmp_path)
    (began,) = [event.position for event in here.events if isinstance(event, MediaStarted)]
    assert {event.origin for event in marked(here)} == {began} == {entry.position}
    assert [(word.text, word.position - began) for word in words(here)] == [
        (mark.value, mark.start) for mark in entry.marks if mark.kind == "word"
    ]
    found = visemes(here)
    starts = {viseme.position - began for viseme in found}
    assert {mark.start for mark in entry.marks if mark.kind == "phoneme"} <= starts
    assert [viseme.position for viseme in found] == sorted(viseme.position for viseme in found)
    assert {viseme.viseme for viseme in found} <= set(VISEMES)
    assert {"sil", "PP", "aa", "nn"} <= {viseme.viseme for viseme in found}


async def test_marks_are_told_in_a_few_batches_and_before_they_are_played() -> None:
    async with room() as here:
        await say(here, ROLL_CALL)
        while here.session.busy:
            told = len(marked(here))
            position = here.session.playout.position
            await here.clock.advance(PACKET)
            for event in marked(here)[told:]:
                first = min([word.position for word in event.words] + [each.position for each in event.visemes])
                # At a sentence's start nothing may be known yet when its first packet is played.
                assert first >= position - PACKET
        length = len(here.out.audible)

    assert len(marked(here)) <= length // BATCH + 2 * 3


async def test_words_are_shown_as_they_were_written() -> None:
    async with room() as here:
        await say(here, "It costs **$3.50** at 14:30. Dr. Who pays *5%*. 图书馆有35本书。")
        await to_the_end(here)

    english = [word.text for event in marked(here) if event.sentence < 2 for word in event.words]
    assert english == ["It", "costs", "$3.50", "at", "14:30", "Dr.", "Who", "pays", "5%"]
    chinese = [word.text for event in marked(here) if event.sentence == 2 for word in event.words]
    assert {"图", "书", "35", "本"} <= set(chinese)


async def test_a_pause_shifts_what_is_still_to_come() -> None:
    async with room() as here:
        await say(here, ROLL_CALL)
        await here.clock.advance(SECOND)
        here.session.pause()
        await here.clock.advance(SECOND)
        here.session.resume()
        await to_the_end(here)

    origins = sorted({event.origin for event in marked(here)})
    assert len(origins) == 2
    assert origins[1] - origins[0] == SECOND
    last = words(here)[-1]
    assert rms(here.out.sound[last.position : last.position + 100 * MS]) > 300
    assert rms(here.out.sound[last.position - 60 * MS : last.position - 30 * MS]) < 100


async def test_nothing_is_told_of_what_was_not_played() -> None:
    async with room() as here:
        await say(here, ROLL_CALL)
        await here.clock.advance(SECOND)
        here.session.interrupt()
        told = len(marked(here))
        await here.clock.advance(SECOND)

    assert 0 < told == len(marked(here))
    assert words(here)[-1].text != "why"


async def test_a_voice_without_phonemes_has_words_and_no_visemes() -> None:
    async with room() as here:
        here.session.say("Good morning.", ANY)
        await here.clock.advance(2 * SECOND)

    assert [word.text for word in words(here)] == ["Good", "morning"]
    assert visemes(here) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("We met on 3 May.", ["We", "met", "on", "3 May"]),
        ("A **very** long [walk](https://example.com).", ["A", "very", "long", "walk"]),
        ("That is 5%", ["That", "is", "5%"]),
    ],
)
def test_a_word_is_found_where_it_was_written(text: str, shown: list[str]) -> None:
    plain = spoken(text, "en")
    starts = np.flatnonzero([place == 0 or plain.text[place - 1] == " " for place in range(len(plain.text))])
    found = [
        (
            plain.original(int(start)),
            written(text, plain, int(start), len(plain.text[start:].split()[0].strip("."))),
        )
        for start in starts
    ]
    assert list(dict(reversed(found)).values())[::-1] == shown


def test_a_short_diphthong_is_over_before_its_second_half() -> None:
    marking = Marking("t", 0, "I am", spoken("I am", "en"))
    marking.add([Mark("phoneme", 0, "aɪ"), Mark("phoneme", 2000, "m"), Mark("phoneme", 9000, "oʊ")])
    taken = marking.take(0, 12_000, last=False)
    assert taken is not None
    begin, told = taken
    assert begin == 0
    assert told(100).visemes == (TimedViseme("aa", 100), TimedViseme("PP", 2100), TimedViseme("O", 9100))
    rest = marking.take(12_000, 12_000, last=True)
    assert rest is not None
    assert rest[1](100).visemes == (TimedViseme("U", 100 + 9000 + 4080),)
