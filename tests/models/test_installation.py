import fcntl
import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.models.file_server import FileServer, serving
from tests.models.test_archives import tarred, tree
from visavis.errors import Conflict, InvalidInput, NotFound, Unavailable
from visavis.models import catalogue
from visavis.models.catalogue import MODELS, File, Model, find
from visavis.models.installation import NOTE, install
from visavis.models.shelf import Shelf
from visavis.outbound import OutboundFailed
from visavis.settings import Settings


def model(server: FileServer, *names: str, name: str = "small") -> Model:
    sha256 = hashlib.sha256(server.content).hexdigest()
    files = tuple(File(f"{server.url}/{file}", sha256, len(server.content), file) for file in names or ("",))
    return Model(name, "asr", "vosk", ("en",), "A small model", "MIT", "https://example.org/licence", files)


def content(directory: Path) -> dict[str, bytes]:
    found = tree(directory)
    found.pop(NOTE)
    return found


async def test_given_an_archive_when_installed_then_it_is_unpacked_with_its_licence_and_nothing_else_stays(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    async with serving(tarred(tmp_path / "a", ("m/am/x", b"1"), ("m/conf/y", b"2")).read_bytes()) as server:
        seen: list[int] = []
        place = await install(settings, model(server), seen.append, redirects=())
        assert place == Shelf(settings).place("small")
        assert content(place) == {"am/x": b"1", "conf/y": b"2"}
        note = json.loads((place / NOTE).read_text())
        assert note["licence"] == "MIT"
        assert note["files"][0]["url"].startswith(server.url)
        assert [path.name for path in place.parent.iterdir()] == ["small"]
        assert seen[-1] == len(server.content)


async def test_given_several_files_when_installed_then_each_has_its_name_and_progress_goes_on(
    tmp_path: Path,
) -> None:
    async with serving(b"x" * 1000) as server:
        seen: list[int] = []
        place = await install(
            Settings(data_dir=tmp_path), model(server, "model.bin", "config.json"), seen.append, ()
        )
        assert content(place) == {"model.bin": b"x" * 1000, "config.json": b"x" * 1000}
        assert seen == sorted(seen)
        assert seen[-1] == 2000


async def test_given_an_installed_model_when_installed_again_then_nothing_is_fetched(tmp_path: Path) -> None:
    async with serving(b"x") as server:
        settings = Settings(data_dir=tmp_path)
        for _ in range(2):
            await install(settings, model(server, "model.bin"), lambda have: None, ())
        assert len(server.asked) == 1


async def test_given_a_download_that_was_cut_when_run_again_then_it_goes_on_and_nothing_was_installed_before(
    tmp_path: Path,
) -> None:
    async with serving(b"y" * 100_000) as server:
        settings = Settings(data_dir=tmp_path)
        wanted = model(server, "model.bin")
        server.cuts = [60_000, 0]
        with pytest.raises(OutboundFailed):
            await install(settings, wanted, lambda have: None, ())
        assert not Shelf(settings).has(wanted)
        await install(settings, wanted, lambda have: None, ())
        assert Shelf(settings).has(wanted)
        assert server.asked[-1].endswith(" 60000")


@pytest.mark.parametrize("damage", [b"no archive", b""])
async def test_given_an_archive_that_cannot_be_unpacked_when_installed_then_there_is_no_model(
    damage: bytes, tmp_path: Path
) -> None:
    async with serving(damage + b"?") as server:
        settings = Settings(data_dir=tmp_path)
        with pytest.raises(InvalidInput):
            await install(settings, model(server), lambda have: None, ())
        assert not Shelf(settings).has(model(server))


async def test_given_half_unpacked_files_from_before_when_installed_then_they_are_not_mixed_in(
    tmp_path: Path,
) -> None:
    async with serving(tarred(tmp_path / "a", ("m/x", b"1")).read_bytes()) as server:
        settings = Settings(data_dir=tmp_path)
        old = Shelf(settings).directory / ".small.part" / "whole"
        old.mkdir(parents=True)
        (old / "old").touch()
        assert content(await install(settings, model(server), lambda have: None, ())) == {"x": b"1"}


async def test_given_no_room_when_installed_then_it_says_how_much_is_missing_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    async with serving(b"x" * 5_000_000) as server:
        with pytest.raises(Unavailable, match="15 MiB"):
            await install(Settings(data_dir=tmp_path), model(server), lambda have: None, ())
        assert server.asked == []


async def test_given_another_command_at_it_when_installed_then_it_is_a_conflict(tmp_path: Path) -> None:
    async with serving(b"x") as server:
        settings = Settings(data_dir=tmp_path)
        work = Shelf(settings).directory / ".small.part"
        work.mkdir(parents=True)
        with (work / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(Conflict):
                await install(settings, model(server), lambda have: None, ())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_given_the_catalogue_when_read_then_every_entry_is_complete(model: Model) -> None:
    assert find(model.name) is model
    assert model.licence
    assert model.licence_url.startswith("https://")
    assert model.name == model.name.lower()
    assert "/" not in model.name
    assert not model.name.startswith(".")
    for file in model.files:
        assert file.url.startswith("https://")
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.size > 0
        assert "/main/" not in file.url, "not a pinned address"


def test_given_the_catalogue_when_asked_for_english_and_chinese_then_every_kind_has_both() -> None:
    for kind in ("asr", "tts"):
        for tag in ("en", "zh"):
            assert any(model.kind == kind and model.knows(tag) for model in MODELS)


def test_given_an_unknown_name_when_looked_up_then_it_is_not_found() -> None:
    with pytest.raises(NotFound, match="models list"):
        catalogue.find("nobody")
