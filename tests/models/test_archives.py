import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from visavis.errors import InvalidInput
from visavis.models import archives
from visavis.models.archives import unpack

ESCAPES = ["../outside", "model/../../outside", "/outside", "a/..", "model/..\\outside", "c:outside", ".."]


def tarred(path: Path, *members: tuple[str, bytes], mode: str = "w:bz2") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # a mode that varies
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


def tree(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_given_a_tar_when_unpacked_then_its_one_directory_is_left_out(mode: str, tmp_path: Path) -> None:
    archive = tarred(tmp_path / "a", ("m/tokens.txt", b"a"), ("m/sub/x.onnx", b"bc"), mode=mode)
    unpack(archive, tmp_path / "out")
    assert tree(tmp_path / "out") == {"tokens.txt": b"a", "sub/x.onnx": b"bc"}


def test_given_a_zip_when_unpacked_then_its_one_directory_is_left_out(tmp_path: Path) -> None:
    unpack(zipped(tmp_path / "a", ("m/am/final.mdl", b"a"), ("m/conf/x", b"b")), tmp_path / "out")
    assert tree(tmp_path / "out") == {"am/final.mdl": b"a", "conf/x": b"b"}


def test_given_several_things_on_top_when_unpacked_then_they_stay_where_they_are(tmp_path: Path) -> None:
    unpack(zipped(tmp_path / "a", ("one", b"1"), ("m/two", b"2")), tmp_path / "out")
    assert tree(tmp_path / "out") == {"one": b"1", "m/two": b"2"}


@pytest.mark.parametrize("make", [tarred, zipped])
@pytest.mark.parametrize("name", ESCAPES)
def test_given_a_name_that_leads_out_when_unpacked_then_it_is_refused(
    make: type, name: str, tmp_path: Path
) -> None:
    inner = tmp_path / "deep" / "inner"
    inner.mkdir(parents=True)
    archive = make(inner / "a", ("m/good", b"1"), (name, b"2"))
    with pytest.raises(InvalidInput, match="leads out"):
        unpack(archive, inner / "out")
    assert not list(tmp_path.rglob("*outside*"))


def test_given_links_and_devices_in_a_tar_when_unpacked_then_they_are_left_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a", "w") as archive:
        for name, kind in (("m/link", tarfile.SYMTYPE), ("m/hard", tarfile.LNKTYPE), ("m/dev", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("m/good"))
    unpack(tmp_path / "a", tmp_path / "out")
    assert tree(tmp_path / "out") == {"good": b""}


def test_given_a_link_in_a_zip_when_unpacked_then_it_is_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("m/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    plain = zipfile.ZipInfo("m/good")
    plain.external_attr = (stat.S_IFREG | 0o644) << 16
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr(plain, "x")
    unpack(tmp_path / "a", tmp_path / "out")
    assert tree(tmp_path / "out") == {"good": b"x"}


def test_given_too_much_content_when_unpacked_then_it_is_refused_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1000)
    with pytest.raises(InvalidInput, match="too much"):
        unpack(tarred(tmp_path / "a", ("m/x", bytes(900)), ("m/y", bytes(101))), tmp_path / "out")


def test_given_a_name_twice_when_unpacked_then_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="twice"):
        unpack(tarred(tmp_path / "a", ("m/x", b"1"), ("m/x", b"2")), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 nor this", b"BZh91AY&SY nor this"])
def test_given_no_archive_when_unpacked_then_it_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(InvalidInput, match="damaged"):
        unpack(tmp_path / "a", tmp_path / "out")


def test_given_half_an_archive_when_unpacked_then_it_is_refused(tmp_path: Path) -> None:
    whole = tarred(tmp_path / "a", ("m/x", bytes(range(256)) * 1000), mode="w:gz").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match="damaged"):
        unpack(tmp_path / "half", tmp_path / "out")
