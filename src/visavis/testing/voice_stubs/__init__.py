"""Strict local servers for voices in the cloud. Real sockets, scripted, like `visavis.testing.kiosk_stubs`.

Sources: for Edge what `visavis.tts.edge_protocol` names, for ElevenLabs its API reference.
"""

from visavis.testing.stub_server import Answer, Behaviour, Failure, Fault
from visavis.testing.voice_stubs.edge import EdgeRequest, EdgeStub
from visavis.testing.voice_stubs.elevenlabs import ElevenLabsRequest, ElevenLabsStub

__all__ = [
    "Answer",
    "Behaviour",
    "EdgeRequest",
    "EdgeStub",
    "ElevenLabsRequest",
    "ElevenLabsStub",
    "Failure",
    "Fault",
]
