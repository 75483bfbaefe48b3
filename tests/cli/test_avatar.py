import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.api.pictures import encoded, portrait
from visavis.avatar import Catalogue
from visavis.cli.main import main
from visavis.settings import Settings


def run(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["avatar", *arguments, "--data-dir", str(data_dir)])


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "photo.jpg"
    path.write_bytes(portrait())
    return str(path)


def test_given_a_photo_when_created_then_it_is_listed_talks_and_can_be_deleted(tmp_path: Path, photo: str) -> None:
    data = tmp_path / "data"
    made = run(data, "create", photo, "--name", "Eileen", "--consent-by", "Eileen Collins", "--consent-text", "v2")
    assert made.exit_code == 0, made.output
    avatar_id = made.stdout.strip()
    assert "landmarks: fitted" in made.stderr
    consent = Catalogue(Settings(data_dir=data)).avatar(avatar_id).metadata["consent"]
    assert (consent["by"], consent["text"]) == ("Eileen Collins", "v2")
    assert f"{avatar_id}  Eileen  " in run(data, "list").output
    assert f"{avatar_id}: talks" in run(data, "check", avatar_id).output
    assert run(data, "delete", avatar_id).exit_code == 0
    assert avatar_id not in run(data, "list").output


def test_given_points_when_created_then_they_count(tmp_path: Path, photo: str) -> None:
    points = tmp_path / "points.json"
    points.write_text(json.dumps({"chin": [0.5, 0.5]}))
    made = run(tmp_path / "data", "create", photo, "--name", "Eileen", "--points", str(points))
    assert made.exit_code == 0, made.output
    assert "landmarks: given" in made.stderr
    points.write_text("chin")
    made = run(tmp_path / "data", "create", photo, "--name", "Eileen", "--points", str(points))
    assert (made.exit_code, made.stderr) == (1, "Error: points: the file is not valid JSON\n")


def test_given_no_face_when_created_then_it_says_what_to_do(tmp_path: Path) -> None:
    flag = tmp_path / "flag.png"
    flag.write_bytes(encoded(".png", 300, 300))
    made = run(tmp_path / "data", "create", str(flag), "--name", "Flag")
    assert made.exit_code == 1
    assert made.stderr.startswith("Error: no face was found; use a photo of one person")
    still = run(tmp_path / "data", "create", str(flag), "--name", "Flag", "--still")
    assert still.exit_code == 0
    assert "it will not move its mouth" in still.stderr
    checked = run(tmp_path / "data", "check", still.stdout.strip())
    assert checked.exit_code == 1
    assert "no face was found" in checked.stdout


def test_given_a_setting_when_nobody_agreed_then_none_is_made(
    tmp_path: Path, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_REQUIRE_CONSENT", "true")
    made = run(tmp_path / "data", "create", photo, "--name", "Eileen")
    assert made.exit_code == 1
    assert "only of people who agreed" in made.stderr


def test_given_an_avatar_that_came_with_the_server_when_deleted_then_it_stays(tmp_path: Path) -> None:
    assert "came with the server" in run(tmp_path / "data", "delete", "demo-avatar").stderr
    assert "avatar not found" in run(tmp_path / "data", "delete", "nobody").stderr
    assert "avatar not found" in run(tmp_path / "data", "check", "nobody").stderr
