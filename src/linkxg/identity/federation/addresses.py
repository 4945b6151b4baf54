"""Resolves host names, and decides which addresses this service connects to on behalf of an account.

An account chooses the address of its provider, and could choose one of this service's own network (OWASP ASVS 1.3.6,
SSRF). So the name is resolved once, every address is checked, and the connection is made to a checked address.

No lookup takes a thread of the system's resolver: there are few, all tenants share them, and no deadline ends what runs
in one. A lookup here ends with the wait for it.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linkxg.http.client_ip import Address, Network
from linkxg.identity.federation.provider_fault import UnreachableFault

LOOKUP_S = 3.0
MAX_ADDRESSES = 8
MAX_TEXTS = 50
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
"""The registries of special addresses (RFC 6890), as of 2025: those of Python are of its release. And the address at
which Azure serves its virtual machines (168.63.129.16)."""
_HOSTS = Path("/etc/hosts")
_MAX_HOSTS = 1024 * 1024


class Resolver:
    """Looks names up at `server` (`ADDRESS` or `ADDRESS:PORT`), by default at those of /etc/resolv.conf.

    With `reads_hosts` the names of /etc/hosts come first, as an operator may give one to a provider of their network.
    """

    def __init__(self, server: str = "", *, reads_hosts: bool = False) -> None:
        self._server, self._reads_hosts = server, reads_hosts and not server

    async def addresses(self, host: str) -> list[Address]:
        """Raises UnreachableFault if there is none."""
        try:
            return [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            pass
        try:
            async with asyncio.timeout(LOOKUP_S):
                found = (_listed(host) if self._reads_hosts else []) or await self._look_up_addresses(host)
        except TimeoutError:
            raise UnreachableFault("Its host name could not be resolved in time.") from None
        if not found:
            raise UnreachableFault("Its host name cannot be resolved.")
        return found[:MAX_ADDRESSES]

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name. Raises UnreachableFault if no DNS server answers."""
        return [b"".join(record.strings).decode("ascii", "replace") for record in await self._query(name, "TXT")]

    async def _look_up_addresses(self, host: str) -> list[Address]:
        answers = await asyncio.gather(self._query(host, "A"), self._query(host, "AAAA"), return_exceptions=True)
        found = [record for answer in answers if not isinstance(answer, BaseException) for record in answer]
        fault = next((answer for answer in answers if isinstance(answer, BaseException)), None)
        if fault is not None and not found:
            raise fault
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
            raise UnreachableFault("The DNS server did not answer.") from None
        return list(answer)[:MAX_TEXTS]


def _listed(host: str) -> list[Address]:
    """The addresses of a name in /etc/hosts."""
    try:
        with _HOSTS.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_MAX_HOSTS).splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        words = line.partition("#")[0].lower().split()
        if host.lower() in words[1:]:
            try:
                found.append(ipaddress.ip_address(words[0]))
            except ValueError:
                continue
    return found


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
    if any(address.version == network.version and address in network for network in _SPECIAL):
        return False
    is_public = address.version == 4 or address in _PUBLIC_IPV6
    return is_public and address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does. Those of 6to4 and Teredo are special themselves."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
