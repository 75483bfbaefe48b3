"""What this server can do: the installed providers, and what each of them lacks."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from visavis import registry
from visavis.settings import Settings

log = logging.getLogger(__name__)

UNLOADABLE = "it is installed but could not be loaded; `visavis doctor` tells why"


class Capabilities:
    """Asks the providers. Call it in a thread: the first time it imports them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._provider = cache(self._load)

    def missing(self, kind: str) -> Mapping[str, str | None]:
        """Every installed provider of a kind: None if it can be used, else what is missing."""
        return {name: self._missing(kind, name) for name in registry.names(kind)}

    def backend(self, face: str) -> str:
        """Where a face model runs: mock, local, direct_ws or omnirt."""
        return str(getattr(self._provider("face", face), "backend", "local"))

    def _missing(self, kind: str, name: str) -> str | None:
        provider = self._provider(kind, name)
        if provider is None:
            return UNLOADABLE
        lack: str | None = provider.missing()
        return lack

    def _load(self, kind: str, name: str) -> Any:
        try:
            return registry.provider(kind, name, self._settings)
        except (ImportError, AttributeError):
            log.exception("the %s provider %s could not be loaded", kind, name)
            return None
