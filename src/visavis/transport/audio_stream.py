"""`AudioStream`: the sound of one session as Opus, encoded once for all of its viewers."""

from fractions import Fraction

from visavis.media.encoding import SILENCE, OpusEncoder
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.transport.packet_track import PacketTrack, timed_packet

TIME_BASE = Fraction(1, SAMPLE_RATE)

TAIL = 2
"""Silent packets that are encoded after speech: the encoder still holds 6.5 ms of it, and a decoder fades out."""


class AudioStream:
    """Encodes speech; silence costs nothing, it is always the same packet."""

    def __init__(self) -> None:
        self.encoded = 0
        """Packets that were encoded."""
        self.silent = 0
        """Packets that were the shared silence."""
        self._tracks: set[PacketTrack] = set()
        self._encoder: OpusEncoder | None = None
        self._tail = 0

    def subscribe(self) -> PacketTrack:
        """A track for a new viewer."""
        track = PacketTrack("audio", _nothing, _nothing)
        self._tracks.add(track)
        return track

    def unsubscribe(self, track: PacketTrack) -> None:
        """The viewer has left."""
        track.stop()
        self._tracks.discard(track)

    def send(self, start: int, pcm: Samples, silent: bool) -> None:
        """Send 960 samples that are due now; `start` is their media time."""
        if not any(track.is_open for track in self._tracks):
            self._rest()
            return
        packet = timed_packet(self._packet(pcm, silent), start, TIME_BASE)
        for track in self._tracks:
            track.push(packet)

    def flush(self) -> None:
        """Drop what has not left yet, in the encoder too."""
        self._rest()
        for track in self._tracks:
            track.flush()

    def close(self) -> None:
        """Let every viewer go."""
        for track in list(self._tracks):
            self.unsubscribe(track)
        self._rest()

    def _rest(self) -> None:
        """Forget the encoder, with the end of the last word that is still inside; a new one takes 0.1 ms."""
        self._encoder, self._tail = None, 0

    def _packet(self, pcm: Samples, silent: bool) -> bytes:
        if silent and not self._tail:
            self.silent += 1
            return SILENCE
        self._tail = self._tail - 1 if silent else TAIL
        self._encoder = self._encoder or OpusEncoder()
        self.encoded += 1
        return self._encoder.encode(pcm)


def _nothing() -> None:
    """Sound needs no key frames: any packet will do."""
