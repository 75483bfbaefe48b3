"""Where webhooks may go: to any host of the internet over TLS, and to those that `webhook_hosts` names."""

from urllib.parse import urlsplit

from visavis.errors import InvalidInput
from visavis.outbound import Outbound
from visavis.outbound.addresses import Resolve
from visavis.settings import Settings

LONGEST = 2000
"""Characters of a URL."""


def check(url: str, settings: Settings) -> None:
    """Raises `InvalidInput` for a URL that nothing is sent to. Its host's addresses are looked at when it is."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if not host or "@" in parts.netloc or parts.fragment or len(url) > LONGEST or not url.isprintable():
        raise InvalidInput("the URL of a webhook is https://host/path, without user, password or fragment")
    port = port or {"http": 80}.get(parts.scheme, 443)
    if parts.scheme == "http" and not {host, f"{host}:{port}"}.isdisjoint(_listed(settings)):
        return
    if parts.scheme != "https":
        raise InvalidInput("webhooks go over https; VISAVIS_WEBHOOK_HOSTS can name hosts that have none")


def outbound(settings: Settings, resolve: Resolve | None = None) -> Outbound:
    """The way there: public addresses only, except of the hosts that `webhook_hosts` names."""
    allowed = ",".join(["*", *_listed(settings)])
    return Outbound(settings.model_copy(update={"outbound_allow": allowed}), resolve=resolve)


def _listed(settings: Settings) -> list[str]:
    return [name for part in settings.webhook_hosts.split(",") if (name := part.strip().lower().strip("*"))]
