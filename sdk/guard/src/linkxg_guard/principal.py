"""The caller of a guarded service."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple


class Confirmation(NamedTuple):
    """What a token is bound to: a key (RFC 9449 §6.1), a certificate (RFC 8705 §3.1), or both; by their thumbprints."""

    jkt: str | None
    x5t_s256: str | None


@dataclass(frozen=True, slots=True)
class Principal:
    """A client or a person of your LinkXG account, as their token says; times in seconds since the epoch."""

    kind: Literal["client", "user"]
    id: str
    """Of the client, or of the person."""
    account_id: str
    client_id: str
    scopes: frozenset[str]
    jti: str
    issued_at: int
    expires_at: int
    epoch: int
    kid: str
    audience: str
    session_id: str | None = None
    role: str | None = None
    networks: tuple[str, ...] = ()
    """The token is valid from these address ranges only; empty: from any."""
    cnf: Confirmation | None = None
    """What the token is bound to; None of a plain Bearer token."""

    def allows(self, source: str | None) -> bool:
        """Whether the token is valid from this address."""
        return not self.networks or _contains(self.networks, source)


def _contains(networks: tuple[str, ...], source: str | None) -> bool:
    try:
        address = ip_address(source or "")
    except ValueError:
        return False
    return any(address in _network(text) for text in networks)


@lru_cache(4_096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)
