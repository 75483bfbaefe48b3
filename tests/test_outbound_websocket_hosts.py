"""Whom a WebSocket may be opened to: the same rules as for HTTP."""

import asyncio
import ssl
from pathlib import Path

import httpcore
import pytest

from tests.test_outbound import LOCAL, Names, _certificate, reaching
from tests.websocket_server import echo, failure, serving, talking
from visavis import outbound as module
from visavis.outbound import Outbound, OutboundFailed
from visavis.settings import Settings


@pytest.mark.parametrize("url", ["ws://evil.test/", "wss://good.test:8080/", "ws://good.test.evil.test/"])
async def test_given_a_host_that_nobody_named_when_asked_for_then_it_is_refused_without_a_look(url: str) -> None:
    names = Names(evil_test=[["93.184.215.14"]])
    async with reaching("wss://good.test/v1", names=names) as outbound:
        failed = await failure(outbound, url)
        assert failed.reason == "refused"
        assert "VISAVIS_OUTBOUND_ALLOW" in failed.message
        assert names.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://good.test/", "ws://", "ws://u:p@good.test/", "ws://good.test\\@b/", "ws://good.test/\r\nX: y",
     "ws://good.test:99999/", f"ws://{'x' * 64}.test/", "ws://good..test/"],
)  # fmt: skip
async def test_given_a_strange_url_when_asked_for_then_it_is_refused(url: str) -> None:
    async with reaching(allow="*", names=Names()) as outbound:
        assert (await failure(outbound, url)).reason == "refused"


async def test_given_a_websocket_address_when_requested_by_http_then_it_is_refused() -> None:
    async with reaching("ws://good.test/", names=Names()) as outbound:
        with pytest.raises(OutboundFailed, match="http://"):
            async with outbound.stream("GET", "ws://good.test/"):
                pass


async def test_given_a_name_that_changes_when_connected_then_the_checked_address_is_used() -> None:
    """DNS rebinding: harmless while it is looked at, metadata when asked again."""
    async with serving(echo) as server:
        names = Names(model_test=[[LOCAL], ["169.254.169.254"]])
        url = f"ws://model.test:{server.port}/"
        async with reaching(url, names=names) as outbound:
            async with outbound.websocket(url) as socket:
                await socket.send("good")
                assert await socket.receive() == "good"
            assert names.asked == ["model.test"]
            assert (await failure(outbound, url)).reason == "refused"
        assert server.peers[0].headers["host"] == f"model.test:{server.port}"
        assert server.connections == 1


async def test_given_a_private_address_when_the_host_was_not_named_then_it_is_refused() -> None:
    async with serving(echo) as server, reaching(allow="*", names=Names(model_test=[[LOCAL]])) as outbound:
        assert (await failure(outbound, f"ws://model.test:{server.port}/")).reason == "refused"
        assert server.connections == 0


async def test_given_no_listener_when_asked_for_then_it_is_unreachable() -> None:
    async with serving(echo) as server:
        pass
    async with reaching(server.url) as outbound:
        assert (await failure(outbound, server.url)).reason == "unreachable"


@pytest.mark.parametrize(
    ("certified", "trusted", "good"),
    [("model.test", True, True), ("model.test", False, False), ("other.test", True, False)],
)
async def test_given_tls_when_connected_then_the_certificate_must_be_trusted_and_name_the_host(
    certified: str, trusted: bool, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _certificate(certified, tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(path)
    if trusted:
        monkeypatch.setattr(httpcore, "default_ssl_context", lambda: ssl.create_default_context(cafile=str(path)))
    async with serving(echo, tls=server_side) as server:
        url = f"wss://model.test:{server.port}/"
        async with reaching(url, names=Names(model_test=[[LOCAL]])) as outbound:
            if good:
                async with outbound.websocket(url) as socket:
                    await socket.send("safe" * 100_000)
                    assert await socket.receive() == "safe" * 100_000
            else:
                failed = await failure(outbound, url)
                assert failed.reason == "unreachable"
                assert "certificate" in failed.message


async def test_given_a_proxy_in_the_environment_when_connected_then_it_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "ALL_PROXY", "ws_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://{LOCAL}:1")
    async with talking(echo) as (_, socket):
        await socket.send("direct")
        assert await socket.receive() == "direct"


async def test_given_a_resolver_that_never_answers_when_connected_then_it_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.05)
    outbound = Outbound.for_configured(Settings(), "wss://model.test/", resolve=never)
    assert (await failure(outbound, "wss://model.test/")).reason == "timeout"
