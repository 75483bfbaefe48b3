"""Bundles that do not say where their face is."""

import json
from pathlib import Path

import pytest

from tests.api.pictures import encoded, portrait
from visavis.avatar import Catalogue
from visavis.avatar.survey import Survey, wanting
from visavis.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", avatars_dir=tmp_path / "avatars")


def bundle(settings: Settings, avatar_id: str, picture: str, content: bytes) -> None:
    assert settings.avatars_dir is not None
    place = settings.avatars_dir / avatar_id
    (place / picture).parent.mkdir(parents=True)
    (place / picture).write_bytes(content)
    manifest = {"id": avatar_id, "width": 400, "height": 430, "fps": 30, "model_type": "wav2lip"}
    (place / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("picture", ["reference.jpg", "frames/frame_00000.jpg", "full_frames/00000000.jpg"])
def test_the_face_of_a_bundle_is_found_once(settings: Settings, picture: str) -> None:
    bundle(settings, "theirs", picture, portrait())
    catalogue, survey = Catalogue(settings), Survey(settings)
    before = catalogue.avatar("theirs")
    assert wanting(before)
    assert "animation" not in before.metadata
    assert not survey.known(before)
    assert survey.look(before) is None
    assert survey.known(before)
    after = catalogue.avatar("theirs")
    assert 0.4 < after.metadata["animation"]["mouth_center"][0] < 0.6
    assert not wanting(after)
    assert (after.path / "manifest.json").read_text() == (before.path / "manifest.json").read_text()


def test_a_bundle_without_a_face_is_told_once_and_looked_at_anew_with_another_picture(settings: Settings) -> None:
    bundle(settings, "flag", "reference.jpg", encoded(".jpg", 200, 200))
    survey, avatar = Survey(settings), Catalogue(settings).avatar("flag")
    refusal = survey.look(avatar)
    assert refusal is not None
    assert refusal.startswith("no face was found")
    assert survey.known(avatar)
    assert survey.look(avatar) == refusal
    (avatar.path / "reference.jpg").write_bytes(portrait())
    assert not survey.known(avatar)
    assert survey.look(avatar) is None


def test_drawn_avatars_and_those_that_say_where_their_face_is_need_no_survey(settings: Settings) -> None:
    assert not wanting(Catalogue(settings).avatar("demo-avatar"))


def test_a_damaged_note_is_none(settings: Settings) -> None:
    bundle(settings, "theirs", "reference.jpg", portrait())
    survey, avatar = Survey(settings), Catalogue(settings).avatar("theirs")
    survey.look(avatar)
    (note,) = (settings.data_dir / "cache" / "faces").iterdir()
    note.write_text("{")
    assert not survey.known(avatar)
    assert "animation" not in Catalogue(settings).avatar("theirs").metadata
