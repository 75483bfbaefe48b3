"""A customer's pipeline: Pipecat with the Protoface video service, as its documentation shows it.

    pipeline.py SPEECH.wav

Run by the tests in an environment of its own. Says the recording, says it again and is interrupted after a second,
and leaves. Prints one JSON object a line: what happened, and when (Unix time).
"""

import array
import asyncio
import json
import os
import sys
import time
import wave

from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    OutputImageRawFrame,
    OutputTransportReadyFrame,
    SpeechOutputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat_protoface import ProtofaceVideoService

PIECE = 640
"""Samples of a frame: 40 ms at 16 kHz."""


def tell(event: str, **more: object) -> None:
    """A line of what happened."""
    print(json.dumps({"event": event, "at": time.time(), **more}), flush=True)


class Screen(FrameProcessor):
    """Sees and hears what comes out at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures = 0
        self.sizes: set[tuple[int, int]] = set()
        self.seconds = 0.0
        """Of sound that could be heard."""
        self.heard_at = 0.0
        self.seen = asyncio.Event()
        self.enough = asyncio.Event()
        self.wanted = float("inf")
        """Seconds of sound that are enough."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Count, and pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, OutputImageRawFrame):
            self.pictures += 1
            self.sizes.add(frame.size)
            if self.pictures == 1:
                tell("seen", size=frame.size)
            self.seen.set()
        elif isinstance(frame, SpeechOutputAudioRawFrame):
            if max(array.array("h", frame.audio), default=0) > 500:
                self.seconds += len(frame.audio) / 2 / frame.num_channels / frame.sample_rate
                self.heard_at = time.time()
                if self.seconds >= self.wanted:
                    self.enough.set()
        elif isinstance(frame, ErrorFrame):
            tell("error", message=frame.error)
        await self.push_frame(frame, direction)


async def main(speech: str) -> None:
    """The whole conversation."""
    with wave.open(speech) as file:
        rate, pcm = file.getframerate(), file.readframes(file.getnframes())
    pieces = [pcm[at : at + PIECE * 2] for at in range(0, len(pcm), PIECE * 2)]
    length = len(pcm) / 2 / rate
    service = ProtofaceVideoService(
        api_key=os.environ["PROTOFACE_API_KEY"],
        api_url=os.environ["PROTOFACE_API_URL"],
        avatar_id="av_stock_001",
        metadata={"customer": "tests"},
    )
    screen = Screen()
    task = PipelineTask(Pipeline([service, screen]), params=PipelineParams(), cancel_on_idle_timeout=False)

    async def conversation() -> None:
        tell("asks")
        await task.queue_frame(OutputTransportReadyFrame())
        await screen.seen.wait()
        for cut in (False, True):
            before = screen.seconds
            tell("says", seconds=length)
            await task.queue_frame(TTSStartedFrame())
            for piece in pieces:
                await task.queue_frame(TTSAudioRawFrame(piece, rate, 1))
            await task.queue_frame(TTSStoppedFrame())
            if cut:
                screen.wanted = before + 1
                await screen.enough.wait()
                tell("interrupts")
                await task.queue_frame(InterruptionFrame())
            await asyncio.sleep(1.0 if cut else length + 1.5)
            tell("said", cut=cut, seconds=screen.seconds - before, last=screen.heard_at, pictures=screen.pictures)
        await task.queue_frame(EndFrame())

    async with asyncio.TaskGroup() as group:
        group.create_task(conversation())
        group.create_task(PipelineRunner(handle_sigint=False).run(task))
    tell("left")


asyncio.run(main(sys.argv[1]))
