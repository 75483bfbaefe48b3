"""A transport to nowhere: for sessions whose sound is taken from their clips or their journal."""

from visavis.media.chunk import AVChunk


class Nowhere:
    """Implements `Transport`."""

    def play(self, chunk: AVChunk) -> None:
        """Nobody listens."""

    def flush(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """There is nobody to let go."""
