"""The speech of `bench lipsync`: voices that know what they say when, and a person, aligned with the words."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from visavis import registry
from visavis.cli.bench.lip_scores import Labels
from visavis.errors import InvalidInput
from visavis.lipsync.alignment import visemes, with_closures
from visavis.media.recordings import read_file
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE
from visavis.settings import Settings
from visavis.tts import Mark

LANGUAGES = {
    "it": (
        "Buongiorno, vorrei un caffè e un bicchiere d'acqua.",
        "Mia madre prepara la pasta ogni domenica a pranzo.",
        "Il treno per Bologna parte dal binario sette.",
        "Apelle, figlio di Apollo, fece una palla di pelle di pollo.",
        "Domani mattina andiamo al mercato a comprare frutta fresca.",
        "Quella casa bianca vicino al fiume è molto bella.",
        "Ho visto un film bellissimo con i miei amici.",
        "Scusi, dov'è la fermata dell'autobus più vicina?",
        "Il bambino gioca con il cane nel giardino.",
        "Ci vediamo stasera davanti alla chiesa.",
    ),
    "nl": (
        "Goedemorgen, mag ik een kopje koffie en een broodje kaas?",
        "Mijn moeder woont in een klein huis bij de zee.",
        "De trein naar Utrecht vertrekt van spoor vijf.",
        "Morgen gaan we met de fiets naar de markt.",
        "De kat krabt de krullen van de trap.",
        "Waar is de dichtstbijzijnde bushalte, alstublieft?",
        "Het regent buiten, dus we blijven vandaag thuis.",
        "Mijn broer werkt bij een groot bedrijf in de stad.",
        "De kinderen spelen voetbal achter de school.",
        "Ik heb gisteren een heel mooi boek gelezen.",
    ),
    "tr": (
        "Günaydın, bir bardak çay ve biraz ekmek istiyorum.",
        "Annem her pazar günü mutfakta yemek pişirir.",
        "Ankara treni saat yedide kalkıyor.",
        "Çocuklar okulun önünde top oynuyor.",
        "Yarın sabah pazara gidip meyve alacağız.",
        "Affedersiniz, en yakın otobüs durağı nerede?",
        "Deniz kenarındaki beyaz ev çok güzel.",
        "Dün akşam arkadaşlarımla bir film izledim.",
        "Bu mavi gömleği babam için aldım.",
        "Hava soğuk, bu yüzden evde kalıyoruz.",
    ),
}
"""Said by espeak-ng, a man and a woman. The training knows none of the three."""

ENGLISH = (
    "What time does the shop open tomorrow morning?",
    "Please tell me where I can park my car.",
    "My mother put the big blue lamp above the table.",
    "I would like to talk to somebody about my order.",
    "The ship leaves the harbour at half past five, if the weather is fine.",
    "Can you help me find a good place to eat?",
    "Both of us thought that the river was much too deep.",
    "A few people have never been happy about the change.",
    "Perhaps we should wait until the job is done.",
    "Your room is on the first floor, beside the garden.",
    "She usually goes for a walk before breakfast.",
    "Bring me a warm jumper and those heavy boots.",
)
"""Said by flite, of which the training knows nothing."""

FLITE = ("slt", "rms", "awb")
"""Three people. A fourth voice, kal16, is for development: it has chosen between trainings."""

DEVELOPMENT = "kal16"

PAD = SAMPLE_RATE // 2
"""Silence before and after each utterance."""

IPA = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð",
    "EH": "ɛ", "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "i", "JH": "dʒ", "K": "k",
    "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ",
    "T": "t", "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
"""The phones of pocketsphinx (CMU)."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sound, and the viseme of each 10 ms of it."""

    pcm: Samples = field(repr=False)
    """48 kHz."""
    labels: Labels = field(repr=False)


async def spoken(settings: Settings, provider: str, voice: str, language: str, text: str) -> Utterance:
    """A sentence in a voice that knows its phonemes, with silence around it."""
    speaking = registry.provider("tts", provider, settings).voice(voice, language).speak(text)
    pieces = [piece async for piece in speaking]
    rate = pieces[0].sample_rate
    resampler = Resampler(rate, SAMPLE_RATE)
    sound = [resampler.push(piece.pcm) for piece in pieces]
    pcm = np.concatenate([*sound, resampler.flush()])
    marks: Iterator[Mark] = itertools.chain.from_iterable(piece.marks for piece in pieces)
    phonemes = [(mark.start * SAMPLE_RATE // rate, mark.value) for mark in marks if mark.kind == "phoneme"]
    if provider == "espeak":
        phonemes = with_closures(phonemes, pcm)
    phonemes.append((len(pcm), ""))
    silence = np.zeros(PAD, np.int16)
    whole = np.concatenate((silence, pcm, silence))
    return Utterance(whole, visemes([(start + PAD, phoneme) for start, phoneme in phonemes], len(whole)))


async def held_out(settings: Settings) -> dict[str, list[Utterance]]:
    """The languages that were held out, by their names."""
    return {
        language: [
            await spoken(settings, "espeak", voice, language, text)
            for voice in (language, f"{language}+f3")
            for text in texts
        ]
        for language, texts in LANGUAGES.items()
    }


async def flite(settings: Settings, voice: str) -> list[Utterance]:
    """The English sentences in a voice of flite."""
    return [await spoken(settings, "flite", voice, "en", text) for text in ENGLISH]


async def recorded(path: Path, words: str) -> Utterance:
    """A recording of a person who says `words`, in English, each phone found by pocketsphinx."""
    heard = await asyncio.to_thread(read_file, path, 600.0)
    whole = await asyncio.to_thread(read_file, path, 600.0, SAMPLE_RATE)
    return Utterance(whole, visemes(await asyncio.to_thread(_aligned, heard, words), len(whole)))


def _aligned(heard: Samples, words: str) -> list[tuple[int, str]]:
    """What is said when: media time and IPA."""
    import pocketsphinx

    decoder = pocketsphinx.Decoder(samprate=HEARD_RATE, loglevel="FATAL", bestpath=False)
    decoder.set_align_text(" ".join(words.lower().translate(str.maketrans("", "", ".,;:!?")).split()))
    _decode(decoder, heard)
    if decoder.hyp() is None:
        raise InvalidInput("the words were not found in the recording")
    # A second pass finds the phones of each word.
    decoder.set_alignment()
    _decode(decoder, heard)
    step = SAMPLE_RATE // 100
    return [(phone.start * step, IPA.get(phone.name, "")) for word in decoder.get_alignment() for phone in word]


def _decode(decoder: Any, heard: Samples) -> None:
    decoder.start_utt()
    decoder.process_raw(heard.tobytes(), full_utt=True)
    decoder.end_utt()
