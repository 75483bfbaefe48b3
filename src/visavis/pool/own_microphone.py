"""The microphone of the machine that the sessions run on."""

from collections.abc import Callable

from visavis.errors import VisavisError
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import HEARD_RATE
from visavis.session.listening import Hear, Source
from visavis.session.plan import Plan


async def open_microphone(plan: Plan, hear: Hear, lost: Callable[[VisavisError], None]) -> Source:
    """Open the one a plan names. Raises `InvalidInput` (there is none of that name), `Unavailable`."""
    # PortAudio is loaded where it is used: most sessions have no microphone here.
    from visavis.transport.local_microphone import LocalMicrophone

    resampler = Resampler(plan.sample_rate, HEARD_RATE)

    def resample(pcm: Samples) -> None:
        hear(resampler.push(pcm))

    microphone = LocalMicrophone(plan.device, plan.sample_rate, resample, lost)
    try:
        await microphone.opened()
    except BaseException:  # cancelled, too: the device is let go
        await microphone.close()
        raise
    return microphone
