"""Strict local servers for what a kiosk talks to: analyzer, RAG service, text-to-speech. Real sockets, scripted.

    async with AnalyzerStub() as stub:
        stub.then(heard("One coffee."), Failure(500), "stall", Answer(gates={0: event}))
        … let a client post to stub.url …
        assert stub.requests[0].fields["language"] == "en"

`await stub.down()` closes the port. A request that breaks the protocol is answered with 4xx, and leaving the block
then fails. Source: the kiosk voice contract, section 2.1.
"""

from visavis.testing.kiosk_stubs.analyzer import AnalyzerRequest, AnalyzerStub, heard
from visavis.testing.kiosk_stubs.rag import RagRequest, RagStub, tokens
from visavis.testing.kiosk_stubs.speech import SpeechRequest, SpeechStub, said, wav_file
from visavis.testing.stub_server import Answer, Behaviour, Failure, Fault, Stub, StubRequest

__all__ = [
    "AnalyzerRequest",
    "AnalyzerStub",
    "Answer",
    "Behaviour",
    "Failure",
    "Fault",
    "RagRequest",
    "RagStub",
    "SpeechRequest",
    "SpeechStub",
    "Stub",
    "StubRequest",
    "heard",
    "said",
    "tokens",
    "wav_file",
]
