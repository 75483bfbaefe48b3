"""`/api/v1/context`: texts and files that a kiosk's questions are answered from."""

import asyncio
from io import BytesIO
from typing import Any

import httpx
import pytest
from docx import Document

from tests.api.kiosk.services.conftest import served
from visavis.knowledge.library import Library
from visavis.pool.inline import InlinePool
from visavis.settings import Settings

CONTEXT = "/api/v1/context"


async def count(client: httpx.AsyncClient) -> tuple[int, int]:
    stats = (await client.get(f"{CONTEXT}/stats")).json()
    return stats["file_count"], stats["document_count"]


async def answer(client: httpx.AsyncClient, question: str) -> str:
    reply = await client.post("/api/v1/agent/chat", json={"transcription": question})
    return str(reply.json()["reply"])


async def test_a_text_is_added_and_counted(client: httpx.AsyncClient) -> None:
    added = await client.post(CONTEXT, json={"text": "The bakery is near the front entrance."})
    assert (added.status_code, added.json()) == (200, {"chunks_added": 1, "source": "api"})
    assert await count(client) == (1, 1)


async def test_stats_have_the_documented_keys_and_no_path(client: httpx.AsyncClient, settings: Settings) -> None:
    stats = await client.get(f"{CONTEXT}/stats")
    documented = {
        "collection_name",
        "persist_directory",
        "document_count",
        "chunking_strategy",
        "llm_model",
        "embedding_model",
        "reranker_model",
    }
    assert documented <= stats.json().keys()
    assert (stats.json()["document_count"], stats.json()["persist_directory"]) == (0, "visavis")
    assert str(settings.data_dir) not in stats.text
    assert not (settings.data_dir / "knowledge.sqlite3").exists(), "asking makes no file"


async def test_the_same_source_takes_its_own_place(client: httpx.AsyncClient) -> None:
    for entrance in ("front", "back"):
        text = f"The bakery is near the {entrance} entrance."
        await client.post(CONTEXT, json={"text": text, "source": "manual", "metadata": {"of": entrance}})
    assert await count(client) == (1, 1)
    assert "back entrance" in await answer(client, "Where is the bakery?")


async def test_a_source_that_is_markdown_is_read_so(client: httpx.AsyncClient) -> None:
    text = "# Opening hours\n\nMonday to Friday: 9 to 18.\n\n# Parking\n\nIn the yard.\n"
    added = await client.post(CONTEXT, json={"text": text, "source": "shop.md"})
    assert added.json()["chunks_added"] == 2


async def test_a_file_is_added(client: httpx.AsyncClient) -> None:
    added = await client.post(f"{CONTEXT}/file", files={"file": ("hours.md", b"# Hours\n\nOpen from 9 to 18.")})
    assert added.status_code == 200
    assert added.json() == {
        "chunks_added": 1,
        "source": "hours.md",
        "total_chunks_added": 1,
        "files_processed": 1,
        "files_succeeded": 1,
        "files_failed": 0,
        "results": [{"source": "hours.md", "chunks_added": 1, "status": "ok", "detail": None}],
    }
    assert "hours.md" in await answer(client, "When are you open?")


@pytest.mark.parametrize("field", ["file", "files"])
async def test_many_files_are_added_and_one_bad_one_does_not_spoil_the_rest(
    client: httpx.AsyncClient, field: str
) -> None:
    files = [
        (field, ("a.txt", b"The museum opens at nine.")),
        (field, ("b.exe", b"MZ")),
        (field, ("dir/c.html", b"<h1>Tours</h1><p>A tour costs five euros.</p>")),
        (field, ("d.txt", b"\xff\xfe\x00")),
    ]
    body = (await client.post(f"{CONTEXT}/file", files=files)).json()
    assert (body["files_processed"], body["files_succeeded"], body["files_failed"]) == (4, 2, 2)
    assert [result["status"] for result in body["results"]] == ["ok", "failed", "ok", "failed"]
    assert [result["source"] for result in body["results"]] == ["a.txt", "b.exe", "c.html", "d.txt"]
    assert body["total_chunks_added"] == sum(result["chunks_added"] for result in body["results"]) == 2
    assert "UTF-8" in body["results"][3]["detail"]


