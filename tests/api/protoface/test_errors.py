"""Whatever nothing answers: unknown paths, wrong methods, large bodies, defects; and who owns what below `/v1`."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.protoface.conftest import refusal
from visavis.errors import UpstreamFailed, VisavisError
from visavis.testing.fake_pool import FakePool


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/models", "/v1/runs", "/v1/sessions/a/b/c", "/v1/nothing"])
async def test_an_unknown_path_is_not_found_in_the_familys_words(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    error = refusal(answer)
    assert (error["type"], error["code"], error["param"]) == ("not_found", "not_found", None)


async def test_a_wrong_method_is_refused_in_the_familys_words(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/sessions")
    assert answer.status_code == 405
    assert refusal(answer)["type"] == "invalid_request"


@pytest.mark.parametrize("path", ["/v1/audio/nothing", "/v1/chat/nothing", "/v1/performance/x"])
async def test_openais_paths_stay_openais(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert "x-request-id" not in answer.headers


async def test_openais_routes_still_answer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chat/completions", json={})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_other_families_are_as_they_were(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nothing")).json().keys() == {"detail"}
    assert (await client.get("/api/v1/nothing")).json().keys() == {"detail"}
    assert "x-request-id" not in (await client.get("/health")).headers


async def test_every_answer_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    answers = [await client.get(path) for path in ("/v1/status", "/v1/sessions", "/v1/avatars", "/v1/nothing")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("req_") and len(each) == 30 for each in ids)


async def test_a_body_over_the_limit_is_unprocessable(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", content=b"x" * 100_000)
    assert answer.status_code == 422
    assert refusal(answer)["code"] == "too_large"


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (VisavisError("secret"), 500, "internal"),
        (UpstreamFailed("tts", "upstream"), 502, "internal"),
        (RuntimeError("secret"), 500, "internal"),
    ],
)
async def test_a_defect_is_told_without_words(
    client: httpx.AsyncClient,
    running: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    async def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(running.state.protoface.lineup, "stock", broken)
    answer = await client.get("/v1/avatars")
    assert answer.status_code == status
    assert refusal(answer)["type"] == kind
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "dead"}, "status"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"created_after": "2026-01-01T00:00:00"}, "created_after"),
        ({"avatar_id": "\0"}, "avatar_id"),
    ],
)
async def test_wrong_queries_are_named(client: httpx.AsyncClient, query: dict[str, Any], param: str) -> None:
    answer = await client.get("/v1/sessions", params=query)
    assert answer.status_code == 422
    assert str(refusal(answer)["param"]).startswith(param)


@pytest.mark.parametrize("cursor", ["sess_01HXY5K8E7QYG3X8Z6N9R7S0VR", "\0", "é", "x" * 60])
async def test_a_cursor_that_leads_nowhere_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/v1/sessions", params={"starting_after": cursor})
    assert answer.status_code == 400
    assert refusal(answer)["param"] == "starting_after"


@pytest.mark.parametrize("name", ["%00", "é", "x" * 200, "..%2f..", "sess_' OR 1=1"])
async def test_ids_that_can_not_be_are_not_found(client: httpx.AsyncClient, name: str) -> None:
    for path in (f"/v1/sessions/{name}", f"/v1/avatars/{name}"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert refusal(answer)["type"] == "not_found"


async def test_a_database_that_fails_is_an_outage(
    client: httpx.AsyncClient, running: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visavis.errors import Unavailable

    async def gone() -> None:
        raise Unavailable("the database can't be used now")

    monkeypatch.setattr(running.state.protoface.store, "ready", gone)
    told = (await client.get("/v1/status")).json()
    assert told["status"] == "outage"
    assert {part["name"]: part["status"] for part in told["components"]}["records"] == "outage"


async def test_a_server_without_workers_is_an_outage(running: FastAPI, client: httpx.AsyncClient) -> None:
    running.state.protoface.pool = FakePool(room=0)
    assert (await client.get("/v1/status")).json()["status"] == "outage"
