"""Mints access tokens: signed JWTs (RFC 9068), of which nothing is stored."""

from typing import NamedTuple

import msgspec

from linkxg.clock import now_s
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.model import APP_CLIENT_ID, LIFETIME_S, AccessClaims, Confirmation
from linkxg.ids import token_id

_encode = msgspec.json.Encoder().encode


class Minted(NamedTuple):
    access_token: str
    jti: str
    expires_in: int
    """In seconds."""


class Minter:
    def __init__(self, keys: KeyRing, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def for_client(
        self,
        client_id: str,
        account_id: str,
        scope: str,
        epoch: int,
        secret_id: str | None,
        cidrs: list[str] | None,
        audience: str | None = None,
        confirmation: Confirmation | None = None,
        certificate_id: str | None = None,
    ) -> Minted:
        """A token for `audience`, or for this API; with `confirmation` bound to its sender."""
        now = now_s()
        jti = token_id()
        claims = AccessClaims(
            iss=self._issuer, sub=client_id, aud=audience or self._audience, client_id=client_id, iat=now,
            exp=now + LIFETIME_S, jti=jti, scope=scope, account_id=account_id, epoch=epoch, secret_id=secret_id,
            cidrs=cidrs or None, cnf=confirmation, certificate_id=certificate_id,
        )  # fmt: skip
        return Minted(self._keys.signing().mint(_encode(claims)), jti, LIFETIME_S)

    def for_user(
        self,
        user_id: str,
        account_id: str,
        scope: str,
        epoch: int,
        session_id: str,
        role: str,
        amr: list[str] | None,
        auth_time: int,
        session_ends_at: int,
    ) -> Minted:
        """Times in seconds. The token does not outlive its session."""
        now = now_s()
        expires_at = min(now + LIFETIME_S, session_ends_at)
        jti = token_id()
        claims = AccessClaims(
            iss=self._issuer, sub=user_id, aud=self._audience, client_id=APP_CLIENT_ID, iat=now, exp=expires_at,
            jti=jti, scope=scope, account_id=account_id, epoch=epoch, sid=session_id, role=role,
            amr=amr, auth_time=auth_time,
        )  # fmt: skip
        return Minted(self._keys.signing().mint(_encode(claims)), jti, max(0, expires_at - now))
