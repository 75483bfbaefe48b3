from collections.abc import AsyncIterator
from fractions import Fraction

import numpy as np

from visavis.face import Mood
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live, Picture
from visavis.media.samples import SampleBuffer
from visavis.media.timeline import frame_start
from visavis.tts import Speech

PIXELS = np.full((24, 16), 128, dtype=np.uint8)


class StillFace:
    """A face whose pictures only say what they are: `rest`, or the index of the picture in its turn."""

    width, height = 16, 16
    look_ahead = 0

    def __init__(self, fps: Fraction = Fraction(25), *, stuck_after: int | None = None) -> None:
        self.mood: Mood = "idle"
        self.fps = fps
        self.stuck_after = stuck_after
        self.closed = False
        self.began_after: Picture | None = None

    def rest(self, after: Picture | None) -> Picture:
        return Live(PIXELS, "rest")

    async def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        self.began_after = after
        sound = SampleBuffer()
        index = 0
        ended = False
        while True:
            start, end = frame_start(index, self.fps), frame_start(index + 1, self.fps)
            while sound.end < end and not ended:
                piece = await anext(speech, None)
                if piece is None:
                    ended = True
                else:
                    sound.write(sound.end, piece.pcm)
            if self.stuck_after is not None and index >= self.stuck_after:
                async for _ in speech:
                    pass
                return
            length = min(end, sound.end) - start
            if length <= 0:
                return
            yield AVChunk(start, sound.read(length), ((start, Live(PIXELS, index)),))
            index += 1

    async def close(self) -> None:
        self.closed = True
