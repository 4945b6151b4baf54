"""The claims of an access token (RFC 9068 §2.2, and private ones), and the caller.

`epoch` is the generation of the person's or client's permissions: when those are reduced, the next epoch begins and
every token of an earlier one is invalid, independent of clocks.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from linkxg.http.client_ip import Network

LIFETIME_S = 900
LEEWAY_S = 5
APP_CLIENT_ID = "lxgapp_linkxg"
"""`client_id` of tokens issued to people at sign-in."""


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`cnf` (RFC 7800): thumbprints of the sender's key (RFC 9449 §6.1) and certificate (RFC 8705 §3.1)."""

    jkt: str | None = None
    x5t: str | None = msgspec.field(default=None, name="x5t#S256")


class AccessClaims(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The claim set. `iat`, `exp` and `auth_time` are seconds since the epoch.

    `amr` (RFC 8176) and `auth_time` tell how and when a person was authenticated, whatever was refreshed since.
    """

    iss: str
    sub: str
    aud: str | list[str]
    client_id: str
    iat: int
    exp: int
    jti: str
    scope: str
    account_id: str
    epoch: int = 0
    sid: str | None = None
    role: str | None = None
    secret_id: str | None = None
    cidrs: list[str] | None = None
    amr: list[str] | None = None
    auth_time: int | None = None
    cnf: Confirmation | None = None
    certificate_id: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: a person with a session, or a client with one of its secrets or certificates.

    With `confirmation` only the holder of its key or certificate may use the token.
    """

    kind: Literal["user", "client"]
    id: str
    account_id: str
    client_id: str
    scopes: frozenset[str]
    epoch: int
    jti: str
    issued_at: int
    expires_at: int
    audience: str
    role: str | None = None
    session_id: str | None = None
    secret_id: str | None = None
    networks: tuple[Network, ...] = ()
    amr: tuple[str, ...] = ()
    auth_time: int | None = None
    confirmation: Confirmation | None = None
    certificate_id: str | None = None
