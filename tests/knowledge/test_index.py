import multiprocessing
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from visavis.errors import Unavailable
from visavis.knowledge.chunks import Chunk
from visavis.knowledge.index import VERSION, Index

HOURS = Chunk("Opening hours", "The library is open from nine to six.")
MUSEUM = Chunk("开放时间", "博物馆每周一闭馆。")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "knowledge.sqlite3", writable=True)


def sources(index: Index, *forms: str, collections: tuple[str, ...] = ("default",)) -> list[str]:
    with index.reading():
        return [hit.source for hit in index.search(forms, collections, 10)]


def test_given_documents_when_searched_then_stems_and_chinese_pairs_find_them(index: Index) -> None:
    index.add("default", "hours.md", [HOURS])
    index.add("default", "馆.md", [MUSEUM])
    assert sources(index, "librari") == ["hours.md"]
    assert sources(index, "闭馆") == ["馆.md"]
    assert sources(index, "hour") == ["hours.md"], "the heading counts"
    assert sources(index, "nowher") == []
    assert sources(index) == []
    assert sources(index, 'quo"te AND NOT') == []


def test_given_collections_when_searched_then_only_what_was_asked_for_is_found(index: Index) -> None:
    index.add("default", "hours.md", [HOURS])
    index.add("other shop", "hours.md", [HOURS])
    index.add("third", "third.md", [HOURS])
    assert sources(index, "open", collections=("other shop", "third")) == ["hours.md", "third.md"]
    assert sources(index, "open", collections=("nothing",)) == []
    assert [record.collection for record in index.documents()] == ["default", "other shop", "third"]
    assert not index.has(["nothing"])


def test_given_a_document_of_the_same_name_when_added_then_it_takes_the_place(index: Index) -> None:
    index.add("default", "hours.md", [HOURS, MUSEUM])
    index.add("default", "hours.md", [MUSEUM])
    assert sources(index, "librari") == []
    assert [(record.name, record.passages) for record in index.documents()] == [("hours.md", 1)]


def test_given_a_document_when_removed_then_nothing_of_it_is_left(index: Index) -> None:
    number = index.add("default", "hours.md", [HOURS])
    assert index.remove(number)
    assert not index.remove(number)
    assert sources(index, "librari") == []
    assert index.documents() == []
    assert index.similar("libary") == []


def test_given_words_when_counted_then_changes_are_noticed(index: Index) -> None:
    with index.reading():
        assert (index.passages, index.frequency("librari")) == (0, 0)
    index.add("default", "hours.md", [HOURS])
    with index.reading():
        assert (index.passages, index.frequency("librari")) == (1, 1)
        assert index.similar("libary") == ["library"]


def test_given_very_frequent_words_when_searched_then_the_rare_ones_are_looked_for(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.knowledge.index.MAX_POSTINGS", 5)
    index.add("default", "many.md", [Chunk("", f"The shop sells thing {number}.") for number in range(8)])
    index.add("default", "rare.md", [Chunk("", "The shop sells umbrellas.")])
    assert sources(index, "shop", "umbrella") == ["rare.md"]
    assert len(sources(index, "shop")) == 9


def test_given_no_file_when_opened_for_reading_then_it_is_unavailable_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Index(tmp_path / "knowledge.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_given_a_damaged_file_when_used_then_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite3"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 50)
    with pytest.raises(Unavailable, match="damaged"):
        Index(path, writable=True)


def test_given_a_file_of_a_newer_version_when_opened_then_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(Unavailable, match="newer"):
        Index(path, writable=True)


def test_given_a_file_without_tables_when_read_then_it_has_no_documents(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite3"
    sqlite3.connect(path).close()
    path.touch()
    index = Index(path)
    assert not index.has(["default"])
    index.close()


def test_given_a_search_out_of_time_when_it_goes_on_then_it_is_stopped(index: Index) -> None:
    index.add("default", "many.md", [Chunk("", f"The shop sells thing {number}.") for number in range(3000)])
    index.stop_after(-1)
    with pytest.raises(Unavailable, match="too long"):
        sources(index, "shop", "sell")
    index.stop_after(60)
    assert sources(index, "shop")


def read_while_told(path: Path, line: Connection) -> None:
    """The other process: answers each message with how many passages it sees, whole documents only."""
    index = Index(path)
    while line.recv():
        with index.reading():
            first = len(index.search(["thing"], ["default"], 10_000))
            line.send((first, index.passages))
    index.close()


def test_given_two_processes_reading_while_one_writes_then_each_sees_whole_documents(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite3"
    writer = Index(path, writable=True)
    context = multiprocessing.get_context("spawn")
    lines = []
    processes = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        process = context.Process(target=read_while_told, args=(path, theirs))
        process.start()
        lines.append(ours)
        processes.append(process)
    for count in range(6):
        for line in lines:
            line.send(True)
        writer.add("default", f"{count}.md", [Chunk("", f"Thing {number}.") for number in range(50)])
        for line in lines:
            found, passages = line.recv()
            assert found == passages
            assert found in (50 * count, 50 * (count + 1))
    for line, process in zip(lines, processes, strict=True):
        line.send(False)
        process.join(30)
        assert process.exitcode == 0
    writer.close()
