"""Verifies access tokens (RFC 9068 §4).

Verified tokens are cached by digest; expiry and revocation are checked every time, in memory.
"""

import hashlib
import time

from linkxg.crypto.jwt import MAX_LENGTH
from linkxg.db.invalidation_feed import KEYS, Invalidation, InvalidationFeed
from linkxg.errors import InvalidToken, TemporarilyUnavailable
from linkxg.http.client_ip import parse_address, parse_network
from linkxg.identity.tokens.claims import read_claims
from linkxg.identity.tokens.keys import KeyRing, KeysError
from linkxg.identity.tokens.model import LEEWAY_S, AccessClaims, Principal
from linkxg.identity.tokens.revoke import Revocations
from linkxg.rejection_causes import Cause
from linkxg.runtime.cache import evict_oldest

CACHE_SIZE = 16_384


class RevokedToken(InvalidToken):
    """A token that this server issued to `principal`, but that is no longer valid, or not from this address."""

    def __init__(self, principal: Principal, reason: str, cause: Cause) -> None:
        super().__init__(reason=reason, cause=cause, concerns=principal.secret_id or "")
        self.principal = principal


class Verifier:
    """Verifies access tokens of one issuer for one audience, and for the issuer itself those of any."""

    def __init__(
        self, keys: KeyRing, revocations: Revocations, feed: InvalidationFeed, issuer: str, audience: str
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._feed = feed
        self._issuer = issuer
        self._audience = audience
        self._verified: dict[bytes, Principal] = {}
        feed.subscribe(KEYS, self._on_keys_changed)

    def verify(self, token: bytes, source: str | None) -> Principal:
        """The caller. Raises InvalidToken, or TemporarilyUnavailable if revocations may have been missed.

        The token must be for this audience. One bound to address ranges is rejected from any other `source`; None skips
        that check.
        """
        principal = self.verify_for_any(token, source)
        if principal.audience != self._audience:
            raise InvalidToken(reason="audience")
        return principal

    def verify_for_any(self, token: bytes, source: str | None) -> Principal:
        """The same, whatever the token's audience is: it proves nothing about what the caller may do here."""
        self._feed.check()
        digest = hashlib.sha256(token).digest()
        principal = self._verified.get(digest)
        if principal is None:
            principal = self._read(token)
            evict_oldest(self._verified, CACHE_SIZE)
            self._verified[digest] = principal
        if time.time() >= principal.expires_at + LEEWAY_S:
            self._verified.pop(digest, None)
            raise RevokedToken(principal, "expired", Cause.TOKEN_EXPIRED)
        reason = self._revocations.find(principal)
        if reason is not None:
            raise RevokedToken(principal, reason, Cause.TOKEN_REVOKED)
        if principal.networks and source is not None:
            address = parse_address(source)
            if address is None or not any(address in network for network in principal.networks):
                raise RevokedToken(principal, "address not allowed", Cause.ADDRESS_NOT_ALLOWED)
        return principal

    def _read(self, token: bytes) -> Principal:
        if len(token) > MAX_LENGTH or not token.isascii():
            raise InvalidToken(reason="too long or not ASCII")
        text = token.decode("ascii")
        if text.count(".") != 2:
            raise InvalidToken(reason="not a compact JWS")
        header = text.partition(".")[0]
        key = self._keys.find(header)
        is_live = key is not None
        if key is None:
            key = self._keys.find_retired(header)
        if key is None:
            raise InvalidToken(reason="header of no live key")
        payload = key.verify(text)
        if payload is None:
            raise InvalidToken(reason="signature" if is_live else "header of no live key")
        claims = read_claims(payload)
        if claims.iss != self._issuer:
            raise InvalidToken(reason="issuer")
        if claims.iat > time.time() + LEEWAY_S:
            raise InvalidToken(reason="issued in the future")
        if not is_live:
            raise RevokedToken(self._principal(claims), "header of no live key", Cause.KEY_RETIRED)
        return self._principal(claims)

    def _principal(self, claims: AccessClaims) -> Principal:
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if not audiences:
            raise InvalidToken(reason="audience")
        try:
            return _principal(claims, self._audience if self._audience in audiences else audiences[0])
        except ValueError:
            raise InvalidToken(reason="address ranges") from None

    def _on_keys_changed(self, _: Invalidation) -> None:
        self._verified.clear()
        try:
            self._keys.reload()
        except KeysError as error:
            # Fail closed: without the file it is unknown which keys are live.
            raise TemporarilyUnavailable(str(error)) from error


def _principal(claims: AccessClaims, audience: str) -> Principal:
    return Principal(
        kind="user" if claims.sid else "client",
        id=claims.sub,
        account_id=claims.account_id,
        client_id=claims.client_id,
        scopes=frozenset(claims.scope.split(" ")),
        epoch=claims.epoch,
        jti=claims.jti,
        issued_at=claims.iat,
        expires_at=claims.exp,
        audience=audience,
        role=claims.role,
        session_id=claims.sid,
        secret_id=claims.secret_id,
        networks=tuple(parse_network(text) for text in claims.cidrs or ()),
        amr=tuple(claims.amr or ()),
        auth_time=claims.auth_time,
        confirmation=claims.cnf,
        certificate_id=claims.certificate_id,
    )
