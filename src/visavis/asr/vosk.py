"""Vosk: Kaldi models for some twenty languages, 40 MB each and more. With partials.

A model is a directory with `am` and `conf`, as Vosk's archives have it.
"""

import json
import re
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Any

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import Unavailable
from visavis.media import timeline
from visavis.media.samples import Samples
from visavis.models.shelf import Shelf
from visavis.settings import Settings

BETWEEN_CJK = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff])\s+(?=[\u3040-\u30ff\u3400-\u9fff])")
"""Vosk puts a space between words of any language."""


class VoskProvider:
    """Options (`VISAVIS_OPTIONS__VOSK__…`): `MODEL_DIR`, `MODEL_DIR_ZH` and the like."""

    name = "vosk"

    def __init__(self, settings: Settings) -> None:
        self._shelf = Shelf(settings)

    def missing(self) -> str | None:
        """See `Provider`."""
        if not find_spec("vosk"):
            return "install it: pip install 'visavis[vosk]'"
        return self._shelf.lack(self.name)

    def recognizer(self, language: str, model: str = "") -> "VoskRecognizer":
        """See `RecognizerProvider`. Loads the model, which takes a second. Raises `Unavailable` without one."""
        directory = self._shelf.choose(self.name, language, model)
        if missing := self.missing():
            raise Unavailable(f"vosk: {missing}")
        # The library itself fails with a bare Exception, or tries to download.
        if not (directory / "am").is_dir() or not (directory / "conf").is_dir():
            raise Unavailable("vosk: the model's directory lacks am or conf")
        import vosk

        vosk.SetLogLevel(-1)
        return VoskRecognizer(vosk.Model(model_path=str(directory)))


class VoskRecognizer:
    """One model; each utterance has a Kaldi recogniser of its own."""

    def __init__(self, model: Any) -> None:
        self._model = model

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`. Vosk ends sentences itself; they are joined here."""
        import vosk

        kaldi = vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
        sentences: list[str] = []
        heard = 0
        told = ""
        async for pcm in sound:
            heard += len(pcm)
            if kaldi.AcceptWaveform(pcm.astype("<i2", copy=False).tobytes()):
                sentences.append(json.loads(kaldi.Result())["text"])
                text = _joined(sentences)
            else:
                text = _joined([*sentences, json.loads(kaldi.PartialResult())["partial"]])
            if text != told:
                told = text
                yield Transcript(text, False, 0, _media_time(heard))
        sentences.append(json.loads(kaldi.FinalResult())["text"])
        yield Transcript(_joined(sentences), True, 0, _media_time(heard))


def _joined(sentences: list[str]) -> str:
    return BETWEEN_CJK.sub("", " ".join(sentence for sentence in sentences if sentence))


def _media_time(samples: int) -> int:
    return samples * timeline.SAMPLE_RATE // SAMPLE_RATE
