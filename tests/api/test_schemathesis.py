"""Requests made up from the OpenAPI document, right and wrong ones: none breaks a route or its own schema."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
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
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema

from tests.api.serving import serving
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

ENDLESS = {"/api/v1/sessions/{session_id}/events"}
"""Streams that go on while their session does: the tests of each family read them."""

ROOM = 100_000


class Site:
    """A server, its document, and a session to be asked about."""

    def __init__(self, url: str, document: dict[str, Any]) -> None:
        self.url = url
        self.schema: BaseSchema = schemathesis.openapi.from_dict(document)
        self.over = self.session()
        httpx.delete(f"{url}/sessions/{self.over}")

    def session(self) -> str:
        made = httpx.post(f"{self.url}/sessions", json={"avatar_id": "demo-avatar", "model": "portrait"})
        name: str = made.json()["session_id"]
        return name


def as_it_is(ctx: object, value: object) -> bytes:
    """What a part of a form has for its content: its type is a promise that nobody checks before us."""
    return value if isinstance(value, bytes) else str(value).encode()


for kind in ("wav", "mpeg", "ogg", "webm", "mp4", "aac", "flac", "L16"):
    schemathesis.serializer(f"audio/{kind}")(as_it_is)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    app = create_app(FakePool(room=ROOM, quick=True), settings, Catalogue(settings))
    document = json.loads(json.dumps(app.openapi()))
    with serving(app) as url:
        yield Site(url, document)


def operations(site: Site) -> list[APIOperation[Any, Any, Any, Any]]:
    found = []
    for result in site.schema.get_all_operations():
        assert isinstance(result, Ok), result
        if result.ok().path not in ENDLESS:
            found.append(result.ok())
    return found


def modes(operation: APIOperation[Any, Any, Any, Any]) -> list[GenerationMode]:
    """Wrong requests take a body or a query: any path is right."""
    wrong = [GenerationMode.NEGATIVE] if operation.body or operation.query else []
    return [GenerationMode.POSITIVE, *wrong]


def attack(site: Site, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int) -> None:
    """Send made-up requests to one operation; fails with the request that broke it."""
    session = site.over if operation.path.endswith("/events") else site.session()

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
            case.path_parameters["session_id"] = session
        case.call_and_validate(base_url=site.url, checks=CHECKED, timeout=20)

    with suppress(Unsatisfiable):
        # Where there is nothing to get wrong.
        send()


def run(site: Site, examples: int) -> None:
    failed = {}
    for operation in operations(site):
        for mode in modes(operation):
            try:
                attack(site, operation, mode, examples)
            except FailureGroup as failures:
                failed[f"{operation.label} {mode.value}"] = [str(each) for each in failures.exceptions]
    assert failed == {}


def test_made_up_requests_break_nothing(site: Site) -> None:
    run(site, examples=4)


@pytest.mark.peers
def test_many_made_up_requests_break_nothing(site: Site) -> None:
    run(site, examples=60)
