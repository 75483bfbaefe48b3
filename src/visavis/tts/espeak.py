"""espeak-ng: over a hundred languages, first sound in under a millisecond, phonemes and words with their times."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from visavis.errors import InvalidInput, StageFailed
from visavis.media.samples import Samples
from visavis.settings import Settings
from visavis.tts import Speech, VoiceInfo, espeak_library
from visavis.tts.espeak_library import Event, Library, ListedVoice, Manner
from visavis.tts.espeak_marks import MarkReader
from visavis.tts.silence import Trim

MAX_CHARS = 2000
"""A sentence of 300 characters with its numbers written out, and room to spare: bounds what is buffered."""

ALIASES = {
    "en": "en-us",
    "en-gb": "en",
    "en-uk": "en",
    "en-au": "en",
    "en-nz": "en",
    "en-ie": "en",
    "en-in": "en",
    "en-za": "en",
    "es-es": "es",
    "zh": "cmn",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "iw": "he",
    "in": "id",
    "sh": "hr",
}
"""BCP 47 tags (lower case) that the library files under another name."""

WOMAN = "f3"
"""The variant that is listed with each voice, all of which are men's: the clearest of the women's."""

LANGUAGES = {"cmn": "zh-CN", "cmn-Latn-pinyin": "zh-Latn-pinyin", "en": "en-GB", "pt": "pt-PT"}
"""BCP 47 tags of the voices that go by another name than the tag people use."""


class EspeakProvider:
    """Voices of espeak-ng.

    Options (`VISAVIS_OPTIONS__ESPEAK__…`): `RATE` in words a minute (80 to 450), `PITCH` (0 to 100), `VOLUME`
    (0 to 200) and `VARIANT`, for voices that are asked for without one (`f3` is a woman).
    """

    name = "espeak"

    def __init__(self, settings: Settings) -> None:
        self._manner = Manner(
            rate=min(450, max(80, settings.option("espeak", "rate", 165))),
            pitch=min(100, max(0, settings.option("espeak", "pitch", 50))),
            volume=min(200, max(0, settings.option("espeak", "volume", 100))),
        )
        self._variant: str = settings.option("espeak", "variant", "")

    def missing(self) -> str | None:
        """See `Provider`."""
        return None if espeak_library.installed() else espeak_library.REMEDY

    def voices(self) -> Sequence[VoiceInfo]:
        """The library's voices, by name, each as a man and a woman; other variants can be named as well.

        The first call in a process loads the library (5 to 30 ms).
        """
        listed = [voice for _, voice in sorted(self._listed.items())]
        return [self._info(voice, variant) for voice in listed for variant in ("", WOMAN)]

    def voice(self, name: str, language: str, model: str = "") -> "EspeakVoice":
        """See `VoiceProvider`. A name may carry a variant: `en-us+f3`, `cmn+Annie`."""
        base, plus, variant = name.partition("+")
        listed = self._named(base) if base else self._speaking(language)
        if plus and variant not in self._library.variants:
            raise InvalidInput(f"espeak has no voice variant {variant!r}; try one like f3 or m3")
        variant = variant or self._variant
        identifier = f"{listed.identifier}+{variant}" if variant else listed.identifier
        return EspeakVoice(self._library, identifier, self._info(listed, variant), self._manner)

    @cached_property
    def _library(self) -> Library:
        return espeak_library.thread.submit(espeak_library.library).result()

    @cached_property
    def _listed(self) -> dict[str, ListedVoice]:
        return {_name(listed).lower(): listed for listed in self._library.voices}

    def _info(self, listed: ListedVoice, variant: str) -> VoiceInfo:
        name = _name(listed)
        suffix = f"+{variant}" if variant else ""
        return VoiceInfo(
            "espeak",
            name.lower() + suffix,
            LANGUAGES.get(name, name),
            f"{listed.label} {suffix}".strip(),
            self._library.variants.get(variant, listed.sex),
        )

    def _named(self, name: str) -> ListedVoice:
        key = name.lower()
        listed = self._listed.get(key) or self._listed.get(ALIASES.get(key, ""))
        if listed is None:
            raise InvalidInput(f"espeak has no voice {name!r}; try one like en-us, fr or cmn")
        return listed

    def _speaking(self, language: str) -> ListedVoice:
        """Lookup as in RFC 4647 (section 3.4): the longest part of the tag, from its start, that is known."""
        parts = language.lower().replace("_", "-").split("-")
        for length in range(len(parts), 0, -1):
            tag = "-".join(parts[:length])
            tag = ALIASES.get(tag, tag)
            if tag in self._listed:
                return self._listed[tag]
            offers = [
                (priority, name)
                for name, listed in self._listed.items()
                for priority, spoken in listed.languages
                if spoken == tag
            ]
            if offers:
                return self._listed[min(offers)[1]]
        raise InvalidInput(f"espeak has no voice for the language {language!r}")


class EspeakVoice:
    """One voice of espeak-ng; shared freely."""

    def __init__(self, library: Library, identifier: str, info: VoiceInfo, manner: Manner) -> None:
        self.info = info
        self._library = library
        self._identifier = identifier
        self._manner = manner

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. Nothing comes for a text that has nothing to say."""
        if len(text) > MAX_CHARS:
            raise StageFailed("tts", f"espeak says at most {MAX_CHARS} characters at once; split the text")
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[Samples, list[Event]] | None] = asyncio.Queue()
        stopped = threading.Event()

        def take(pcm: Samples, events: list[Event]) -> bool:
            if stopped.is_set() or loop.is_closed():
                return False
            loop.call_soon_threadsafe(pieces.put_nowait, (pcm, events))
            return True

        job = loop.run_in_executor(
            espeak_library.thread, self._library.speak, text, self._identifier, self._manner, take
        )
        job.add_done_callback(lambda _: pieces.put_nowait(None))
        trim = Trim(self._library.sample_rate)
        marks = MarkReader(text, self._library.sample_rate)
        try:
            while (piece := await pieces.get()) is not None:
                pcm, events = piece
                if speech := trim.push(pcm, marks.read(events)):
                    yield speech
            await job
            if speech := trim.flush():
                yield speech
        finally:
            stopped.set()
            job.cancel()


def _name(listed: ListedVoice) -> str:
    return PurePosixPath(listed.identifier).name
