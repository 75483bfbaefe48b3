"""PocketSphinx: English, offline, without a download. The default, and of demo quality: quiet room, clear voice.

What an utterance begins with is recognised twice. While it comes, the loudness and colour of the voice are only
guessed, which costs many words of an unknown voice. After a second and a half the voice is known: all of it is
recognised anew, and what follows as it comes, so that little is left to do at the end. A shorter utterance is
recognised anew when it ends. What is said after a pause is recognised together with the six seconds before it.

It holds the interpreter's lock while it works: never run it in a process that carries media.
"""

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import InvalidInput, StageFailed
from visavis.media import timeline
from visavis.media.samples import Samples, rms
from visavis.settings import Settings

if TYPE_CHECKING:
    from pocketsphinx import Decoder

BLOCK = SAMPLE_RATE * 64 // 1000
"""Samples that are recognised at a time."""

PAUSE = 3
"""Quiet blocks (0.2 s) that end a phrase: well below what ends an utterance, so most of the work is done then."""

KNOWN = SAMPLE_RATE * 3 // 2 // BLOCK
"""Blocks (1.5 s) after which a voice is known. Two synthetic voices: with 1 s there are more mistakes."""

ENOUGH = SAMPLE_RATE * 6 // BLOCK
"""Blocks (6 s) that are not recognised anew any more after a pause: a voice is known by then."""

LEAD = 4
"""Quiet blocks that are kept before a phrase: soft beginnings are quiet too."""

LONGEST = SAMPLE_RATE * 15 // BLOCK
"""Blocks after which a phrase is ended without a pause; recognising it anew takes some 3 s then."""

LOUD, QUIET = 0.1, 0.025
"""Of the loudest block so far: a phrase begins above the first (-20 dB), and pauses below the second (-32 dB)."""

FLOOR = 100.0
"""Root mean square (-50 dB of full scale) that the loudest block is taken to have at least."""


class PocketsphinxProvider:
    """The recogniser with the US English model that comes with it."""

    name = "pocketsphinx"

    def __init__(self, settings: Settings) -> None:
        pass

    def missing(self) -> str | None:
        """See `Provider`."""
        return None if find_spec("pocketsphinx") else "install the Python package pocketsphinx"

    def recognizer(self, language: str, model: str = "") -> "PocketsphinxRecognizer":
        """See `RecognizerProvider`. Loads the model: 0.3 s, 100 MB."""
        if language.lower().split("-")[0] != "en":
            raise InvalidInput(
                f"pocketsphinx understands English only, not {language!r}; choose another, such as sherpa-onnx"
            )
        if model:
            raise InvalidInput(f"pocketsphinx has no model {model!r}, only its own; leave the model out")
        if missing := self.missing():
            raise StageFailed("asr", missing)
        from pocketsphinx import Decoder

        return PocketsphinxRecognizer(Decoder(loglevel="FATAL"))


class PocketsphinxRecognizer:
    """One decoder. Each piece of sound blocks for 0.2 of its length; once in an utterance, 1.5 s are made good."""

    def __init__(self, decoder: "Decoder") -> None:
        self._decoder = decoder

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`."""
        phrases = Phrases(self._decoder)
        heard = 0
        told = ""
        try:
            async for pcm in sound:
                heard += len(pcm)
                text = phrases.push(pcm)
                if text != told:
                    told = text
                    yield Transcript(text, False, 0, _media_time(heard))
            yield Transcript(phrases.finish(), True, 0, _media_time(heard))
        finally:
            phrases.drop()


class Phrases:
    """One utterance, cut at its pauses."""

    def __init__(self, decoder: "Decoder") -> None:
        self._decoder = decoder
        self._done: list[str] = []
        self._so_far = ""
        self._before: list[Samples] = []
        """Blocks of earlier phrases that are recognised again with this one."""
        self._before_text = ""
        self._blocks: list[Samples] = []
        """Of the phrase in hand; before it, the last quiet ones."""
        self._rest: list[Samples] = []
        self._peak = FLOOR
        self._quiet = 0
        self._open = False
        self._voice = ""
        """The mean of this voice's features, once it is known."""
        self._guess = decoder.get_cmn(False)

    def push(self, pcm: Samples) -> str:
        """Take sound of any length; returns the words so far."""
        self._rest.append(pcm)
        if sum(map(len, self._rest)) >= BLOCK:
            sound = np.concatenate(self._rest)
            whole = len(sound) // BLOCK * BLOCK
            for at in range(0, whole, BLOCK):
                self._take(sound[at : at + BLOCK])
            self._rest = [sound[whole:]]
        return self._text()

    def finish(self) -> str:
        """End the utterance; returns all words."""
        rest = [pcm for pcm in self._rest if len(pcm)]
        self._blocks += rest
        if self._open:
            for pcm in rest:
                self._decoder.process_raw(pcm.tobytes())
            self._end_phrase()
        return self._text()

    def drop(self) -> None:
        """Leave the decoder ready for another utterance."""
        if self._open:
            self._decoder.end_utt()
            self._open = False
        self._decoder.set_cmn(self._guess)

    def _take(self, block: Samples) -> None:
        loudness = rms(block)
        self._peak = max(self._peak, loudness)
        self._blocks.append(block)
        if self._open:
            self._decoder.process_raw(block.tobytes())
        elif loudness >= self._peak * LOUD:
            self._begin()
        else:
            self._blocks = self._blocks[-LEAD:]
            return
        if not self._voice and len(self._before) + len(self._blocks) >= KNOWN:
            self._decoder.end_utt()
            self._know()
            self._begin()
        self._so_far = self._words()
        self._quiet = self._quiet + 1 if loudness < self._peak * QUIET else 0
        if self._quiet >= PAUSE or len(self._before) + len(self._blocks) >= LONGEST:
            self._end_phrase()

    def _begin(self) -> None:
        """Begin a phrase with what was kept before it, if the voice is known with the earlier ones, too."""
        self._decoder.start_utt()
        self._open = True
        if self._voice:
            self._blocks = self._before + self._blocks
            self._before, self._before_text = [], ""
        self._decoder.process_raw(np.concatenate(self._blocks).tobytes())

    def _know(self) -> None:
        """Learn the mean of everything so far, without recognising it."""
        # The features made anew (0.03 ms), the decoder takes the mean of the sound instead of going on guessing.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        sound = np.concatenate(self._before + self._blocks)
        self._decoder.process_raw(sound.tobytes(), no_search=True, full_utt=True)
        self._decoder.end_utt()
        self._voice = self._decoder.get_cmn(False)
        self._decoder.set_cmn(self._voice)

    def _end_phrase(self) -> None:
        """Make its transcript."""
        self._decoder.end_utt()
        known = bool(self._voice)
        if not known:
            self._know()
            self._begin()
            self._decoder.end_utt()
        text = self._words()
        self._open = False
        self._so_far = ""
        self._quiet = 0
        if not known:
            # Of so little it was good for nothing else.
            self._voice = ""
        self._decoder.set_cmn(self._voice or self._guess)
        if len(self._blocks) < ENOUGH:
            self._before, self._before_text, self._blocks = self._blocks, text, []
        else:
            self._done.append(text)
            self._before, self._before_text, self._blocks = [], "", self._blocks[-LEAD:]

    def _words(self) -> str:
        found = self._decoder.hyp()
        return str(found.hypstr) if found else ""

    def _text(self) -> str:
        return " ".join(words for words in (*self._done, self._before_text, self._so_far) if words)


def _media_time(samples: int) -> int:
    return samples * timeline.SAMPLE_RATE // SAMPLE_RATE
