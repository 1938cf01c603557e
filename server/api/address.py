"""Where a request comes from: the caller's address behind proxies, and the network it belongs to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:  # commands that bound sign-ins by network need no web server
    from aiohttp import web

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_ip(request: web.Request, settings: Settings) -> str:
    """
    The caller's address: the socket's peer or, behind trusted proxies, the right-most hop that is not one of them.
    """
    peer = _address(request.remote or "")
    if peer is None:
        return "0.0.0.0"  # noqa: S104 - an unknown peer, not a bind address
    trusted = [ipaddress.ip_network(network, strict=False) for network in settings.trusted_proxies]

    def is_trusted(address: IPAddress) -> bool:
        return any(address in network for network in trusted)

    if not is_trusted(peer):
        return str(peer)
    # A proxy may append to the header it received or add another one; the last entry of all is the nearest hop.
    hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        address = _address(hop)
        if address is None:
            return str(peer)
        if not is_trusted(address):
            return str(address)
    return str(peer)


def network_of(address: str) -> str:
    """The /24 or /64 network of an address. Sessions show it, and throttles count by it."""
    parsed = _address(address)
    if parsed is None:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(ipaddress.IPv4Network((parsed, 24), strict=False))
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))


def _address(text: str) -> IPAddress | None:
    """
    An address without its zone. An IPv4 address stays one, even if a dual-stack socket shows it as ::ffff:a.b.c.d.
    """
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed
