"""Addresses of hosts, and which of them may be connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → numeric addresses, the preferred first; OSError if there are none."""

_METADATA = (
    ip_network("100.100.100.200/32"),  # Alibaba Cloud
    ip_network("168.63.129.16/32"),  # Azure
    ip_network("fd00:ec2::254/128"),  # AWS
)
"""Services of clouds that hand out credentials, outside the link-local range where the others are."""

_NAT64 = ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for the IPv4 address in their last 32 bits (RFC 6052)."""


def acceptable(address: str, *, private: bool) -> bool:
    """Whether `address` may be connected to; `private` allows those that only this machine or network reaches."""
    ip = _meant(ip_address(address.partition("%")[0]))
    if ip.is_loopback:
        return private
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return False
    if any(ip in network for network in _METADATA if network.version == ip.version):
        return False
    return private or ip.is_global


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one that only stands for it, else the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


async def system_resolve(host: str, port: int) -> list[str]:
    """What the machine itself knows of the name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for _, _, _, _, address in found]
