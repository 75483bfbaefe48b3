import os
import time
from pathlib import Path

import pytest

from visavis.errors import NotFound
from visavis.films import ABANDONED, Films, duration
from visavis.ids import new_id


def test_old_films_and_halves_that_were_left_are_swept(tmp_path: Path) -> None:
    films = Films(tmp_path)
    old, new = new_id(), new_id()
    now = time.time()
    for film, age in ((old, 7200.0), (new, 1800.0)):
        for suffix in ("", ".part"):
            path = films.place(film).with_name(films.place(film).name + suffix)
            path.write_bytes(b"x")
            os.utime(path, (now - age, now - age))
    fresh = tmp_path / f"{new_id()}.mp4.part"
    fresh.write_bytes(b"x")

    films.sweep(1.0)

    assert ABANDONED < 1800
    assert sorted(tmp_path.iterdir()) == sorted([films.place(new), fresh])


def test_a_directory_that_is_not_there_needs_no_sweep(tmp_path: Path) -> None:
    Films(tmp_path / "none").sweep(1.0)


def test_only_our_ids_name_a_film(tmp_path: Path) -> None:
    films = Films(tmp_path)
    for name in ("", "..", "../x", "a" * 36, "/etc/passwd", "x\0"):
        with pytest.raises(NotFound):
            films.place(name)
    assert films.find("00000000-0000-4000-8000-000000000000") is None


def test_what_is_no_film_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    for data in (b"", b"\0\0\0\1moov", b"\0\0\0\0ftyp" + bytes(20), b"nonsense" * 10):
        path.write_bytes(data)
        assert duration(path) == 0.0
