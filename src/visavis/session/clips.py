"""Clips: what a session says, one WAV per sentence."""

import asyncio
import wave
from pathlib import Path

import numpy as np

from visavis.errors import StageFailed
from visavis.media.samples import Samples


class Clips:
    """One session's clips: `response_001.wav`, `response_002.wav`…; a sentence that failed leaves a gap."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0

    def begin(self) -> "Clip":
        """The next sentence."""
        self._count += 1
        return Clip(self._directory / f"response_{self._count:03d}.wav", self._count)


class Clip:
    """One sentence being spoken. It is kept in memory until it is complete: at most half a minute of sound."""

    def __init__(self, path: Path, number: int) -> None:
        self.number = number
        self._path = path
        self._pieces: list[Samples] = []
        self._sample_rate = 0

    def sound(self, pcm: Samples, sample_rate: int) -> None:
        """Add sound, int16 mono at the voice's own rate in Hz."""
        self._pieces.append(pcm)
        self._sample_rate = sample_rate

    async def finish(self) -> Path | None:
        """Write the file, which appears when it is complete; None if there was no sound. Raises `StageFailed`."""
        if not sum(map(len, self._pieces)):
            return None
        try:
            await asyncio.to_thread(self._write)
        except OSError as error:
            raise StageFailed("tts", f"the clip can't be written: {error.strerror}; see to the disk") from error
        return self._path

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".part")
        with wave.open(str(unfinished), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self._sample_rate)
            file.writeframes(np.concatenate(self._pieces).tobytes())
        unfinished.replace(self._path)
