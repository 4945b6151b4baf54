"""Resolves host names, and decides which addresses this service connects to on behalf of an account.

An account chooses the address of its provider, and could choose one of this service's own network (OWASP ASVS 1.3.6,
SSRF). So the name is resolved once, every address is checked, and the connection is made to a checked address.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from linkxg.http.client_ip import Address, Network
from linkxg.identity.federation.provider_fault import ProviderFault

LOOKUP_S = 3.0
MAX_ADDRESSES = 8
MAX_TEXTS = 50
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Resolver:
    """Looks names up at `server` (`ADDRESS` or `ADDRESS:PORT`), by default as the system is set up."""

    def __init__(self, server: str = "") -> None:
        self._server = server

    async def addresses(self, host: str) -> list[Address]:
        """Raises ProviderFault if there is none."""
        try:
            return [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            pass
        try:
            async with asyncio.timeout(LOOKUP_S):
                found = await (self._look_up_addresses(host) if self._server else _system_addresses(host))
        except TimeoutError:
            raise ProviderFault("Its host name could not be resolved in time.") from None
        if not found:
            raise ProviderFault("Its host name has no address.")
        return found[:MAX_ADDRESSES]

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name. Raises ProviderFault if no DNS server answers."""
        return [b"".join(record.strings).decode("ascii", "replace") for record in await self._query(name, "TXT")]

    async def _look_up_addresses(self, host: str) -> list[Address]:
        found = [*await self._query(host, "A"), *await self._query(host, "AAAA")]
        return [ipaddress.ip_address(record.address) for record in found]

    async def _query(self, name: str, kind: str) -> list[Any]:
        # Imported only for the few accounts that need it.
        import dns.asyncresolver
        import dns.exception
        import dns.resolver

        resolver = dns.asyncresolver.Resolver(configure=not self._server)
        if self._server:
            address, port = server_address(self._server)
            resolver.nameservers, resolver.port = [address], port
        resolver.lifetime = LOOKUP_S
        try:
            answer = await resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError):
            raise ProviderFault("The DNS server did not answer.") from None
        return list(answer)[:MAX_TEXTS]


async def _system_addresses(host: str) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ProviderFault("Its host name cannot be resolved.") from None
    return [ipaddress.ip_address(entry[4][0]) for entry in found]


def server_address(server: str) -> tuple[str, int]:
    """(address, port) of a DNS server. Raises ValueError."""
    try:
        return str(ipaddress.ip_address(server.strip("[]"))), 53
    except ValueError:
        address, _, port = server.rpartition(":")
        return str(ipaddress.ip_address(address.strip("[]"))), int(port)


def may_connect(address: Address, private: Sequence[Network]) -> bool:
    """Whether the address is public, or in one of the `private` networks that the operator permits."""
    address = _embedded(address)
    if any(address.version == network.version and address in network for network in private):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
