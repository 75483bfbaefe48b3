"""`background` of a new session: ours, beside the contract's fields."""

import httpx
import pytest

from visavis.testing.fake_pool import FakePool


@pytest.mark.parametrize(("given", "expected"), [("green", "green"), (None, "")])
async def test_a_session_may_ask_for_a_background(
    client: httpx.AsyncClient, pool: FakePool, given: str | None, expected: str
) -> None:
    body = {"avatar_id": "ada", "model": "portrait", "background": given}
    answer = await client.post("/sessions", json=body)
    assert answer.status_code == 200
    assert pool.get(answer.json()["session_id"]).request.background == expected


@pytest.mark.parametrize("given", [7, ["green"], "a\nb", "x" * 201])
async def test_what_is_no_name_is_refused(client: httpx.AsyncClient, given: object) -> None:
    body = {"avatar_id": "ada", "model": "portrait", "background": given}
    assert (await client.post("/sessions", json=body)).status_code == 400
