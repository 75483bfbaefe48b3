"""What the microphone overhears of the avatar: everything that is played is told to an echo canceller, too."""

from visavis.media.chunk import AVChunk
from visavis.media.echo import EchoCanceller
from visavis.transport import Transport


class Overheard:
    """Implements `Transport`: passes everything on, and gives the canceller its reference as it is played."""

    def __init__(self, transport: Transport, canceller: EchoCanceller) -> None:
        self._transport = transport
        self._canceller = canceller

    def play(self, chunk: AVChunk) -> None:
        """See `Transport`. Silence is told, too: it is how the canceller knows the time."""
        if len(chunk.pcm):
            self._canceller.played(chunk.pcm)
        self._transport.play(chunk)

    def flush(self) -> None:
        """See `Transport`."""
        self._transport.flush()

    async def close(self) -> None:
        """See `Transport`."""
        await self._transport.close()
