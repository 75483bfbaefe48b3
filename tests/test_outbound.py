"""What may be connected to, and that nothing else is: a real local server, a resolver that is told what to say."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.local_server import listening
from visavis import outbound as module
from visavis.outbound import Outbound, OutboundFailed
from visavis.settings import Settings

LOCAL = "127.0.0.1"
UNSPECIFIED = "0.0.0.0"  # noqa: S104  # is refused, not listened on


class Names:
    """A resolver that gives each name a list of answers, the last again and again."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self._answers:
            raise socket.gaierror("unknown")
        given = self._answers[host]
        return given.pop(0) if len(given) > 1 else given[0]


class Server:
    """A local server that answers every request with the bytes it was given."""

    def __init__(self, answer: bytes, *, keep: bool = False) -> None:
        self.answer = answer
        self.keep = keep
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            length = next(
                (line for line in head.lower().split("\r\n") if line.startswith("content-length:")), ":0"
            )
            self.bodies.append(await reader.readexactly(int(length.partition(":")[2])))
            writer.write(self.answer)
            await writer.drain()
            if not self.keep:
                return


def http(body: str, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}".encode()


@asynccontextmanager
async def serving(
    answer: bytes, *, keep: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server(answer, keep=keep)
    async with listening(server.serve, tls) as server.port:
        yield server


@asynccontextmanager
async def reaching(*configured: str, allow: str = "", names: Names | None = None) -> AsyncIterator[Outbound]:
    outbound = Outbound(Settings(outbound_allow=allow), configured, resolve=names)
    try:
        yield outbound
    finally:
        await outbound.aclose()


async def get(outbound: Outbound, url: str, **options: Any) -> str:
    async with outbound.stream("GET", url, **options) as response:
        return (await response.body()).decode()


async def refused(outbound: Outbound, url: str) -> OutboundFailed:
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, url)
    assert failed.value.reason == "refused"
    return failed.value


async def test_given_a_configured_url_when_requested_then_the_answer_comes() -> None:
    async with serving(http("hello")) as server:
        url = f"http://{LOCAL}:{server.port}/v1"
        async with reaching(url) as outbound:
            assert await get(outbound, f"{url}/models?a=b") == "hello"
        assert server.heads[0].startswith("GET /v1/models?a=b HTTP/1.1\r\n")


async def test_given_json_when_posted_then_body_and_headers_are_sent() -> None:
    async with serving(http("ok")) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        url = f"http://{LOCAL}:{server.port}/"
        async with outbound.stream(
            "POST", url, json={"a": "ä"}, headers={"Authorization": "Bearer x"}
        ) as response:
            assert response.status == 200
        head = server.heads[0].lower()
        assert "content-type: application/json" in head
        assert "authorization: bearer x" in head
        assert f"host: {LOCAL}:{server.port}" in head


async def test_given_requests_one_after_another_when_read_then_one_connection_serves_them() -> None:
    async with serving(http("ok"), keep=True) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        for _ in range(3):
            await get(outbound, f"http://{LOCAL}:{server.port}/")
        assert server.connections == 1


async def test_given_a_host_that_nobody_named_when_requested_then_it_is_refused_without_a_look() -> None:
    names = Names(evil_test=[["93.184.215.14"]])
    async with reaching("http://good.test/v1", names=names) as outbound:
        assert "VISAVIS_OUTBOUND_ALLOW" in (await refused(outbound, "http://evil.test/")).message
        await refused(outbound, "http://good.test:8080/")
        await refused(outbound, "http://good.test.evil.test/")
        assert names.asked == []


