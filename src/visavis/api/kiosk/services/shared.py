"""What the kiosk's services share in one application: the shelf, transcripts that go on, and latencies."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request

from visavis.api.kiosk.services.latencies import Latency
from visavis.api.kiosk.services.shelf import Shelf
from visavis.api.kiosk.services.transcripts import Transcripts
from visavis.settings import Settings

MIB = 1024 * 1024

BODIES: Mapping[str, int] = {
    "/api/v1/context": 20 * MIB,
    "/api/v1/context/file": 64 * MIB,
    "/api/v1/query": MIB,
    "/api/v1/agent/chat": MIB,
    "/v1/chat/completions": MIB,
    "/v1/audio/transcriptions": 25 * MIB,
}
"""The largest bodies by prefix of the path: five million characters; a few files of 10 MB; a conversation; ten
minutes of sound.
"""


class Services:
    """One application's."""

    def __init__(self, settings: Settings) -> None:
        self.shelf = Shelf(settings)
        self.transcripts = Transcripts()
        self.retrieval = Latency()
        self.answers = Latency()
        self.recognition = Latency()
        self.synthesis = Latency()


async def services(request: Request) -> Services:
    """The application's."""
    made: Services = request.app.state.kiosk_services
    return made


Shared = Annotated[Services, Depends(services)]
"""The type of a route's argument that wants them."""
