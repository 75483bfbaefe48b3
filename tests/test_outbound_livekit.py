"""Which LiveKit servers a session may be sent to."""

from collections.abc import Sequence

import pytest

from visavis.errors import InvalidInput
from visavis.outbound.livekit import MALFORMED, REFUSED, livekit_url
from visavis.settings import Settings

ADDRESSES = {
    "public.test": ["93.184.215.14"],
    "inner.test": ["10.0.0.8"],
    "half.test": ["93.184.215.14", "127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
}


async def resolve(host: str, port: int) -> Sequence[str]:
    if host in ADDRESSES:
        return ADDRESSES[host]
    if host.replace(".", "").isdigit() or ":" in host:
        return [host]
    raise OSError("nobody of that name")


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("wss://public.test", "wss://public.test"),
        ("https://Public.test./", "wss://public.test"),
        ("http://public.test:7880/lk/", "ws://public.test:7880/lk"),
        ("ws://93.184.215.14:7880", "ws://93.184.215.14:7880"),
        ("wss://[2606:2800:21f:cb07::1]:443", "wss://[2606:2800:21f:cb07::1]:443"),
    ],
)
async def test_given_a_public_server_when_no_host_is_named_then_it_is_taken(url: str, taken: str) -> None:
    assert await livekit_url(url, Settings(), resolve) == taken


@pytest.mark.parametrize(
    "host", ["inner.test", "metadata.test", "nobody.test", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "224.0.0.1"]
)
async def test_given_an_inner_address_when_no_host_is_named_then_it_is_refused_without_a_reason(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await livekit_url(f"ws://{host}:7880", Settings(), resolve)
    assert refused.value.message == REFUSED


async def test_given_hosts_are_named_when_asked_for_then_only_they_are_taken_and_may_be_inner_ones() -> None:
    settings = Settings(livekit_hosts="inner.test:7880, metadata.test")
    assert await livekit_url("ws://inner.test:7880", settings, resolve) == "ws://inner.test:7880"
    for url in ("ws://inner.test:7881", "wss://public.test", "ws://metadata.test"):
        with pytest.raises(InvalidInput, match="not allowed"):
            await livekit_url(url, settings, resolve)


@pytest.mark.parametrize(
    "url",
    ["", "public.test", "ftp://public.test", "ws://", "ws://user:secret@public.test", "ws://public.test:x", "ws://[::1",
     "ws://public.test/?access_token=x", "ws://public.test/#x", "ws://public.test\\@b", "ws://public.test/\r\nX",
     "ws://public.test/%0d", "ws://pub lic.test", "ws://ünïcode.test", "ws://" + "x" * 300 + "..test"],
)  # fmt: skip
async def test_given_a_strange_url_when_looked_at_then_the_text_is_fixed(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await livekit_url(url, Settings(), resolve)
    assert refused.value.message in (MALFORMED, REFUSED)