async def test_a_word_file_is_read(client: httpx.AsyncClient) -> None:
    document = Document()
    document.add_paragraph("The cloakroom is in the basement.")
    document.save(file := BytesIO())
    added = await client.post(f"{CONTEXT}/file", files={"file": ("house.docx", file.getvalue())})
    assert added.status_code == 200
    assert "basement" in await answer(client, "Where is the cloakroom?")


BIG = b"word " * (2 * 1024 * 1024 + 1)

REFUSED: list[tuple[str, bytes, int]] = [
    ("a.exe", b"MZ", 415),
    ("noending", b"text", 415),
    ("", b"text", 422),
    ("a.doc", b"\xd0\xcf\x11\xe0", 415),
    ("a.txt", b"", 422),
    ("a.txt", b"   \n", 422),
    ("a.txt", b"caf\xe9", 422),
    ("a.md", "Käse".encode("utf-16"), 422),
    ("a.txt", b"a\x00b", 422),
    ("a.pdf", b"%PDF-1.7 rubbish", 422),
    ("a.docx", b"PK\x03\x04 rubbish", 422),
    ("a.html", b"<p></p>", 422),
    ("a.txt", BIG, 413),
    ("a.txt", b"word " * 25_001, 413),
]


@pytest.mark.parametrize(("name", "data", "status"), REFUSED, ids=[f"{n}-{len(d)}-{s}" for n, d, s in REFUSED])
async def test_a_file_that_cannot_be_used_is_refused(
    client: httpx.AsyncClient, settings: Settings, name: str, data: bytes, status: int
) -> None:
    refused = await client.post(f"{CONTEXT}/file", files={"file": (name, data)})
    assert refused.status_code == status, refused.text
    assert list(refused.json()) == ["detail"]
    assert str(settings.data_dir) not in refused.text
    assert await count(client) == (0, 0)


async def test_a_text_of_too_many_tokens_is_refused_and_the_limit_is_a_setting(settings: Settings) -> None:
    async with served(settings.model_copy(update={"kiosk_max_ingest_tokens": 10})) as (client, _):
        assert (await client.post(CONTEXT, json={"text": "one two three four five."})).status_code == 200
        refused = await client.post(CONTEXT, json={"text": "word " * 11})
    assert refused.status_code == 413
    assert "11 tokens (limit is 10)" in refused.json()["detail"]


async def test_five_million_characters_reach_the_count(client: httpx.AsyncClient) -> None:
    refused = await client.post(CONTEXT, json={"text": "\u4f60" * 5_000_000})
    assert (refused.status_code, "5000000 tokens" in refused.text) == (413, True)
    assert (await client.post(CONTEXT, json={"text": "a" * 5_000_001})).status_code == 422


async def test_clearing_removes_what_was_added_here_and_nothing_else(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    assert (await client.delete(CONTEXT)).json() == {"status": "cleared"}
    with Library(settings) as library:
        library.add("tours.md", b"A tour of the museum costs five euros.")
    await client.post(CONTEXT, json={"text": "A tour of the castle costs nine euros.", "metadata": {"a": 1}})
    assert "nine" in await answer(client, "What does a tour cost?")
    cleared = await client.delete(CONTEXT)
    assert (cleared.status_code, cleared.json()) == (200, {"status": "cleared"})
    assert await count(client) == (0, 0)
    assert "five" in await answer(client, "What does a tour cost?")
    with Library(settings) as library:
        assert [document.name for document in library.documents()] == ["tours.md"]


async def test_texts_that_are_added_at_once_are_all_there(client: httpx.AsyncClient, pool: InlinePool) -> None:
    async def add(number: int) -> httpx.Response:
        text = f"Shelf {number} holds books. " * 40
        return await client.post(CONTEXT, json={"text": text, "source": f"s{number}", "metadata": {"n": number}})

    assert {added.status_code for added in await asyncio.gather(*map(add, range(6)))} == {200}
    assert (await count(client))[0] == 6
    question: dict[str, Any] = {"transcription": "What does shelf 3 hold?", "include_sources": True}
    told = (await client.post("/api/v1/query", json=question)).text
    assert '"n": 3' in told
