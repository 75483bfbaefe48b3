"""sherpa-onnx: streaming transducers, such as the small zipformers for English and Chinese. With partials.

A model is a directory with `tokens.txt` and an encoder, a decoder and a joiner in ONNX.
"""

import asyncio
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import Unavailable
from visavis.media import timeline
from visavis.media.samples import Samples
from visavis.models.shelf import Shelf
from visavis.settings import Settings

TAIL = np.zeros(SAMPLE_RATE // 2, dtype=np.float32)
"""Silence after the sound: the model looks ahead, and would keep the last word to itself."""


class SherpaOnnxProvider:
    """Options (`VISAVIS_OPTIONS__SHERPA_ONNX__…`): `MODEL_DIR`, `MODEL_DIR_ZH` and the like; `THREADS`, 1."""

    name = "sherpa-onnx"

    def __init__(self, settings: Settings) -> None:
        self._shelf = Shelf(settings)
        self._threads = settings.option("sherpa_onnx", "threads", 1)

    def missing(self) -> str | None:
        """See `Provider`."""
        if not find_spec("sherpa_onnx"):
            return "install it: pip install 'visavis[sherpa-onnx]'"
        return self._shelf.lack(self.name)

    def recognizer(self, language: str, model: str = "") -> "SherpaOnnxRecognizer":
        """See `RecognizerProvider`. Loads the model, which takes a second. Raises `Unavailable` without one."""
        directory = self._shelf.choose(self.name, language, model)
        if missing := self.missing():
            raise Unavailable(f"sherpa-onnx: {missing}")
        import sherpa_onnx

        return SherpaOnnxRecognizer(
            sherpa_onnx.OnlineRecognizer.from_transducer(
                tokens=str(directory / "tokens.txt"),
                encoder=_part(directory, "encoder", small=True),
                # The decoder is tiny, and suffers from being made smaller.
                decoder=_part(directory, "decoder", small=False),
                joiner=_part(directory, "joiner", small=True),
                num_threads=self._threads,
            )
        )


class SherpaOnnxRecognizer:
    """One model; each utterance is a stream of its own."""

    def __init__(self, model: Any) -> None:
        self._model = model

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`."""
        stream = self._model.create_stream()
        heard = 0
        told = ""
        async for pcm in sound:
            heard += len(pcm)
            stream.accept_waveform(SAMPLE_RATE, pcm.astype(np.float32) / 32768)
            text = await self._decode(stream)
            if text != told:
                told = text
                yield Transcript(text, False, 0, _media_time(heard))
        stream.accept_waveform(SAMPLE_RATE, TAIL)
        stream.input_finished()
        yield Transcript(await self._decode(stream), True, 0, _media_time(heard))

    async def _decode(self, stream: Any) -> str:
        while self._model.is_ready(stream):
            self._model.decode_stream(stream)
            await asyncio.sleep(0)
        text = str(self._model.get_result(stream)).strip()
        # Models that learnt from LibriSpeech write everything in capitals.
        return text.lower() if text.isupper() else text


def _part(directory: Path, name: str, *, small: bool) -> str:
    """The file of a part, with 8-bit weights or without, whichever there is."""
    found = sorted(
        directory.glob(f"{name}*.onnx"), key=lambda path: (path.name.endswith(".int8.onnx") != small, path)
    )
    if not found or not (directory / "tokens.txt").is_file():
        raise Unavailable("sherpa-onnx: the model's directory lacks tokens.txt, or an encoder, decoder or joiner")
    return str(found[0])


def _media_time(samples: int) -> int:
    return samples * timeline.SAMPLE_RATE // SAMPLE_RATE
