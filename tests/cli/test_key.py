import asyncio
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from visavis.cli.main import main
from visavis.settings import Settings
from visavis.store import KeyRecord, Store

KEY = re.compile(r"sk_live_[0-9A-Za-z]{43}")


def run(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["key", *arguments, "--data-dir", str(data_dir)])


def found(data_dir: Path, key: str) -> KeyRecord | None:
    async def look() -> KeyRecord | None:
        async with Store(Settings(data_dir=data_dir)) as store:
            return await store.keys.find(key)

    return asyncio.run(look())


def test_given_a_new_key_when_it_is_listed_and_revoked_then_it_is_shown_once_and_opens_nothing(
    tmp_path: Path,
) -> None:
    made = run(tmp_path, "create", "--org", "acme", "--name", "build server")
    assert made.exit_code == 0, made.output
    key = made.stdout.strip()
    assert KEY.fullmatch(key)
    assert "not shown again" in made.stderr
    record = found(tmp_path, key)
    assert record is not None
    assert record.id in made.stderr
    listed = run(tmp_path, "list")
    assert record.id in listed.stdout
    assert f"acme  sk_live_…{key[-4:]}  good  *  usual a minute, usual at once  build server" in listed.stdout
    assert key not in listed.output
    revoked = run(tmp_path, "revoke", record.id)
    assert revoked.exit_code == 0
    assert key not in revoked.output
    assert found(tmp_path, key) is None
    assert "revoked" in run(tmp_path, "list").stdout


def test_what_a_key_may_is_kept(tmp_path: Path) -> None:
    options = ("--scopes", "sessions:read,avatars:*", "--rate", "5", "--concurrency", "2", "--expires", "90d")
    record = found(tmp_path, run(tmp_path, "create", *options).stdout.strip())
    assert record is not None
    assert (record.scopes, record.rate, record.concurrency) == ("sessions:read avatars:*", 5, 2)
    assert record.expires_at is not None
    assert round((record.expires_at - record.created_at) / 24 / 3600) == 90
    assert "good until" in run(tmp_path, "list", "--org", "default").stdout
    assert run(tmp_path, "list", "--org", "acme").stdout == ""


def test_given_no_keys_when_listed_then_it_says_how_to_make_one(tmp_path: Path) -> None:
    assert "visavis key create" in run(tmp_path, "list").stderr


def test_given_nothing_of_that_id_when_revoked_then_it_says_where_to_look(tmp_path: Path) -> None:
    revoked = run(tmp_path, "revoke", "key_nobody")
    assert revoked.exit_code == 1
    assert "visavis key list" in revoked.output


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--scopes", "everything", "sessions:read"),
        ("--scopes", "", "sessions:read"),
        ("--rate", "-1", "not in the range"),
        ("--expires", "soon", "90d, 12h"),
        ("--expires", "", "90d, 12h"),
        ("--expires", "99999999999999999999d", "90d, 12h"),
        ("--expires", "2001-01-01", "is over"),
        ("--org", "", "printable"),
        ("--org", "a\nb", "printable"),
        ("--name", "n" * 129, "printable"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, option: str, value: str, says: str) -> None:
    made = run(tmp_path, "create", option, value)
    assert made.exit_code != 0
    assert says in made.output
    assert not KEY.search(made.output)
