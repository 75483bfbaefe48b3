"""`visavis serve`, run as a user runs it, and ended as an operator ends it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def serving(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "visavis", "serve", "--port", "0", "--data-dir", str(data_dir), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own command
    try:
        assert process.stderr is not None
        ready = next(line for line in process.stderr if "Visavis is ready" in line)
        found = re.search(r"http\S+/", ready)
        assert found is not None
        yield process, found.group()
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def ask(url: str, body: dict[str, object] | None = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310  # our own server
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310  # our own server
        answer: dict[str, object] = json.load(response)
        return answer


@pytest.mark.parametrize("options", [(), ("--inline",)])
def test_it_serves_a_session_and_ends_with_everything_told(tmp_path: Path, options: tuple[str, ...]) -> None:
    with serving(tmp_path, *options) as (process, url):
        assert ask(f"{url}health")["status"] == "ok"
        session = ask(f"{url}sessions", {"avatar_id": "demo-avatar", "model": "portrait"})["session_id"]
        ask(f"{url}sessions/{session}/speak", {"text": "A text that is still being said at the end. " * 10})
        with urllib.request.urlopen(f"{url}sessions/{session}/events", timeout=20) as events:  # noqa: S310  # ours
            process.send_signal(signal.SIGTERM)
            told = events.read().decode()
        assert process.wait(20) in (0, -signal.SIGTERM)

    assert "event: session.terminated" in told
    assert (tmp_path / "visavis.sqlite3").exists()


def test_the_page_and_the_documentation_are_there(tmp_path: Path) -> None:
    with serving(tmp_path, "--inline") as (_, url):
        for path in ("", "docs", "redoc", "openapi.json"):
            with urllib.request.urlopen(f"{url}{path}", timeout=20) as response:  # noqa: S310  # our own server
                assert response.status == 200
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{url}nothing", timeout=20)  # noqa: S310  # our own server
        with missing.value as error:
            assert (error.code, json.load(error)["detail"]) == (404, "there is nothing at this path")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VISAVIS_UDP_PORTS", "nonsense"),
        ("VISAVIS_PUBLIC_ADDRESS", "somewhere"),
        ("VISAVIS_ICE_SERVERS", "http://example.com"),
        ("VISAVIS_WORKERS", "many"),
        ("VISAVIS_SPEAK_MODE", "loud"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_starts(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    command = [sys.executable, "-m", "visavis", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  # ours
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert variable.removeprefix("VISAVIS_").lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_ends_it(tmp_path: Path) -> None:
    with serving(tmp_path, "--inline") as (_, url):
        port = url.rstrip("/").rpartition(":")[2]
        command = [
            sys.executable,
            "-m",
            "visavis",
            "serve",
            "--port",
            port,
            "--data-dir",
            str(tmp_path),
            "--inline",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  # ours
    assert done.returncode != 0
    assert "address already in use" in done.stderr


@pytest.mark.parametrize(("required", "warned"), [("false", True), ("true", False)])
def test_it_warns_who_lets_everybody_in(tmp_path: Path, required: str, warned: bool) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104  nobody is to be served
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "visavis", "serve", "--inline", "--host", "0.0.0.0", "--port", port]  # noqa: S104  likewise
        done = subprocess.run(  # noqa: S603  # ours
            [*command, "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"VISAVIS_REQUIRE_KEYS": required},
        )
    assert "address already in use" in done.stderr
    assert ("VISAVIS_REQUIRE_KEYS" in done.stderr) == warned
