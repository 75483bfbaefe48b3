"""PocketSphinx: English, offline, without a download. The default, and of demo quality: quiet room, clear voice.

The sound is recognised twice. While it comes, for partials: there the loudness and colour of the voice are only
guessed from what was heard so far, which costs many words of an unknown voice. Then, at each pause and at the end,
from everything since the utterance began, or from its last six seconds: the final transcript is made of that.

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

PAUSE = 6
"""Quiet blocks (0.4 s) that end a phrase: less than ends an utterance, so most of the work is done then."""

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
    """One decoder. Each piece of sound blocks for 0.2 of its length, the end of a phrase for 0.2 of the phrase."""

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
        self._blocks += self._rest
        if self._open:
            self._end_phrase()
        return self._text()

    def drop(self) -> None:
        """Leave the decoder ready for another utterance."""
        if self._open:
            self._decoder.end_utt()
            self._open = False

    def _take(self, block: Samples) -> None:
        loudness = rms(block)
        self._peak = max(self._peak, loudness)
        self._blocks.append(block)
        if self._open:
            self._decoder.process_raw(block.tobytes())
        elif loudness >= self._peak * LOUD:
            self._decoder.start_utt()
            self._open = True
            for earlier in self._blocks:
                self._decoder.process_raw(earlier.tobytes())
        else:
            self._blocks = self._blocks[-LEAD:]
            return
        self._so_far = self._words()
        self._quiet = self._quiet + 1 if loudness < self._peak * QUIET else 0
        if self._quiet >= PAUSE or len(self._before) + len(self._blocks) >= LONGEST:
            self._end_phrase()

    def _end_phrase(self) -> None:
        """Recognise it as a whole, with those before."""
        self._decoder.end_utt()
        known = self._before + self._blocks
        # Once sound has come in pieces, the decoder would normalise whole phrases by a guess, too, and the result
        # would depend on who spoke before. Its features made anew (0.03 ms), it takes the mean of the phrase.
        guess = self._decoder.get_cmn(False)
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(np.concatenate(known).tobytes(), full_utt=True)
        self._decoder.end_utt()
        text = self._words()
        self._decoder.set_cmn(guess)
        self._open = False
        self._so_far = ""
        self._quiet = 0
        if len(known) < ENOUGH:
            self._before, self._before_text, self._blocks = known, text, []
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
