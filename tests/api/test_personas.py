import httpx
import pytest

from visavis.testing.fake_pool import FakePool

CREATE = {"avatar_id": "demo-avatar", "model": "portrait"}


async def test_create_with_a_persona_of_this_server_uses_it(client: httpx.AsyncClient, pool: FakePool) -> None:
    answer = await client.post("/sessions", json=CREATE | {"persona_id": "guide-zh"})
    assert pool.get(answer.json()["session_id"]).request.persona == "guide-zh"


@pytest.mark.parametrize(
    "persona", [None, "", "theirs", "../guide", 7, 1.5, True, ["guide"], {"id": 1}, "a" * 9000]
)
async def test_create_with_a_persona_of_another_server_ignores_it(
    client: httpx.AsyncClient, pool: FakePool, persona: object
) -> None:
    answer = await client.post("/sessions", json=CREATE | {"persona_id": persona})
    assert answer.status_code == 200
    assert pool.get(answer.json()["session_id"]).request.persona == ""
