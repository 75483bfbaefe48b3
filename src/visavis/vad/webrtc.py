"""WebRTC's detector: a few microseconds per window, and no confidence. It goes before a better one."""

from typing import TYPE_CHECKING

from visavis.media.samples import Samples
from visavis.media.timeline import HEARD_RATE
from visavis.settings import Settings

if TYPE_CHECKING:
    import webrtcvad


class WebRtcVadProvider:
    """Option (`VISAVIS_OPTIONS__WEBRTC__MODE`): 0 lets most sound pass for speech, 3 the least; 1.

    At 1 it notices speech at -50 dB of full scale, and steady noise from -30 dB on; at 2 it misses a fifth of such
    speech, and does not mind such noise.
    """

    name = "webrtc"

    def __init__(self, settings: Settings) -> None:
        self._mode = min(3, max(0, settings.option("webrtc", "mode", 1)))

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def detector(self) -> "WebRtcDetector":
        """See `DetectorProvider`."""
        return WebRtcDetector(self._mode)


class WebRtcDetector:
    """One stream's detector."""

    window = 480
    """The longest of the three that WebRTC knows: 30 ms."""

    def __init__(self, mode: int) -> None:
        self._mode = mode
        self._vad = _vad(mode)

    def probability(self, pcm: Samples) -> float:
        """See `SpeechDetector`: 0 or 1."""
        return float(self._vad.is_speech(pcm.astype("<i2", copy=False).tobytes(), HEARD_RATE))

    def reset(self) -> None:
        """See `SpeechDetector`."""
        self._vad = _vad(self._mode)


def _vad(mode: int) -> "webrtcvad.Vad":
    import webrtcvad

    return webrtcvad.Vad(mode)
