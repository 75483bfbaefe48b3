"""Which LiveKit servers a session may be sent to: their URLs come from clients."""

from urllib.parse import urlsplit

from visavis.errors import InvalidInput
from visavis.outbound import Outbound, OutboundFailed
from visavis.outbound.addresses import Resolve
from visavis.settings import Settings

SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
"""What a URL may begin with, and what it then means."""

PORTS = {"ws": 80, "wss": 443}

MALFORMED = "the URL of a LiveKit server looks like wss://host or ws://host:port"

REFUSED = "this LiveKit server can't be reached from here or is not allowed; see VISAVIS_LIVEKIT_HOSTS"
"""One text for all reasons: which inner hosts there are is nobody's business."""


async def livekit_url(url: str, settings: Settings, resolve: Resolve | None = None) -> str:
    """`url` as LiveKit's client takes it, once its host and the host's addresses are known to be acceptable.

    With `livekit_hosts` only those hosts are, at any address that is not reserved; without, every host with a
    public address. The client looks the name up again: a name that changes in between is for the firewall to
    stop. Raises `InvalidInput` with a fixed text.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise InvalidInput(MALFORMED) from None
    scheme = SCHEMES.get(parts.scheme, "")
    plain = url.isascii() and url.isprintable() and not {" ", "\\", "@", "?", "#", "%"} & set(url)
    if not scheme or not host or not plain:
        raise InvalidInput(MALFORMED)
    allowed = settings.livekit_hosts.strip() or "*"
    outbound = Outbound(settings.model_copy(update={"outbound_allow": allowed}), resolve=resolve)
    try:
        await outbound.addresses(host, port or PORTS[scheme])
    except (OutboundFailed, ValueError):
        raise InvalidInput(REFUSED) from None
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
