"""The client address of a request, behind trusted proxies (ASVS 4.1.3).

The socket's, unless the peer is a trusted proxy: then the right-most hop of X-Forwarded-For that is no trusted proxy,
or the left-most one if all are. Everything further left is the sender's own claim. A hop may carry a port and brackets,
as in RFC 7239 §6; one that is no address is `UNKNOWN`, which no address range and no known source matches.
"""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from linkxg.errors import InvalidRequest
from linkxg.http.request_context import Headers

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"
"""The source of a request whose forwarded address cannot be read."""


_PORT = "(?::[0-9]{1,5})?"
_HOP = re.compile(rf"\[([0-9A-Fa-f:.]+)\]{_PORT}|([0-9.]+){_PORT}|([0-9A-Fa-f:.]+)")


class ClientAddresses:
    """Reads addresses, and refuses plain HTTP that crossed a network (RFC 6749 §2.3.1)."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def read(self, client: tuple[str, int] | None, scheme: str, headers: Headers) -> tuple[str, bool]:
        """(address, whether it may be served). Not served: plain HTTP from beyond this machine."""
        peer = client[0] if client else "127.0.0.1"
        if not self._trusted:
            return peer, scheme == "https" or is_loopback(peer)
        if not self.is_trusted(peer):
            return peer, scheme == "https"
        protocol = _last(headers, b"x-forwarded-proto")
        return self._client_behind(peer, headers), protocol == b"https"

    def is_shared_source(self, peer: str) -> bool:
        """Whether `peer` is a trusted proxy or this machine itself, so that a bound per source does not fit."""
        return is_loopback(peer) or self.is_trusted(peer)

    def _client_behind(self, peer: str, headers: Headers) -> str:
        hops = [
            hop.strip()
            for name, value in headers
            if name == b"x-forwarded-for"
            for hop in value.decode("latin-1").split(",")
        ]
        source = peer
        # An empty element of a list is none (RFC 9110 §5.6.1).
        for hop in filter(None, reversed(hops)):
            address = _parse_hop(hop)
            if address is None:
                return UNKNOWN
            source = str(address)
            if not self.is_trusted(source):
                break
        return source

    def is_trusted(self, text: str) -> bool:
        """Whether this is the address of a trusted proxy."""
        address = parse_address(text)
        return address is not None and any(address in network for network in self._trusted)


PLAIN_HTTP_REFUSED = "this service does not accept plain HTTP"
"""`linkxg doctor` recognises the service by it."""


def refuse_plain_http() -> InvalidRequest:
    return InvalidRequest(
        f"Use HTTPS: {PLAIN_HTTP_REFUSED}. A proxy in front of it must send X-Forwarded-Proto: https.",
        reason="plain HTTP, or a proxy of LINKXG_TRUSTED_PROXIES that does not send X-Forwarded-Proto: https",
    )


@lru_cache(4_096)
def parse_address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(4_096)
def _parse_hop(text: str) -> Address | None:
    """The address of `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:443`."""
    match = _HOP.fullmatch(text)
    return parse_address(next(filter(None, match.groups()))) if match else None


@lru_cache(4_096)
def source_key(text: str) -> str:
    """What limits count by: an IPv4 address, or the /64 that one IPv6 customer holds."""
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return text if address is None else str(address)


@lru_cache(4_096)
def is_loopback(text: str) -> bool:
    address = parse_address(text)
    return address is not None and address.is_loopback


def _last(headers: Headers, name: bytes) -> bytes | None:
    values = [value for key, value in headers if key == name]
    return values[-1].split(b",")[-1].strip().lower() if values else None


@lru_cache(4_096)
def parse_network(text: str) -> Network:
    """Raises ValueError for anything but an address range in CIDR notation."""
    return ipaddress.ip_network(text)
