import errno
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.models.file_server import FileServer, serving
from visavis.errors import Unavailable
from visavis.models.catalogue import File
from visavis.models.download import Part, download
from visavis.outbound import Outbound, OutboundFailed
from visavis.settings import Settings

CONTENT = bytes(range(256)) * 4000


@asynccontextmanager
async def reaching(*urls: str) -> AsyncIterator[Outbound]:
    outbound = Outbound(Settings(), urls)
    yield outbound
    await outbound.aclose()


async def get(server: FileServer, path: Path, content: bytes = CONTENT) -> list[int]:
    """Download what should be `content`; returns the progress."""
    file = File(server.url, hashlib.sha256(content).hexdigest(), len(content))
    seen: list[int] = []
    async with reaching(server.url) as outbound:
        await download(outbound, file, path, seen.append)
    return seen


async def test_given_a_file_when_downloaded_then_it_is_there_and_progress_was_told(tmp_path: Path) -> None:
    async with serving(CONTENT) as server:
        seen = await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT
        assert seen == sorted(seen)
        assert (seen[0], seen[-1]) == (0, len(CONTENT))
        assert server.asked == ["/model.bin -"]


async def test_given_connections_that_are_cut_when_downloaded_then_it_goes_on_where_they_ended(
    tmp_path: Path,
) -> None:
    async with serving(CONTENT) as server:
        server.cuts = [100_000, 50_000]
        await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT
        assert server.asked == ["/model.bin -", "/model.bin 100000", "/model.bin 150000"]


async def test_given_a_part_from_before_when_downloaded_then_only_the_rest_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT[:700_000])
    async with serving(CONTENT) as server:
        seen = await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT
        assert server.asked == ["/model.bin 700000"]
        assert seen[0] == 700_000


async def test_given_all_of_it_from_before_when_downloaded_then_nothing_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT)
    async with serving(CONTENT) as server:
        await get(server, tmp_path / "part")
        assert server.asked == []


async def test_given_a_server_without_ranges_when_cut_then_it_begins_anew_and_is_right(tmp_path: Path) -> None:
    async with serving(CONTENT) as server:
        server.ranges = False
        server.cuts = [300_000]
        await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT
        assert server.asked == ["/model.bin -", "/model.bin 300000"]


async def test_given_connections_that_bring_nothing_when_downloaded_then_it_gives_up_and_keeps_the_part(
    tmp_path: Path,
) -> None:
    async with serving(CONTENT) as server:
        server.cuts = [100_000, 0, 0, 0]
        with pytest.raises(OutboundFailed):
            await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT[:100_000]
        assert len(server.asked) == 2


async def test_given_another_checksum_when_downloaded_then_it_is_refused_and_deleted(tmp_path: Path) -> None:
    async with serving(CONTENT[:-1] + b"!") as server:
        with pytest.raises(Unavailable, match="checksum"):
            await get(server, tmp_path / "part")
        assert not (tmp_path / "part").exists()
        assert len(server.asked) == 1


@pytest.mark.parametrize("size", [1000, len(CONTENT), len(CONTENT) + 5])
async def test_given_a_damaged_part_from_before_when_downloaded_then_it_is_fetched_once_more(
    size: int, tmp_path: Path
) -> None:
    (tmp_path / "part").write_bytes(b"?" * size)
    async with serving(CONTENT) as server:
        await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT


async def test_given_a_file_that_is_longer_than_it_should_be_when_downloaded_then_it_is_refused(
    tmp_path: Path,
) -> None:
    async with serving(CONTENT + b"more") as server:
        with pytest.raises(OutboundFailed) as failed:
            await get(server, tmp_path / "part")
        assert failed.value.reason == "too_large"


async def test_given_another_file_behind_a_range_when_resumed_then_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    async with serving(CONTENT + b"more") as server:
        with pytest.raises(OutboundFailed, match="another file"):
            await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("status", [403, 404, 416, 500])
async def test_given_a_refusal_when_downloaded_then_it_says_the_status(status: int, tmp_path: Path) -> None:
    async with serving(CONTENT) as server:
        server.status = status
        with pytest.raises(OutboundFailed, match=str(status)):
            await get(server, tmp_path / "part")


async def test_given_a_redirect_when_it_leads_to_a_known_host_then_it_is_followed(tmp_path: Path) -> None:
    async with serving(CONTENT) as server:
        server.redirects = ["/elsewhere?signature=x", f"{server.url}/third"]
        await get(server, tmp_path / "part")
        assert server.asked == ["/model.bin -", "/elsewhere?signature=x -", "/model.bin/third -"]


@pytest.mark.parametrize("target", ["http://127.0.0.2/x", "http://localhost/x", "file:///etc/passwd", "ftp://a/x"])
async def test_given_a_redirect_when_it_leads_anywhere_else_then_it_is_refused(
    target: str, tmp_path: Path
) -> None:
    async with serving(CONTENT) as server:
        server.redirects = [target]
        with pytest.raises(OutboundFailed) as failed:
            await get(server, tmp_path / "part")
        assert failed.value.reason == "refused"
        assert not (tmp_path / "part").exists()


async def test_given_redirects_without_end_when_followed_then_it_gives_up(tmp_path: Path) -> None:
    async with serving(CONTENT) as server:
        server.redirects = ["/again"] * 100
        with pytest.raises(OutboundFailed, match="too often"):
            await get(server, tmp_path / "part")
        assert len(server.asked) < 10


async def test_given_a_full_disk_when_downloaded_then_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "part").symlink_to("/dev/full")
    async with serving(CONTENT) as server:
        with pytest.raises(Unavailable, match="disk is full"):
            await get(server, tmp_path / "part")


async def test_given_a_disk_that_fills_when_made_room_then_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Part, *, anew: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serving(CONTENT) as server:
        server.cuts = [100_000, 0]
        with pytest.raises(OutboundFailed):
            await get(server, tmp_path / "part")
        with monkeypatch.context() as patch:
            patch.setattr(Part, "open", full)
            with pytest.raises(Unavailable, match="goes on"):
                await get(server, tmp_path / "part")
        await get(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == CONTENT
        assert server.asked[-1] == "/model.bin 100000"
