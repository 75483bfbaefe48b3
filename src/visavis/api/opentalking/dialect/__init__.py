"""What deployed OpenTalking servers say and their web client expects, where that goes beyond the contract.

Everything of it is *added* to the contract's answers (contract opentalking 1.9).
"""

from collections.abc import Mapping

from visavis.api.opentalking.schemas import ProviderState, SessionStatus
from visavis.session.events import State

CONNECTED: Mapping[str, str] = {
    "mock": "local_self_test",
    "local": "local_runtime",
    "direct_ws": "direct_ws",
    "omnirt": "omnirt",
}
"""A model's `reason` by its backend, when it can be used (contract 1.1)."""

LACKING: Mapping[str, str] = {
    "local": "local_adapter_missing",
    "direct_ws": "direct_ws_unavailable",
    "omnirt": "omnirt_unavailable",
}
"""The same when it can't."""


def reason(backend: str, connected: bool) -> str:
    """The word for why a model can or can't be used."""
    return CONNECTED.get(backend, "local_runtime") if connected else LACKING.get(backend, "not_configured")


def status(state: State, busy: bool = False, waiting: bool = False) -> SessionStatus:
    """A session's state in deployed servers' words (contract 1.3)."""
    match state:
        case "created":
            return "queued" if waiting else "worker_ready"
        case "terminated":
            return "closed"
        case _:
            return "speaking" if busy else "ready"


def provider_status(missing: Mapping[str, str | None]) -> dict[str, ProviderState]:
    """`/health`'s table of providers; `key_set` must be true for the web client to use one."""
    return {
        name: ProviderState(key_set=not lack, service_url_set=not lack, usable=not lack, reason=lack or "")
        for name, lack in missing.items()
    }