@pytest.mark.parametrize(
    ("allow", "good", "bad"),
    [
        ("api.test", ["api.test", "api.test:8080", "API.test"], ["other.test", "x.api.test", "api.testx"]),
        ("api.test:443", ["api.test:443"], ["api.test", "api.test:8443"]),
        ("*.api.test", ["x.api.test", "x.y.api.test"], ["api.test", "xapi.test"]),
        ("*", ["anything.test"], []),
        (" a.test , b.test:1 ", ["a.test", "b.test:1"], ["b.test", "c.test"]),
        ("[2606:4700::1]:8080", ["[2606:4700::1]:8080"], ["[2606:4700::1]", "[2606:4700::2]:8080"]),
        ("2606:4700::1", ["[2606:4700::1]", "[2606:4700::1]:1"], ["[2606:4700::2]"]),
        ("", [], ["api.test"]),
    ],
)
async def test_given_an_allow_list_when_requested_then_only_its_hosts_are_looked_up(
    allow: str, good: list[str], bad: list[str]
) -> None:
    names = Names()
    async with reaching(allow=allow, names=names) as outbound:
        for host in good:
            with pytest.raises(OutboundFailed) as failed:
                await get(outbound, f"http://{host}/")
            assert failed.value.reason == "unreachable", host
        assert len(names.asked) == len(good)
        for host in bad:
            await refused(outbound, f"http://{host}/")
        assert len(names.asked) == len(good)


async def test_given_a_name_that_changes_when_connected_then_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: harmless while it is looked at, metadata when asked again."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def watching(host: str, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", watching)
    async with serving(http("good")) as server:
        names = Names(model_test=[[LOCAL], ["169.254.169.254"]])
        url = f"http://model.test:{server.port}/"
        async with reaching(url, names=names) as outbound:
            assert await get(outbound, url) == "good"
            assert names.asked == ["model.test"]
            await refused(outbound, url)
        assert f"Host: model.test:{server.port}" in server.heads[0]
    assert "model.test" not in looked_up, "the name itself was connected to"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%eth0", UNSPECIFIED, "::", "224.0.0.1", "ff02::1",
        "255.255.255.255", "240.0.0.1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
async def test_given_an_address_that_is_never_right_when_even_configured_then_it_is_refused(address: str) -> None:
    async with reaching("http://model.test/", names=Names(model_test=[[address]])) as outbound:
        await refused(outbound, "http://model.test/")


PRIVATE = [
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "fd12::1",
    "100.64.0.1",
    "::ffff:127.0.0.1",
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_given_a_private_address_when_the_host_was_not_named_then_it_is_refused(address: str) -> None:
    async with reaching(allow="*", names=Names(model_test=[[address]])) as outbound:
        await refused(outbound, "http://model.test/")


@pytest.mark.parametrize("address", PRIVATE)
async def test_given_a_private_address_when_the_operator_named_the_host_then_it_is_right(address: str) -> None:
    async with reaching(allow="model.test", names=Names(model_test=[[address]])) as outbound:
        assert await outbound.addresses("model.test", 80) == [address]


async def test_given_good_and_bad_addresses_when_resolved_then_only_the_good_are_used() -> None:
    names = Names(model_test=[["10.0.0.1", "93.184.215.14", "169.254.169.254"]])
    async with reaching(allow="*", names=names) as outbound:
        assert await outbound.addresses("model.test", 80) == ["93.184.215.14"]


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]"])
async def test_given_a_disguised_loopback_when_any_public_host_is_allowed_then_it_is_refused(host: str) -> None:
    async with serving(http("secret")) as server, reaching(allow="*") as outbound:
        with pytest.raises(OutboundFailed):
            await get(outbound, f"http://{host}:{server.port}/")
        assert server.connections == 0


async def test_given_a_host_with_two_addresses_when_the_first_is_silent_then_the_second_is_tried() -> None:
    async with serving(http("ok")) as server:
        url = f"http://model.test:{server.port}/"
        async with reaching(url, names=Names(model_test=[["::1", LOCAL]])) as outbound:
            assert await get(outbound, url) == "ok"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.test/", "file:///etc/passwd", "//a.test/", "a.test", "", "http://", "http:///x",
        "http://u:p@a.test/", "http://a.test@b.test/", "http://a.test:99999/", "http://[::1/",
        "http://a.test/\r\nX: y", "http://a b.test/", "http://a.test/ä", "http://a.test\\@b.test/",
        "unix:/run/x.sock",
    ],
)  # fmt: skip
async def test_given_a_strange_url_when_requested_then_it_is_refused(url: str) -> None:
    async with reaching(allow="*", names=Names()) as outbound:
        assert "passwd" not in (await refused(outbound, url)).message


