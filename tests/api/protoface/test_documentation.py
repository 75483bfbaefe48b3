"""What the OpenAPI document says of this family, and that made-up requests find nothing that is not so."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, Verbosity, given, seed
from hypothesis import settings as effort
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema

from tests.api.protoface.conftest import wanted
from tests.api.serving import serving
from visavis.api.app import FAMILIES, create_app
from visavis.api.families import family_of
from visavis.avatar import Catalogue
from visavis.settings import Settings
from visavis.store import Store
from visavis.testing.fake_pool import FakePool

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

DOCUMENTED: Mapping[str, set[str]] = {
    "get /v1/status": {"200"},
    "get /v1/billing/plans": {"200", "422"},
    "get /v1/billing/quota": {"200", "401", "422"},
    "post /v1/sessions": {"201", "400", "401", "402", "409", "422", "429", "503"},
    "get /v1/sessions": {"200", "400", "401", "422"},
    "get /v1/sessions/{session_id}": {"200", "401", "404", "422"},
    "post /v1/sessions/{session_id}/end": {"200", "401", "404", "422"},
    "post /v1/pipecat/sessions": {"201", "400", "401", "402", "409", "422", "503"},
    "get /v1/avatars": {"200", "401", "422"},
    "post /v1/avatars": {"202", "401", "422", "503"},
    "get /v1/avatars/{avatar_id}": {"200", "401", "404", "422"},
    "delete /v1/avatars/{avatar_id}": {"204", "400", "401", "404", "422"},
    "get /v1/usage": {"200", "400", "401", "422"},
    "get /v1/sessions/{session_id}/events": {"200", "401", "404", "422"},
}
"""The contract's operations and what each answers; the last one is ours."""


def ours(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        if family_of(path, FAMILIES).name == "protoface"
        for method, operation in methods.items()
    }


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    return found


def test_every_operation_of_the_contract_is_there_with_its_errors(document: dict[str, Any]) -> None:
    found = ours(document)
    assert found.keys() == DOCUMENTED.keys()
    for name, statuses in DOCUMENTED.items():
        assert statuses <= found[name]["responses"].keys(), name


def test_every_refusal_is_the_envelope(document: dict[str, Any]) -> None:
    for name, operation in ours(document).items():
        refusals = {
            code: each for code, each in operation["responses"].items() if code == "default" or code > "399"
        }
        assert "default" in refusals, name
        for each in refusals.values():
            schema = each["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ApiErrorEnvelope"}
    assert document["components"]["schemas"]["ApiErrorEnvelope"]["additionalProperties"] is False


def test_a_key_is_asked_for_where_one_is_needed(document: dict[str, Any]) -> None:
    for name, operation in ours(document).items():
        assert ("401" in operation["responses"]) == bool(operation.get("security")), name


class Site:
    """A server, its document, a key for it, and things to be asked about."""

    def __init__(self, url: str, document: dict[str, Any], key: str) -> None:
        import httpx

        self.url = url
        self.schema: BaseSchema = schemathesis.openapi.from_dict(document)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.session = httpx.post(f"{url}/v1/sessions", json=wanted(), headers=self.headers).json()["id"]
        httpx.post(f"{url}/v1/sessions/{self.session}/end", headers=self.headers)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    chosen: dict[str, Any] = {"livekit_hosts": "127.0.0.1", "creates_per_minute": 100_000}
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), **chosen)

    async def key() -> str:
        async with Store(settings) as store:
            return (await store.keys.create("Acme"))[0]

    secret = asyncio.run(key())
    app = create_app(FakePool(room=1000, quick=True), settings, Catalogue(settings))
    document = json.loads(json.dumps(app.openapi()))
    with serving(app) as url:
        yield Site(url, document, secret)


def operations(site: Site) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for result in site.schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if f"{operation.method.lower()} {operation.path}" in DOCUMENTED:
            yield operation


def attack(site: Site, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int) -> None:
    @seed(20)
    @effort(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(case=operation.as_strategy(mode))
    def send(case: Any) -> None:
        if "session_id" in case.path_parameters:
            case.path_parameters["session_id"] = site.session
        case.call_and_validate(base_url=site.url, headers=site.headers, checks=CHECKED, timeout=20)

    with suppress(Unsatisfiable):
        # Where there is nothing to get wrong.
        send()


def run(site: Site, examples: int) -> None:
    for operation in operations(site):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            attack(site, operation, mode, examples)


def test_made_up_requests_break_nothing(site: Site) -> None:
    run(site, examples=4)


@pytest.mark.peers
def test_many_made_up_requests_break_nothing(site: Site) -> None:
    run(site, examples=60)
