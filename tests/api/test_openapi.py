"""The OpenAPI document: valid, exact enough to generate a client from, and true to itself."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

Operation = Mapping[str, Any]


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get("/openapi.json")).json()
    return body


def operations(document: Mapping[str, Any], *, ours: bool = False) -> Iterator[tuple[str, Operation]]:
    """All of them, or with `ours` those of OpenTalking."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not (ours and path.startswith(("/api/v1/", "/v1/"))):
                yield f"{method.upper()} {path}", operation


def bodies(operation: Operation) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What it takes and gives: where, content type, media type object."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "request", kind, content
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield status, kind, content


def validator(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Draft202012Validator:
    """Knows the document's components."""
    return Draft202012Validator({**schema, "components": document["components"]})


def examples(document: Mapping[str, Any], content: Mapping[str, Any]) -> list[Any]:
    """All that are given for a body, at its media type or in its schema."""
    schema = content.get("schema", {})
    given = [each["value"] for each in content.get("examples", {}).values()]
    given += [content["example"]] if "example" in content else []
    choices = [schema, *schema.get("anyOf", [])]
    for choice in choices:
        given += _named(document, choice) + [[each] for each in _named(document, choice.get("items", {}))]
    return given + list(schema.get("examples", []))


def _named(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Any]:
    """The examples of the component that `schema` names."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return list(document["components"]["schemas"][name].get("examples", [])) if name else []


async def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    errors = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert errors == []


async def test_every_operation_says_what_it_is_for(document: dict[str, Any]) -> None:
    summaries = {}
    for name, operation in operations(document):
        assert operation["operationId"].isidentifier(), name
        assert operation["tags"], name
        assert operation["description"], name
        summaries[name] = operation["summary"]
    assert {name: said for name, said in summaries.items() if len(said) > 160 or "\n" in said} == {}


async def test_every_answer_is_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            assert response["description"] not in ("", "Successful Response"), (name, status)


async def test_every_body_has_a_schema_or_is_a_file(document: dict[str, Any]) -> None:
    for name, operation in operations(document, ours=True):
        for where, kind, content in bodies(operation):
            if kind in ("application/json", "multipart/form-data", "application/x-www-form-urlencoded"):
                assert content["schema"], (name, where)


async def test_every_json_body_has_an_example(document: dict[str, Any]) -> None:
    bare = [
        (name, where)
        for name, operation in operations(document, ours=True)
        for where, kind, content in bodies(operation)
        if kind == "application/json" and not examples(document, content)
    ]
    assert bare == []


async def test_every_example_is_valid(document: dict[str, Any]) -> None:
    wrong = [
        (name, where, error.message)
        for name, operation in operations(document)
        for where, kind, content in bodies(operation)
        for example in examples(document, content)
        for error in validator(document, content.get("schema", {})).iter_errors(example)
    ]
    assert wrong == []


async def test_files_are_files(document: dict[str, Any]) -> None:
    text = str(document)
    assert text.count("'contentMediaType': 'application/octet-stream'") <= text.count("'format': 'binary'")
    fields = document["components"]["schemas"]["Body_transcribe"]["properties"]
    assert {"type": "string", "contentMediaType": "application/octet-stream", "format": "binary"} in fields[
        "audio"
    ]["anyOf"]
    assert (fields["trigger_chat"]["type"], fields["sample_rate"]["default"]) == ("boolean", 16_000)


async def test_words_from_a_list_are_enumerated(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["SessionResponse"]["properties"]["state"]["enum"] == [
        "created",
        "running",
        "paused",
        "terminated",
    ]
    assert schemas["CreateSessionResponse"]["properties"]["status"]["enum"] == ["created", "queued"]
    assert schemas["RecordingResponse"]["properties"]["state"]["enum"] == ["idle", "recording", "complete"]
    assert schemas["BundleResponse"]["properties"]["status"]["enum"] == [
        "pending",
        "running",
        "complete",
        "failed",
    ]
    assert schemas["WebRTCOfferRequest"]["properties"]["type"]["const"] == "offer"


async def test_what_names_something_may_answer_that_it_is_not_there(document: dict[str, Any]) -> None:
    for name, operation in operations(document, ours=True):
        if "{" in name:
            assert "404" in operation["responses"], name


async def test_what_takes_a_body_may_refuse_it(document: dict[str, Any]) -> None:
    for name, operation in operations(document, ours=True):
        if operation.get("requestBody", {}).get("required"):
            assert "400" in operation["responses"], name


async def test_streams_are_declared(document: dict[str, Any]) -> None:
    content = document["paths"]["/sessions/{session_id}/events"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]
