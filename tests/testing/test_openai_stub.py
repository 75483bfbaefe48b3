"""The stub is strict: a client that breaks the protocol is told so, and the test that used it fails."""

from typing import Any

import pytest

from visavis.outbound import Outbound
from visavis.settings import Settings
from visavis.testing.contract import ContractBroken
from visavis.testing.openai_stub import OpenAIStub

GOOD = {"model": "stub-model", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}


async def status(
    stub: OpenAIStub, body: Any, method: str = "POST", path: str = "/chat/completions", key: str = ""
) -> int:
    outbound = Outbound.for_configured(Settings(), stub.base_url)
    headers = {"Authorization": f"Bearer {key or stub.api_key}"}
    try:
        async with outbound.stream(method, stub.base_url + path, json=body, headers=headers) as response:
            await response.body()
            return response.status
    finally:
        await outbound.aclose()


async def test_given_a_good_request_when_sent_then_it_is_answered() -> None:
    async with OpenAIStub() as stub:
        assert await status(stub, GOOD) == 200


@pytest.mark.parametrize(
    ("expected", "request_"),
    [
        (401, {"key": "wrong"}),
        (404, {"path": "/completions"}),
        (405, {"method": "PUT"}),
        (400, {"body": {}}),
        (400, {"body": GOOD | {"model": "other"}}),
        (400, {"body": GOOD | {"stream": False}}),
        (400, {"body": GOOD | {"messages": []}}),
        (400, {"body": GOOD | {"messages": [{"role": "user"}]}}),
        (400, {"body": GOOD | {"messages": [{"role": "robot", "content": ""}]}}),
        (400, {"body": GOOD | {"messages": [{"role": "tool", "content": "x"}]}}),
        (400, {"body": GOOD | {"tools": [{"name": "x"}]}}),
    ],
)
async def test_given_a_bad_request_when_sent_then_it_is_refused_and_the_block_fails(
    expected: int, request_: dict[str, Any]
) -> None:
    with pytest.raises(ContractBroken):
        async with OpenAIStub() as stub:
            assert await status(stub, **({"body": GOOD} | request_)) == expected
            assert stub.requests == []
