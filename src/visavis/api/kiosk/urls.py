"""Which services a request may name (contract 5, "SSRF with read-back").

The services that a setting names, and the documented loopback ports, are allowed. What becomes of the others is
`kiosk_request_urls`. A URL is read strictly and written anew from what was read, so that whoever connects reads
the same: no user, no fragment, no trailing dot, no address in another notation.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Literal

from visavis.api.kiosk.errors import wrong_field
from visavis.settings import Settings

Field = Literal["analyzer_url", "rag_url", "tts_url"]

FIELDS: tuple[Field, ...] = ("analyzer_url", "rag_url", "tts_url")

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

PORTS = (8010, 8011, 8020)
"""Where the documentation has the three services."""

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[::1\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[a-z0-9/._~!$&'()*+,;=:@%-]*)?"
    r"(?P<query>\?[a-z0-9/?._~!$&'()*+,;=:@%-]*)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart."""

    scheme: str
    host: str
    """Lower case; an IPv6 address in brackets."""
    port: int
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"


def parse(url: str) -> Address:
    """Raises `ValueError`, whose text says why it is not taken."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("must be a plain http or https URL: http://host:port/path")
    host = found["host"].lower()
    scheme = found["scheme"].lower()
    port = int(found["port"] or {"http": 80, "https": 443}[scheme])
    if not 1 <= port <= 65_535:
        raise ValueError("its port must be 1 to 65535")
    if ".." in host:
        raise ValueError("its host is not a name")
    # A last part that is a number makes it an address (WHATWG URL, "ends in a number"); one notation is enough.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
        try:
            host = str(IPv4Address(host))
        except AddressValueError:
            raise ValueError("its address must be four decimal numbers") from None
    return Address(scheme, host, port, (found["path"] or "/") + (found["query"] or ""))


class UrlPolicy:
    """What the URLs of a request become."""

    def __init__(self, settings: Settings) -> None:
        self._mode = settings.kiosk_request_urls
        self._configured: Mapping[Field, str] = {
            "analyzer_url": settings.kiosk_analyzer_url,
            "rag_url": settings.kiosk_rag_url,
            "tts_url": settings.kiosk_tts_url,
        }
        self._allowed = {(host, port) for host in LOOPBACK for port in PORTS}
        for url in self._configured.values():
            # A form of address that requests may not use is fine in a setting.
            with suppress(ValueError):
                address = parse(url)
                self._allowed.add((address.host, address.port))
        entries = (entry.strip() for entry in settings.kiosk_url_map.lower().split(","))
        self._map = dict(entry.split("=") for entry in entries if entry)

    def settle(self, field: Field, requested: str | None) -> str:
        """Where to go; empty for what this server has itself.

        Raises `RequestValidationError` that names the field, and the setting that would let it in.
        """
        if not requested or self._mode == "ignore":
            return self._configured[field]
        try:
            address = parse(requested)
        except ValueError as error:
            raise wrong_field(field, str(error), requested) from None
        if (address.host, address.port) in self._allowed:
            return str(address)
        if self._mode == "map":
            return self._mapped(field, address, requested)
        raise wrong_field(
            field,
            f"this server does not send requests there; name the service in VISAVIS_KIOSK_{field.upper()} "
            f"(KIOSK_CORE_{field.upper()}), or see VISAVIS_KIOSK_REQUEST_URLS",
            requested,
        )

    def _mapped(self, field: Field, address: Address, requested: str) -> str:
        target = self._map.get(f"{address.host}:{address.port}") or self._map.get(address.host)
        if target is None:
            raise wrong_field(field, "VISAVIS_KIOSK_URL_MAP does not say what this host means", requested)
        host, _, port = target.partition(":")
        return str(Address(address.scheme, host, int(port), address.path))
