import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from visavis.cli.main import main
from visavis.models import catalogue
from visavis.models.catalogue import MODELS, File, Model
from visavis.models.shelf import Shelf
from visavis.settings import Settings

CONTENT = b"weights " * 1000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def small(url: str, sha256: str) -> Model:
    files = (File(f"{url}/model.bin", sha256, len(CONTENT), "model.bin"),)
    return Model("small", "asr", "vosk", ("en",), "A small model", "MIT", "https://example.org/licence", files)


def run(tmp_path: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["models", *arguments, "--data-dir", str(tmp_path)], input=answer)


def test_given_the_list_when_shown_then_every_model_has_a_line_with_its_licence(tmp_path: Path) -> None:
    Shelf(Settings(data_dir=tmp_path)).place("vosk-en-small").mkdir(parents=True)
    shown = run(tmp_path, "list")
    assert shown.exit_code == 0
    lines = shown.output.splitlines()[1:]
    assert [line.split()[0 if line.startswith(" ") else 1] for line in lines] == [model.name for model in MODELS]
    assert [line for line in lines if line.startswith("*")] == [line for line in lines if "vosk-en-small" in line]
    assert "CC-BY-SA-4.0" in shown.output


def test_given_a_model_when_got_then_the_licence_is_shown_first_and_the_next_step_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as url:
        monkeypatch.setattr(catalogue, "MODELS", (small(url, hashlib.sha256(CONTENT).hexdigest()),))
        got = run(tmp_path, "get", "small", answer="y\n")
    assert got.exit_code == 0, got.output
    assert got.output.index("https://example.org/licence") < got.output.index("Download it?")
    assert "small is installed" in got.output
    assert "visavis[vosk]" in got.output
    assert (tmp_path / "models/small/model.bin").read_bytes() == CONTENT
    assert "installed already" in run(tmp_path, "get", "small").output


def test_given_a_model_when_the_licence_is_not_accepted_then_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MODELS", (small("http://127.0.0.1:1", "0" * 64),))
    for answer in ("n\n", ""):
        refused = run(tmp_path, "get", "small", answer=answer)
        assert refused.exit_code == 1
        assert not (tmp_path / "models").exists()


def test_given_a_wrong_checksum_when_got_then_the_command_fails_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as url:
        monkeypatch.setattr(catalogue, "MODELS", (small(url, "0" * 64),))
        got = run(tmp_path, "get", "small", "--yes")
    assert got.exit_code == 1
    assert "checksum" in got.output
    assert not (tmp_path / "models/small").exists()


def test_given_an_unknown_model_when_got_then_the_command_says_where_to_look(tmp_path: Path) -> None:
    got = run(tmp_path, "get", "nobody")
    assert got.exit_code == 1
    assert "visavis models list" in got.output
