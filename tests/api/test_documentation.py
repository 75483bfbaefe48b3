"""The OpenAPI document, the pages that show it, and the page at `/`: all offline."""

import re
from typing import Any

import httpx
import pytest

FOREIGN = re.compile(r"""(?:src|href|url)\s*[=:(]\s*["']?(?:https?:)?//[^"'\s)]+""", re.IGNORECASE)


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def _operations(document: dict[str, Any], *, others: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """OpenTalking's, or with `others` those of every family."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if others or not path.startswith(("/api/v1/", "/v1/"))
    ]


async def test_the_document_has_the_slices_routes(document: dict[str, Any]) -> None:
    session = "/sessions/{session_id}"
    assert {name for name, _ in _operations(document)} == {
        "GET /health",
        "GET /healthz",
        "GET /queue/status",
        "GET /models",
        "GET /avatars",
        "GET /avatars/{avatar_id}",
        "GET /avatars/{avatar_id}/preview",
        "GET /avatars/{avatar_id}/preview-video",
        "POST /avatars/custom",
        "POST /avatars/analyze",
        "POST /avatars/{avatar_id}/prewarm",
        "DELETE /avatars/{avatar_id}",
        "POST /sessions",
        "POST /sessions/customize",
        "POST /sessions/customize/prompt",
        "POST /sessions/customize/reference",
        f"POST {session}/customize",
        f"POST {session}/customize/prompt",
        f"POST {session}/customize/reference",
        "POST /tts/preview",
        "GET /voices",
        "POST /voices/clone",
        "DELETE /voices/{entry_id}",
        "GET /voice-uploads/{token}",
        f"GET {session}",
        f"POST {session}/start",
        f"DELETE {session}",
        f"POST {session}/speak",
        f"POST {session}/chat",
        f"POST {session}/interrupt",
        f"POST {session}/transcribe",
        f"POST {session}/speak_audio",
        f"POST {session}/speak_flashtalk_audio",
        f"POST {session}/webrtc/offer",
        f"POST {session}/flashtalk-recording/start",
        f"POST {session}/flashtalk-recording/stop",
        f"GET {session}/flashtalk-recording",
        f"GET {session}/flashtalk-recording/download",
        f"POST {session}/flashtalk-offline-bundle",
        f"GET {session}/flashtalk-offline-bundle/{{job_id}}",
        f"GET {session}/flashtalk-offline-bundle/{{job_id}}/download",
        f"DELETE {session}/flashtalk-offline-bundle/{{job_id}}",
        f"GET {session}/events",
    }


async def test_every_refusal_has_the_familys_body(document: dict[str, Any]) -> None:
    for name, operation in _operations(document):
        assert "422" not in operation["responses"], name
        refusals = {
            code: said for code, said in operation["responses"].items() if code == "default" or code > "399"
        }
        assert "default" in refusals
        for said in refusals.values():
            assert said["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Refusal"}


async def test_documented_errors(document: dict[str, Any]) -> None:
    operations = dict(_operations(document))
    assert {"400", "413", "502", "503"} <= operations["POST /sessions"]["responses"].keys()
    assert {"400", "404", "409"} <= operations["POST /sessions/{session_id}/chat"]["responses"].keys()
    assert {"400", "404", "409"} <= operations["POST /sessions/{session_id}/webrtc/offer"]["responses"].keys()


async def test_operation_ids_are_unique_and_references_lead_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.")
    ids = [operation["operationId"] for _, operation in _operations(document, others=True)]
    assert len(ids) == len(set(ids))
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document)))
    assert references <= document["components"]["schemas"].keys()


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/"])
async def test_pages_load_nothing_from_another_host(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert not FOREIGN.findall(answer.text)
    for asset in re.findall(r"""(?:src|href)=["']([^"'#]+)["']""", answer.text):
        assert (await client.get(asset)).status_code == 200, asset


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/web/app.js", "text/javascript; charset=utf-8"),
        ("/web/style.css", "text/css; charset=utf-8"),
        ("/web/icon.svg", "image/svg+xml"),
    ],
)
async def test_the_page_is_served_strictly(client: httpx.AsyncClient, path: str, kind: str) -> None:
    answer = await client.get(path)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not FOREIGN.findall(answer.text)


async def test_the_page_has_no_inline_script_or_style(client: httpx.AsyncClient) -> None:
    text = (await client.get("/")).text
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert "<style" not in text
    assert not re.findall(r"\s(?:style|on\w+)=", text)