async def test_given_a_redirect_when_answered_then_it_is_not_followed() -> None:
    elsewhere = http("", "302 Found", "Location: http://169.254.169.254/\r\n")
    async with serving(elsewhere) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        async with outbound.stream("GET", f"http://{LOCAL}:{server.port}/") as response:
            assert response.status == 302
        assert server.connections == 1


async def test_given_a_proxy_in_the_environment_when_requested_then_it_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(http("proxied")) as proxy, serving(http("direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://{LOCAL}:{proxy.port}")
        async with reaching(f"http://{LOCAL}:{server.port}") as outbound:
            assert await get(outbound, f"http://{LOCAL}:{server.port}/") == "direct"


@pytest.mark.parametrize(
    ("answer", "options", "reason"),
    [
        (http("x" * 100), {"max_bytes": 99}, "too_large"),
        (http("x"), {"total": -1.0}, "timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", {}, "broken"),
        (b"SSH-2.0-rubbish secret\r\n\r\n", {}, "broken"),
        (b"", {}, "broken"),
    ],
)
async def test_given_a_bad_answer_when_read_then_the_error_is_typed_and_has_a_fixed_text(
    answer: bytes, options: dict[str, Any], reason: str
) -> None:
    async with serving(answer) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        with pytest.raises(OutboundFailed) as failed:
            await get(outbound, f"http://{LOCAL}:{server.port}/path?key=secret", **options)
        assert failed.value.reason == reason
        assert "secret" not in failed.value.message
        assert LOCAL not in failed.value.message


async def test_given_a_stall_when_read_then_it_times_out() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
    async with serving(head, keep=True) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        with pytest.raises(OutboundFailed) as failed:
            await get(outbound, f"http://{LOCAL}:{server.port}/", timeout=0.05)
        assert failed.value.reason == "timeout"


async def test_given_a_slow_resolver_when_requested_then_it_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.05)
    outbound = Outbound.for_configured(Settings(), "http://model.test/", resolve=never)
    with pytest.raises(OutboundFailed) as failed:
        await get(outbound, "http://model.test/")
    assert failed.value.reason == "timeout"
    await outbound.aclose()


async def test_given_lines_when_read_then_they_come_without_their_ends() -> None:
    async with (
        serving(http("one\r\ntwo\n\nlast")) as server,
        reaching(f"http://{LOCAL}:{server.port}") as outbound,
        outbound.stream("GET", f"http://{LOCAL}:{server.port}/") as response,
    ):
        assert [line async for line in response.lines()] == ["one", "two", "", "last"]


async def test_given_an_endless_line_when_read_then_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 50)
    async with (
        serving(http("x" * 100)) as server,
        reaching(f"http://{LOCAL}:{server.port}") as outbound,
        outbound.stream("GET", f"http://{LOCAL}:{server.port}/") as response,
    ):
        with pytest.raises(OutboundFailed, match="a line"):
            await anext(response.lines())


def _certificate(name: str, directory: Path) -> Path:
    """A file with a certificate for `name`, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = directory / "server.pem"
    path.write_bytes(made.public_bytes(pem) + private)
    return path


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
    async with serving(http("safe"), tls=server_side) as server:
        url = f"https://model.test:{server.port}/"
        async with reaching(url, names=Names(model_test=[[LOCAL]])) as outbound:
            if good:
                assert await get(outbound, url) == "safe"
            else:
                with pytest.raises(OutboundFailed, match="certificate"):
                    await get(outbound, url)
