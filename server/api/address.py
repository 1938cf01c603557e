"""Where a request comes from: the caller's address behind proxies, and the network it belongs to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

from core.settings import Settings

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


LONGEST = 45  # characters of an address
UNKNOWN = "unknown"  # in place of an address: it lies in no network, and all such callers count as one stranger
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d{1,5})?|(?P<v4>[^:]*):\d{1,5}")


class Asked(Protocol):
    """A request, as far as an address can be read from it."""

    @property
    def remote(self) -> str | None:
        """The socket's peer."""
        ...

    @property
    def headers(self) -> Any:
        """The headers."""
        ...


def client_ip(request: Asked, settings: Settings) -> str:
    """
    The caller's address: the socket's peer or, behind trusted proxies, the right-most hop that is not one of them.
    UNKNOWN if that cannot be read. Taking the proxy's address instead would let the caller pass for the proxy.
    """
    peer, is_proxy = _peer(request.remote or "", settings.trusted_proxies)
    if not is_proxy:
        return peer
    trusted = _networks(settings.trusted_proxies)

    def is_trusted(address: IPAddress) -> bool:
        return any(address in network for network in trusted)

    # A proxy may append to the header it received or add another one; the last entry of all is the nearest hop.
    hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        address = _address(_without_port(hop))
        if address is None:
            return UNKNOWN
        if not is_trusted(address):
            return str(address)
    return peer


@lru_cache(maxsize=4096)
def _peer(text: str, proxies: tuple[str, ...]) -> tuple[str, bool]:
    """The other end of a socket as text, and whether it is one of the trusted proxies."""
    peer = _address(text)
    if peer is None:
        return UNKNOWN, False
    return str(peer), any(peer in network for network in _networks(proxies))


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address from `client_ip` lies in one of the networks."""
    parsed = _address(address)
    return parsed is not None and any(parsed in _network(network) for network in networks)


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The /24 or /64 network of an address. Sessions show it, and throttles count by it."""
    parsed = _address(address)
    if parsed is None:
        return UNKNOWN
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(ipaddress.IPv4Network((parsed, 24), strict=False))
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))


def _without_port(hop: str) -> str:
    """A hop as RFC 7239 and some proxies write it, such as 203.0.113.7:4444 or [2001:db8::1]:443."""
    found = _WITH_PORT.fullmatch(hop)
    return hop if found is None else found["v6"] or found["v4"] or ""


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _address(text: str) -> IPAddress | None:
    """
    An address without its zone. An IPv4 address stays one, even if a dual-stack socket shows it as ::ffff:a.b.c.d.
    """
    text = text.partition("%")[0]
    return None if len(text) > LONGEST else _parsed(text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPAddress | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed
