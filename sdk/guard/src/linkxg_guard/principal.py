"""The caller of a guarded service."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal


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
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """The token is valid from these addresses only; empty: from any."""
