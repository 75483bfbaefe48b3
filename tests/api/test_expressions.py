"""`expression` of `speak` and `chat`: ours, beside the contract's fields."""

import httpx
import pytest

from visavis.pool import Chat, Say
from visavis.testing.fake_pool import FakeSession


@pytest.mark.parametrize("given", ["smile", "surprised"])
async def test_speak_begins_with_an_expression(
    client: httpx.AsyncClient, session: FakeSession, given: str
) -> None:
    body = {"text": "Welcome.", "expression": given}
    assert (await client.post(f"/sessions/{session.id}/speak", json=body)).status_code == 200
    assert session.commands == [Say("Welcome.", expression=given)]


async def test_chat_begins_with_an_expression(client: httpx.AsyncClient, session: FakeSession) -> None:
    body = {"prompt": "Well?", "expression": "serious"}
    assert (await client.post(f"/sessions/{session.id}/chat", json=body)).status_code == 200
    assert session.commands == [Chat("Well?", expression="serious")]


async def test_given_none_then_none(client: httpx.AsyncClient, session: FakeSession) -> None:
    await client.post(f"/sessions/{session.id}/speak", json={"text": "Welcome.", "expression": None})
    assert session.commands == [Say("Welcome.")]
