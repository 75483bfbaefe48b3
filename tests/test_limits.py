from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.errors import TooLarge
from visavis.limits import BodyLimit


def refuse(scope: Scope, error: TooLarge) -> ASGIApp:
    return JSONResponse({"detail": error.message, "path": scope["path"]}, 413)


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/json")
    async def json(body: dict[str, str]) -> int:
        return len(body["text"])

    @app.post("/raw")
    @app.post("/upload/raw")
    @app.post("/upload/raw/tiny")
    @app.post("/uploads")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/ignores")
    async def ignores() -> str:
        return "done"

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limited = BodyLimit(application(), 100, refuse, {"/upload": 1000, "/upload/raw/tiny": 1})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://server") as client:
        yield client


async def pieces(count: int, size: int = 10) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_a_body_at_the_limit_passes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/raw", content=b"x" * 100)).json() == 100
    assert (await client.post("/raw", content=pieces(10))).json() == 100


@pytest.mark.parametrize("path", ["/raw", "/json"])
async def test_a_chunked_body_over_the_limit_is_refused_in_the_dialect_of_its_path(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.post(path, content=pieces(11), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json() == {
        "detail": "the body is larger than the 100 bytes that are accepted here",
        "path": path,
    }


async def test_an_announced_length_over_the_limit_is_refused_unread(client: httpx.AsyncClient) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append("something")
        yield b"x"

    for length in ("101", "9" * 5000):
        answer = await client.post("/raw", content=body(), headers={"content-length": length})
        assert answer.status_code == 413
    assert read == []


async def test_an_announced_length_that_is_too_small_is_not_believed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/raw", content=pieces(11), headers={"content-length": "5"})
    assert answer.status_code == 413


async def test_an_announced_length_that_is_no_number_is_left_to_the_count(client: httpx.AsyncClient) -> None:
    for length in ("-1", "many", "1e3"):
        answer = await client.post("/raw", content=pieces(2), headers={"content-length": length})
        assert answer.json() == 20


async def test_reading_stops_at_the_limit() -> None:
    sent = 0

    async def endless() -> Message:
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": b"x" * 10, "more_body": True}

    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "POST", "path": "/raw", "headers": [], "query_string": b""}
    await BodyLimit(application(), 100, refuse)(scope, endless, send)
    assert sent == 11
    assert [m["status"] for m in messages if m["type"] == "http.response.start"] == [413]


async def test_the_longest_prefix_of_whole_segments_says_the_limit(client: httpx.AsyncClient) -> None:
    assert (await client.post("/upload/raw", content=pieces(50))).json() == 500
    assert (await client.post("/uploads", content=pieces(50))).status_code == 413
    assert (await client.post("/upload/raw/tiny", content=pieces(1))).status_code == 413


async def test_a_body_that_nobody_reads_is_not_counted(client: httpx.AsyncClient) -> None:
    assert (await client.post("/ignores", content=pieces(50))).json() == "done"


async def test_an_answer_that_began_before_the_limit_was_passed_is_cut_off_and_not_replaced() -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["type"] == "http.request":
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
        assert (await receive())["type"] == "http.disconnect"

    async def endless() -> Message:
        return {"type": "http.request", "body": b"x" * 30, "more_body": True}

    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await BodyLimit(early, 100, refuse)({"type": "http", "path": "/", "headers": []}, endless, send)
    assert [m.get("status") for m in messages] == [200, None, None, None]


async def test_errors_of_the_application_pass() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("its own")

    limited = BodyLimit(broken, 100, refuse)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://server") as client:
        with pytest.raises(ValueError, match="its own"):
            await client.post("/")


async def test_other_kinds_of_connection_pass_untouched() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["type"], receive, send))

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    limited = BodyLimit(app, 100, refuse)
    for kind in ("lifespan", "websocket"):
        await limited({"type": kind, "path": "/", "headers": []}, receive, send)
    assert seen == [("lifespan", receive, send), ("websocket", receive, send)]


async def test_the_refusal_may_be_any_application(client: httpx.AsyncClient) -> None:
    limited = BodyLimit(application(), 10, lambda scope, error: PlainTextResponse(error.code, 413))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://server") as client:
        assert (await client.post("/raw", content=pieces(2))).text == "too_large"
