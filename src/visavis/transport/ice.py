"""ICE as it is configured: which ports, which announced address, which servers, and loopback if need be.

aioice binds any port, announces the machine's own addresses and leaves loopback out. `Network.adapt`
changes that for one connection, without touching the library for anybody else in the process.
"""

import asyncio
import copy
import errno
import ipaddress
import logging
import random
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote

from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, server_reflexive_candidate
from aioice.stun import TransactionError
from aioice.turn import UDP_SOCKET_BUFFER_SIZE
from aiortc.rtcconfiguration import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from visavis.errors import AtCapacity, InvalidInput
from visavis.settings import Settings

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

STUN_TIMEOUT = 2.0
"""Seconds an answer may wait for a STUN server that doesn't reply."""


@dataclass(frozen=True, slots=True)
class Network:
    """How peers reach this machine."""

    ice_servers: tuple[RTCIceServer, ...] = field(default=(), repr=False)
    """STUN and TURN servers; none by default, nothing leaves the machine."""
    ports: range | None = None
    """UDP ports to bind; None for any."""
    public_address: str = ""
    """Announced instead of the machine's own addresses; the sockets stay on those."""
    loopback: bool = False
    """Offer 127.0.0.1 besides the other addresses. It is used anyway if there is no other."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Network":
        """Read `ice_servers`, `udp_ports`, `public_address` and `host`. Raises `InvalidInput`.

        A server that listens on loopback serves browsers on the same machine, which may have no route to
        its other addresses (a VPN, a firewall): those get 127.0.0.1 as well.
        """
        return cls(
            ice_servers=_ice_servers(settings.ice_servers),
            ports=_ports(settings.udp_ports),
            public_address=_address(settings.public_address),
            loopback=settings.host in ("localhost", "::1") or settings.host.startswith("127."),
        )

    def adapt(self, connection: Connection) -> None:
        """Let this connection gather its candidates our way."""
        relayed = connection.get_component_candidates

        async def gather(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
            hosts = await self._bind_all(connection, component, addresses)
            candidates = [self._announced(host.local_candidate) for host in hosts]
            if connection.stun_server:
                found = await asyncio.gather(*(_reflexive(host, connection.stun_server) for host in hosts))
                candidates += [candidate for candidate in found if candidate]
            # Without addresses the original only asks the TURN server, if there is one.
            return candidates + await relayed(component, [], timeout)

        connection.get_component_candidates = gather  # type: ignore[method-assign]  # the seam that aioice has

    async def _bind_all(self, connection: Connection, component: int, addresses: list[str]) -> list[StunProtocol]:
        """Open a socket on each usable address. Raises `AtCapacity` if all ports are taken."""
        hosts = []
        exhausted = False
        for address in self._usable(addresses):
            try:
                host = await self._bind(connection, address)
            except OSError as error:
                logger.info("no candidate on %s: %s", address, error)
                exhausted |= error.errno == errno.EADDRINUSE
                continue
            # From here on it is closed with the connection.
            connection._protocols.append(host)
            host.local_candidate = _host_candidate(host, component)
            hosts.append(host)
        if exhausted and not hosts:
            raise AtCapacity("All UDP ports for media are taken. Widen VISAVIS_UDP_PORTS or close some sessions.")
        return hosts

    def _usable(self, addresses: list[str]) -> list[str]:
        if self.public_address:
            version = ipaddress.ip_address(self.public_address).version
            matching = [each for each in addresses if ipaddress.ip_address(each).version == version]
            addresses = matching or addresses
        elif self.loopback:
            addresses = [*addresses, LOOPBACK]
        return addresses or [LOOPBACK]

    async def _bind(self, connection: Connection, address: str) -> StunProtocol:
        ports = [0] if self.ports is None else random.sample(self.ports, len(self.ports))
        for port in ports:
            try:
                sock = _bound(address, port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                loop = asyncio.get_running_loop()
                _, protocol = await loop.create_datagram_endpoint(lambda: StunProtocol(connection), sock=sock)
                return protocol
        raise OSError(errno.EADDRINUSE, "every port of the range is taken")

    def _announced(self, candidate: Candidate) -> Candidate:
        """What the other side is told; the connection itself keeps the true address."""
        if not self.public_address:
            return candidate
        announced = copy.copy(candidate)
        announced.host = self.public_address
        return announced


def _bound(address: str, port: int) -> socket.socket:
    """A UDP socket. An event loop could bind it too, but uvloop doesn't tell a taken port from a wrong address."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_SOCKET_BUFFER_SIZE)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def _host_candidate(host: StunProtocol, component: int) -> Candidate:
    address, port = host.transport.get_extra_info("sockname")[:2]
    return Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=address,
        port=port,
        type="host",
    )


async def _reflexive(host: StunProtocol, server: tuple[str, int]) -> Candidate | None:
    """The address a STUN server sees us under; None if it doesn't say so in time."""
    if ipaddress.ip_address(host.local_candidate.host).version != 4:
        return None
    try:
        async with asyncio.timeout(STUN_TIMEOUT):
            candidate, _ = await server_reflexive_candidate(host, server)
    except (OSError, TransactionError, KeyError) as error:
        logger.warning("the STUN server gave no address: %s", type(error).__name__)
        return None
    return candidate


def _ice_servers(value: str) -> tuple[RTCIceServer, ...]:
    return tuple(_ice_server(entry.strip(), i) for i, entry in enumerate(value.split(","), 1) if entry.strip())


def _ice_server(entry: str, number: int) -> RTCIceServer:
    """`stun:host:port` or `turn:user:secret@host:port`, percent-encoded where it has to be."""
    # The entry itself may hold a secret, so messages only count it.
    problem = InvalidInput(
        f"Entry {number} of VISAVIS_ICE_SERVERS is neither stun:host:port nor turn:user:secret@host:port."
    )
    scheme, _, rest = entry.partition(":")
    credentials, _, address = rest.rpartition("@")
    user, _, secret = credentials.partition(":")
    is_turn = scheme in ("turn", "turns")
    if scheme not in ("stun", "turn", "turns") or is_turn != bool(user and secret):
        raise problem
    url = f"{scheme}:{address}"
    try:
        port = parse_stun_turn_uri(url)["port"]
    except ValueError:
        raise problem from None
    if not 0 < port < 65536:
        raise problem
    return RTCIceServer(url, unquote(user), unquote(secret)) if is_turn else RTCIceServer(url)


def _ports(value: str) -> range | None:
    if not value.strip():
        return None
    low, _, high = value.partition("-")
    try:
        ports = range(int(low), int(high) + 1)
    except ValueError:
        ports = range(0)
    if not ports or ports[0] < 1 or ports[-1] > 65535:
        raise InvalidInput(
            "VISAVIS_UDP_PORTS has to be two ports from 1 to 65535, the lower one first: 40000-40100."
        )
    return ports


def _address(value: str) -> str:
    if not value.strip():
        return ""
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_multicast:
        raise InvalidInput(
            "VISAVIS_PUBLIC_ADDRESS has to be an IP address that peers can reach, like 203.0.113.7."
        )
    return str(address)
