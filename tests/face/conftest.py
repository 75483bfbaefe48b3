from pathlib import Path

import pytest

from visavis.avatar import Avatar, Catalogue
from visavis.face.portrait import repertoire
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.motion import MOTIONS
from visavis.face.portrait.puppet import Drawn
from visavis.settings import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def avatar(settings: Settings) -> Avatar:
    return Catalogue(settings).avatar("demo-avatar")


@pytest.fixture(scope="session")
def loops_folder(settings: Settings) -> Path:
    return settings.data_dir / "cache" / "loops"


@pytest.fixture(scope="session")
def puppet(avatar: Avatar, loops_folder: Path) -> Drawn:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repertoire, "REST", 0.0)
        made = Drawn(avatar, loops_folder)
        for motion in MOTIONS:
            made.clips.get(motion)
        made.clips.complete()
    return made


@pytest.fixture
def face(puppet: Drawn) -> PortraitFace:
    return PortraitFace(puppet)
