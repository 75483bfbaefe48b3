"""The kiosk's stubs are strict: a client that breaks the protocol is told so, and the test that used it fails."""

from typing import Any

import numpy as np
import pytest

from visavis.outbound import Outbound
from visavis.settings import Settings
from visavis.testing.contract import ContractBroken
from visavis.testing.kiosk_stubs import AnalyzerStub, RagStub, SpeechStub, wav_file
from visavis.testing.stub_server import Stub

QUERY = {"transcription": "Hi"}
SPEECH = {"model": "m", "input": "Hi", "response_format": "wav"}
WAV = wav_file(np.arange(100, dtype=np.int16), 16_000)
FILE = ('name="file"; filename="a.wav"\r\nContent-Type: audio/wav', WAV)
TEMPERATURE = ('name="temperature"', b"0.0")


async def status(stub: Stub[Any], method: str = "POST", url: str = "", **request: Any) -> int:
    outbound = Outbound.for_configured(Settings(), stub.url)
    try:
        async with outbound.stream(method, url or stub.url, **request) as response:
            await response.body()
            return response.status
    finally:
        await outbound.aclose()


def form(*parts: tuple[str, bytes]) -> dict[str, Any]:
    rows = [
        b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + value for head, value in parts
    ]
    content = b"\r\n".join([*rows, b"--x--\r\n"])
    return {"content": content, "content_type": "multipart/form-data; boundary=x"}


SSE = {"Accept": "text/event-stream"}


async def test_given_good_requests_when_sent_then_they_are_answered_and_recorded() -> None:
    async with RagStub() as rag, SpeechStub() as speech, AnalyzerStub() as analyzer:
        assert await status(rag, json=QUERY, headers=SSE) == 200
        assert await status(speech, json=SPEECH) == 200
        assert await status(analyzer, **form(FILE, TEMPERATURE)) == 200
        assert rag.requests[0].transcription == "Hi"
        assert speech.requests[0].input == "Hi"
        assert len(analyzer.requests[0].pcm) == 100
        assert analyzer.requests[0].sample_rate == 16_000


@pytest.mark.parametrize(
    ("expected", "stub", "request_"),
    [
        (404, RagStub, {"url": "/api/v1/other", "json": QUERY}),
        (405, RagStub, {"method": "PUT", "json": QUERY, "headers": SSE}),
        (401, RagStub, {"json": QUERY, "headers": SSE | {"Authorization": "Bearer x"}}),
        (406, RagStub, {"json": QUERY}),
        (415, RagStub, {"content": b"{}", "content_type": "text/plain", "headers": SSE}),
        (400, RagStub, {"content": b"{", "content_type": "application/json", "headers": SSE}),
        (422, RagStub, {"json": [], "headers": SSE}),
        (422, RagStub, {"json": {}, "headers": SSE}),
        (422, RagStub, {"json": QUERY | {"top_k": 3}, "headers": SSE}),
        (422, RagStub, {"json": {"transcription": ""}, "headers": SSE}),
        (422, RagStub, {"json": QUERY | {"history": []}, "headers": SSE}),
        (422, RagStub, {"json": QUERY | {"history": [{"role": "system", "content": "x"}]}, "headers": SSE}),
        (422, RagStub, {"json": QUERY | {"history": [{"role": "user", "content": ""}]}, "headers": SSE}),
        (422, RagStub, {"json": QUERY | {"history": [{"role": "user"}]}, "headers": SSE}),
        (422, SpeechStub, {"json": {"input": "Hi", "response_format": "wav"}}),
        (422, SpeechStub, {"json": SPEECH | {"speed": 1}}),
        (422, SpeechStub, {"json": SPEECH | {"voice": ""}}),
        (422, SpeechStub, {"json": SPEECH | {"voice": None}}),
        (400, SpeechStub, {"json": SPEECH | {"response_format": "pcm"}}),
        (400, SpeechStub, {"json": SPEECH | {"input": "x" * 5001}}),
        (415, AnalyzerStub, {"json": {}}),
        (400, AnalyzerStub, form(FILE, TEMPERATURE) | {"content": b"--x\r\nrubbish"}),
        (400, AnalyzerStub, form(FILE, ("filename=x", b""))),
        (422, AnalyzerStub, form(FILE)),
        (422, AnalyzerStub, form(TEMPERATURE)),
        (422, AnalyzerStub, form(FILE, FILE, TEMPERATURE)),
        (422, AnalyzerStub, form(FILE, ('name="temperature"', b"hot"))),
        (422, AnalyzerStub, form(FILE, TEMPERATURE, ('name="response_format"', b"json"))),
        (422, AnalyzerStub, form(FILE, TEMPERATURE, ('name="language"', b""))),
        (400, AnalyzerStub, form(FILE, TEMPERATURE, ('name="model"', b"whisper-1"))),
        (422, AnalyzerStub, form(('name="file"; filename="a.mp3"\r\nContent-Type: audio/wav', WAV), TEMPERATURE)),
        (422, AnalyzerStub, form(('name="file"; filename="a.wav"', WAV), TEMPERATURE)),
        (422, AnalyzerStub, form((FILE[0], b"not a wav"), TEMPERATURE)),
        (422, AnalyzerStub, form((FILE[0], WAV[:44]), TEMPERATURE)),
    ],
)
async def test_given_a_bad_request_when_sent_then_it_is_refused_and_the_block_fails(
    expected: int, stub: type[Stub[Any]], request_: dict[str, Any]
) -> None:
    with pytest.raises(ContractBroken):
        async with stub() as running:
            if "url" in request_:
                request_ = request_ | {"url": running.url.removesuffix(running.PATH) + request_["url"]}
            assert await status(running, **request_) == expected
            assert running.requests == []


async def test_given_a_usual_behaviour_when_set_then_the_script_comes_first() -> None:
    async with SpeechStub() as stub:
        stub.always("empty")
        stub.then("rubbish")
        outbound = Outbound.for_configured(Settings(), stub.url)
        lengths = []
        for _ in range(3):
            async with outbound.stream("POST", stub.url, json=SPEECH) as response:
                lengths.append(len(await response.body()))
        await outbound.aclose()
        assert lengths[0] not in (44, 0)
        assert lengths[1:] == [44, 44]
