"""faster-whisper: Whisper in CTranslate2. Many languages, punctuation; works on whole utterances.

A model is a directory with `model.bin`, `config.json`, `tokenizer.json` and a vocabulary.
"""

import asyncio
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import Unavailable
from visavis.media import timeline
from visavis.media.samples import EMPTY, Samples
from visavis.models.shelf import Shelf
from visavis.settings import Settings


class FasterWhisperProvider:
    """Options (`VISAVIS_OPTIONS__FASTER_WHISPER__…`): `MODEL_DIR`; `THREADS`, 1; `BEAM`, 1; `COMPUTE`, int8."""

    name = "faster-whisper"

    def __init__(self, settings: Settings) -> None:
        self._shelf = Shelf(settings)
        self._threads = settings.option("faster_whisper", "threads", 1)
        self._beam = settings.option("faster_whisper", "beam", 1)
        self._compute = settings.option("faster_whisper", "compute", "int8")

    def missing(self) -> str | None:
        """See `Provider`."""
        if not find_spec("faster_whisper"):
            return "install it: pip install 'visavis[faster-whisper]'"
        return self._shelf.lack(self.name)

    def recognizer(self, language: str, model: str = "") -> "FasterWhisperRecognizer":
        """See `RecognizerProvider`. Loads the model, which takes seconds. Raises `Unavailable` without one."""
        directory = self._shelf.choose(self.name, language, model)
        if missing := self.missing():
            raise Unavailable(f"faster-whisper: {missing}")
        # Without its files the library would look for them on the network.
        if any(not (directory / name).is_file() for name in ("model.bin", "config.json", "tokenizer.json")):
            raise Unavailable(
                "faster-whisper: the model's directory lacks model.bin, config.json or tokenizer.json"
            )
        from faster_whisper import WhisperModel

        whisper = WhisperModel(
            str(directory),
            device="cpu",
            compute_type=self._compute,
            cpu_threads=self._threads,
            local_files_only=True,
        )
        return FasterWhisperRecognizer(whisper, self._beam)


class FasterWhisperRecognizer:
    """One model."""

    def __init__(self, model: Any, beam: int) -> None:
        self._model = model
        self._beam = beam

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`. Each sentence is a partial as soon as it is known, after the last of the sound."""
        pieces = [pcm async for pcm in sound]
        pcm = np.concatenate(pieces) if pieces else EMPTY
        end = len(pcm) * timeline.SAMPLE_RATE // SAMPLE_RATE
        segments, _ = self._model.transcribe(
            pcm.astype(np.float32) / 32768,
            language=language.lower().split("-")[0],
            beam_size=self._beam,
            # One utterance is short; and text from before makes Whisper repeat itself.
            condition_on_previous_text=False,
        )
        text = ""
        for segment in segments:
            text = f"{text} {segment.text.strip()}".strip()
            yield Transcript(text, False, 0, end)
            # Each segment blocks; between two of them the utterance can be cancelled.
            await asyncio.sleep(0)
        yield Transcript(text, True, 0, end)
