"""Mints access tokens (RFC 9068).

A signed JWT (RFC 9068) that leaves no row: nothing about it is stored until somebody revokes it.
"""

from typing import NamedTuple

import msgspec

from linkxg.clock import now_s
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.model import APP_CLIENT_ID, LIFETIME_S, AccessClaims
from linkxg.ids import token_id

_encode = msgspec.json.Encoder().encode


class Minted(NamedTuple):
    """The token, and its id for the log."""

    access_token: str
    jti: str


class Minter:
    """Mints with the active key; `issuer` and `audience` are the service's own addresses."""

    def __init__(self, keys: KeyRing, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def for_client(
        self, client_id: str, account_id: str, scope: str, epoch: int, secret_id: str, cidrs: list[str] | None
    ) -> Minted:
        """A token of the client itself: `sub` is the client."""
        now = now_s()
        jti = token_id()
        claims = AccessClaims(
            self._issuer, client_id, self._audience, client_id, now, now + LIFETIME_S, jti, scope, account_id, epoch,
            secret_id=secret_id, cidrs=cidrs or None,
        )  # fmt: skip
        return Minted(self._keys.signing().mint(_encode(claims)), jti)

    def for_user(self, user_id: str, account_id: str, scope: str, epoch: int, session_id: str, role: str) -> Minted:
        """A token of a person within a session."""
        now = now_s()
        jti = token_id()
        claims = AccessClaims(
            self._issuer, user_id, self._audience, APP_CLIENT_ID, now, now + LIFETIME_S, jti, scope, account_id, epoch,
            sid=session_id, role=role,
        )  # fmt: skip
        return Minted(self._keys.signing().mint(_encode(claims)), jti)
