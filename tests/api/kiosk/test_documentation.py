"""The kiosk API in the OpenAPI document."""

from typing import Any

import httpx
import pytest

from visavis.api.kiosk import clips, devices, events, pipeline, sessions, starts

SESSION = "/api/v1/sessions/{session_id}"

ROUTES = {
    "GET /api/v1/devices",
    "GET /api/v1/capture-mode",
    "GET /api/v1/sessions",
    "POST /api/v1/sessions/start",
    "POST /api/v1/sessions/start-file",
    "POST /api/v1/sessions/start-stream",
    "POST /api/v1/query/text",
    f"GET {SESSION}",
    f"DELETE {SESSION}",
    f"POST {SESSION}/stop",
    f"POST {SESSION}/audio",
    f"POST {SESSION}/audio/end",
    f"GET {SESSION}/audio/{{filename}}",
    f"GET {SESSION}/response-audio/{{index}}",
    f"GET {SESSION}/history",
    f"GET {SESSION}/events",
    f"POST {SESSION}/offer",
    "GET /api/v1/pipeline/latest",
    "GET /api/v1/pipeline/recent",
}


@pytest.fixture
async def operations(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    document = (await client.get("/openapi.json")).json()
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if f"{method.upper()} {path}" in ROUTES
    }


def test_there_is_no_other_route() -> None:
    nouns = (clips, devices, events, pipeline, sessions, starts)
    found = {
        f"{method} {route.path}"
        for noun in nouns
        for route in noun.router.routes
        for method in getattr(route, "methods", None) or ()
    }
    assert found == ROUTES


async def test_every_route_is_documented_with_its_refusals(operations: dict[str, dict[str, Any]]) -> None:
    assert operations.keys() == ROUTES
    for name, operation in operations.items():
        assert operation["description"], name
        said = operation["responses"]
        refused = {status: each for status, each in said.items() if status == "default" or status > "399"}
        assert "default" in refused
        for each in refused.values():
            schema = each["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/KioskRefusal"}, name


async def test_requests_and_snapshots_have_examples(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    for name in ("StartRequest", "TextQueryRequest", "OfferRequest", "SessionSnapshot"):
        assert schemas[name]["examples"], name
    start = schemas["StartRequest"]["properties"]
    assert (start["sample_rate"]["minimum"], start["sample_rate"]["maximum"]) == (8000, 48_000)
    assert start["chunk_seconds"]["default"] == 4.0
