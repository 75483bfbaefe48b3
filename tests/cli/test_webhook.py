import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from click.testing import CliRunner, Result
from standardwebhooks.webhooks import Webhook

from visavis.cli.main import main
from visavis.settings import Settings
from visavis.store import Store

T = TypeVar("T")


class Hook(BaseHTTPRequestHandler):
    """Takes whatever comes."""

    came: ClassVar[list[tuple[dict[str, str], str]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.came.append((headers, self.rfile.read(int(headers["content-length"])).decode()))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A receiver, which the settings allow."""
    monkeypatch.setattr(Hook, "came", [])
    monkeypatch.setenv("VISAVIS_WEBHOOK_HOSTS", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def run(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["webhook", *arguments, "--data-dir", str(data_dir)])


def with_store(data_dir: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    async def go() -> T:
        async with Store(Settings(data_dir=data_dir)) as store:
            return await work(store)

    return asyncio.run(go())


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """With an organisation, `default`."""
    with_store(tmp_path, lambda store: store.keys.organisation("default"))
    return tmp_path


def only_id(data_dir: Path) -> str:
    listed = run(data_dir, "list").stdout.split()
    assert listed[0].startswith("wh_")
    return listed[0]


def test_given_a_webhook_when_it_is_tested_then_it_is_told_and_the_log_says_so(data_dir: Path, url: str) -> None:
    added = run(data_dir, "add", url, "--events", "session.ended,session.failed")
    assert added.exit_code == 0, added.output
    secret = added.stdout.strip()
    assert f"default  {url}  session.ended session.failed" in run(data_dir, "list").stdout
    hook = only_id(data_dir)
    tested = run(data_dir, "test", hook)
    assert tested.exit_code == 0, tested.output
    assert "status 200" in tested.stdout
    ((headers, body),) = Hook.came
    event = Webhook(secret).verify(body, headers)
    assert event["type"] == "webhook.test"
    log = run(data_dir, "log", hook).stdout
    assert event["id"] in log
    assert "delivered" in log
    assert secret not in log + run(data_dir, "list").output + tested.output


def test_given_a_receiver_that_fails_when_tested_then_the_command_fails(
    data_dir: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hook, "status", 500)
    run(data_dir, "add", url)
    tested = run(data_dir, "test", only_id(data_dir))
    assert tested.exit_code == 1
    assert "status 500" in tested.output
    assert "pending, again" in run(data_dir, "log").stdout


def test_given_an_event_when_it_is_replayed_then_it_is_due_again(data_dir: Path, url: str) -> None:
    run(data_dir, "add", url)
    run(data_dir, "test", only_id(data_dir))
    event = run(data_dir, "log").stdout.split()[2]
    replayed = run(data_dir, "replay", event)
    assert replayed.exit_code == 0, replayed.output
    assert "1 webhooks" in replayed.stderr
    assert "pending, again" in run(data_dir, "log").stdout


def test_given_a_new_secret_then_the_former_one_is_still_signed_with(data_dir: Path, url: str) -> None:
    former = run(data_dir, "add", url).stdout.strip()
    hook = only_id(data_dir)
    present = run(data_dir, "rotate", hook).stdout.strip()
    assert present != former
    run(data_dir, "test", hook)
    headers, body = Hook.came[0]
    for secret in (former, present):
        Webhook(secret).verify(body, headers)


def test_given_a_webhook_that_is_removed_then_nothing_is_left_of_it(data_dir: Path, url: str) -> None:
    run(data_dir, "add", url)
    hook = only_id(data_dir)
    run(data_dir, "test", hook)
    assert run(data_dir, "remove", hook).exit_code == 0
    assert "No webhooks yet" in run(data_dir, "list").stderr
    assert "nothing to tell" in run(data_dir, "log").stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "http://crm.example/hook"), "go over https"),
        (("add", "https://crm.example/", "--org", "nobody"), "visavis key create"),
        (("add", "https://crm.example/", "--events", "ended"), "like session.ended"),
        (("remove", "wh_nobody"), "visavis webhook list"),
        (("rotate", "wh_nobody"), "visavis webhook list"),
        (("test", "wh_nobody"), "visavis webhook list"),
        (("replay", "evt_nobody"), "visavis webhook log"),
    ],
)
def test_what_makes_no_sense_is_refused(data_dir: Path, arguments: tuple[str, ...], says: str) -> None:
    refused = run(data_dir, *arguments)
    assert refused.exit_code != 0
    assert says in refused.output
