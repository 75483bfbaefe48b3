"""The avatars that are there: this project's own, the operator's, and those users made."""

import logging
from pathlib import Path

from visavis.avatar import bundle
from visavis.avatar.bundle import Avatar
from visavis.avatar.customisation import Customisations
from visavis.avatar.survey import Survey
from visavis.errors import InvalidInput, NotFound
from visavis.ids import is_slug
from visavis.settings import Settings

STOCK = Path(__file__).parent / "stock"
"""The avatars drawn by this project."""

log = logging.getLogger(__name__)


class Catalogue:
    """Looks bundles up in a few directories, the first one that has an id wins."""

    def __init__(self, settings: Settings) -> None:
        self._places = [settings.data_dir / "avatars", STOCK]
        if settings.avatars_dir is not None:
            self._places.insert(1, settings.avatars_dir)
        self.customisations = Customisations(settings)
        """What users changed about them."""
        self.survey = Survey(settings)
        """What was found out about those that say little of themselves."""

    def avatars(self) -> list[Avatar]:
        """Every avatar that is not hidden, `demo-avatar` first, then by id."""
        found: dict[str, Avatar] = {}
        for place in self._places:
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                if path.name in found or not (path / "manifest.json").is_file():
                    continue
                try:
                    found[path.name] = self.customisations.applied(bundle.read(path))
                except InvalidInput as error:
                    log.warning("avatar left out: %s", error.message)
        shown = [avatar for avatar in found.values() if not avatar.hidden]
        return sorted(shown, key=lambda avatar: (avatar.id != "demo-avatar", avatar.id))

    def avatar(self, avatar_id: str) -> Avatar:
        """The avatar of that id; `NotFound` if there is none (or the id could not be one)."""
        if is_slug(avatar_id):
            for place in self._places:
                if (place / avatar_id / "manifest.json").is_file():
                    return self.survey.applied(self.customisations.applied(bundle.read(place / avatar_id)))
        raise NotFound(f"avatar not found: {avatar_id[:80]!r}")
