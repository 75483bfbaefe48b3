"""A session driven by the seed's own curl examples, run by a real shell against a real server.

Only the host is another one, and `$SID` is what the first example answers.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.serving import serving
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool import SessionPool
from visavis.pool.inline import InlinePool
from visavis.pool.workers import WorkersPool
from visavis.settings import Settings

CREATE = """
curl -s -X POST http://localhost:8000/sessions \\
  -H 'content-type: application/json' \\
  -d '{
        "avatar_id": "demo-avatar",
        "model": "mock"
      }'
"""

CHAT = """
curl -s -X POST "http://localhost:8000/sessions/$SID/chat" \\
  -H 'content-type: application/json' \\
  -d '{"prompt": "What is the weather today?"}'
"""

SPEAK = """
curl -s -X POST "http://localhost:8000/sessions/$SID/speak" \\
  -H 'content-type: application/json' \\
  -d '{"text": "Welcome to OpenTalking."}'
"""


@pytest.fixture(params=["inline", "workers"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path, workers=1)
    pool: SessionPool = InlinePool(settings) if request.param == "inline" else WorkersPool(settings)
    with serving(create_app(pool, settings, Catalogue(settings))) as made:
        yield made


def run(example: str, url: str, session: str = "") -> dict[str, Any]:
    command = example.replace("http://localhost:8000", url)
    ran = subprocess.run(  # noqa: S603  # the examples of the seed, above
        ["/bin/sh", "-c", command], env={"SID": session, "PATH": "/usr/bin:/bin"}, capture_output=True, check=True
    )
    body: dict[str, Any] = json.loads(ran.stdout)
    return body


def until(url: str, session: str, name: str) -> dict[str, Any]:
    """Wait for an event."""
    with httpx.stream("GET", f"{url}/sessions/{session}/events", timeout=60) as answer:
        event = ""
        for line in answer.iter_lines():
            key, _, value = line.partition(": ")
            event = value if key == "event" else event
            if key == "data" and event == name:
                data: dict[str, Any] = json.loads(value)
                return data
    raise AssertionError(f"the events ended without {name}")


def test_the_seeds_examples_make_a_conversation(url: str) -> None:
    made = run(CREATE, url)
    assert made["status"] == "created"
    session = made["session_id"]
    assert run(CHAT, url, session)["session_id"] == session
    answered = until(url, session, "speech.ended")
    assert (answered["reason"], bool(answered["text"])) == ("completed", True)
    run(SPEAK, url, session)
    with httpx.Client(base_url=url) as client:
        assert client.get(f"/sessions/{session}").json()["busy"]
        client.post(f"/sessions/{session}/interrupt")
        assert client.delete(f"/sessions/{session}").json()["status"] == "terminated"
    assert until(url, session, "session.terminated")["reason"] == "closed"
