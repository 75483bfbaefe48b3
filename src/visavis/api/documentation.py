"""The OpenAPI document, and the pages that show it: scripts are on board, and a policy holds them to that."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc"})

POLICY = "default-src 'self' 'unsafe-inline' blob: data:; base-uri 'none'; frame-ancestors 'none'"
"""Redoc would load its maker's logo from a public host."""


class StayHome:
    """Pure ASGI middleware: the documentation's pages may load nothing from another host."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its answer gets the policy if it is one of the pages."""
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._app(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await self._app(scope, receive, with_policy)


UNNAMED = "Successful Response"
"""What FastAPI calls an answer that nothing else is said of."""

SENTENCE = re.compile(r"(.+?)[.:](?:\s|$)", re.DOTALL)


def polish(app: FastAPI, examples: Mapping[str, Any]) -> None:
    """Have the application's document say what FastAPI leaves out; `examples` are by the names of schemas."""
    bare = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = polished(bare(), examples)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def polished(document: dict[str, Any], examples: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with a summary for each operation, descriptions of its answers, examples, and files as such."""
    schemas = document["components"]["schemas"]
    for name, example in examples.items():
        if name in schemas:
            schemas[name].setdefault("examples", [example])
    for schema in schemas.values():
        for example in schema.get("examples", []) if schema.get("type") == "object" else ():
            # FastAPI drops what is null, also from examples.
            example.update({key: None for key in schema.get("required", []) if key not in example})
    for schema in _each(schemas):
        if schema.get("contentMediaType") == "application/octet-stream":
            # OpenAPI 3.0's word, which most generators of clients still look for.
            schema["format"] = "binary"
    for operations in document["paths"].values():
        for operation in operations.values():
            if found := SENTENCE.match(operation.get("description", "")):
                operation["summary"] = " ".join(found[1].split())
            for response in operation["responses"].values():
                if response["description"] == UNNAMED:
                    response["description"] = _described(response, schemas)
    return document


def _described(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    for content in response.get("content", {}).values():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if description := schemas.get(name, {}).get("description"):
            return str(description).partition("\n\n")[0]
    return "Done."


def _each(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema."""
    if isinstance(schema, dict):
        yield schema
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        yield from _each(part)
