"""Requests that carry something else than JSON, and much of it."""

import asyncio

import pytest

from tests.local_server import listening
from tests.test_outbound import LOCAL, get, http, reaching, serving
from visavis.outbound import OutboundFailed


async def test_given_content_of_another_type_when_posted_then_it_arrives_whole_and_once() -> None:
    sound = bytes(range(256)) * 4096
    async with serving(http("ok"), keep=True) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        url = f"http://{LOCAL}:{server.port}/"
        for _ in range(2):
            async with outbound.stream("POST", url, content=sound, content_type="audio/wav") as response:
                assert await response.body() == b"ok"
        head = server.heads[0].lower()
        assert "content-type: audio/wav" in head
        assert f"content-length: {len(sound)}" in head
        assert "transfer-encoding" not in head
        assert server.bodies == [sound, sound]
        assert server.connections == 1


async def test_given_no_content_when_requested_then_none_is_announced() -> None:
    async with serving(http("ok")) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        assert await get(outbound, f"http://{LOCAL}:{server.port}/") == "ok"
        assert "transfer-encoding" not in server.heads[0].lower()
        assert "content-type" not in server.heads[0].lower()


async def test_given_content_when_the_host_is_not_allowed_then_nothing_is_sent() -> None:
    async with serving(http("ok")) as server, reaching() as outbound:
        with pytest.raises(OutboundFailed) as failed:
            await get(outbound, f"http://{LOCAL}:{server.port}/", content=b"sound", content_type="audio/wav")
        assert failed.value.reason == "refused"
        assert server.connections == 0


@pytest.mark.parametrize("limits", [{"timeout": 0.05}, {"total": -1.0}])
async def test_given_a_server_that_does_not_read_when_much_is_sent_then_it_times_out(
    limits: dict[str, float],
) -> None:
    left = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.wait()

    async with listening(deaf) as port, reaching(f"http://{LOCAL}:{port}") as outbound:
        with pytest.raises(OutboundFailed) as failed:
            url = f"http://{LOCAL}:{port}/"
            await get(outbound, url, content=bytes(64 * 1024 * 1024), content_type="audio/wav", **limits)
        assert failed.value.reason == "timeout"
        left.set()


async def test_given_a_server_that_breaks_off_when_content_was_sent_then_it_is_not_sent_again() -> None:
    async with serving(b"") as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        with pytest.raises(OutboundFailed) as failed:
            await get(outbound, f"http://{LOCAL}:{server.port}/", content=b"sound", content_type="audio/wav")
        assert failed.value.reason == "broken"
        assert server.bodies == [b"sound"]
        assert server.connections == 1
