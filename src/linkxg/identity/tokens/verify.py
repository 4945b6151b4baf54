"""Verifies access tokens (RFC 9068 §4).

RFC 9068 §4. A token verified once is remembered by its digest, so the next use costs a look-up; whether it has been
revoked is asked every time, of the change feed in memory.
"""

import hashlib
import time

from linkxg.crypto.jwt import MAX_LENGTH
from linkxg.db.invalidation_feed import KEYS, Invalidation, InvalidationFeed
from linkxg.errors import Cause, InvalidToken, TemporarilyUnavailable
from linkxg.http.client_ip import parse_address, parse_network
from linkxg.identity.tokens.claims import read_claims
from linkxg.identity.tokens.keys import KeyRing, KeysError
from linkxg.identity.tokens.model import LEEWAY_S, AccessClaims, Principal
from linkxg.identity.tokens.revoke import Revocations
from linkxg.runtime.cache import evict_oldest

REMEMBERED = 16_384


class RevokedToken(InvalidToken):
    """A token that this server did issue, to `principal`, and that opens nothing (any more, or from there)."""

    def __init__(self, principal: Principal, reason: str, cause: Cause) -> None:
        super().__init__(reason=reason, cause=cause, concerns=principal.secret_id or "")
        self.principal = principal


class Verifier:
    """Verifies access tokens of one issuer for one audience."""

    def __init__(
        self, keys: KeyRing, revocations: Revocations, feed: InvalidationFeed, issuer: str, audience: str
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._feed = feed
        self._issuer = issuer
        self._audience = audience
        self._seen: dict[bytes, Principal] = {}
        feed.subscribe(KEYS, self._keys_changed)

    def verify(self, token: bytes, source: str | None) -> Principal:
        """The caller. Raises InvalidToken, or TemporarilyUnavailable when revocations cannot be known.

        A token bound to addresses is refused from any other `source`; None asks about the token alone.
        """
        self._feed.check()
        digest = hashlib.sha256(token).digest()
        principal = self._seen.get(digest)
        if principal is None:
            principal = self._read(token)
            evict_oldest(self._seen, REMEMBERED)
            self._seen[digest] = principal
        if time.time() >= principal.expires_at + LEEWAY_S:
            self._seen.pop(digest, None)
            raise RevokedToken(principal, "expired", Cause.TOKEN_EXPIRED)
        revoked = self._revocations.reaches(principal)
        if revoked is not None:
            raise RevokedToken(principal, revoked, Cause.TOKEN_REVOKED)
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
        live = key is not None
        if key is None:
            key = self._keys.find_retired(header)
        if key is None:
            raise InvalidToken(reason="header of no live key")
        payload = key.verify(text)
        if payload is None:
            raise InvalidToken(reason="signature" if live else "header of no live key")
        claims = read_claims(payload)
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer or self._audience not in audiences:
            raise InvalidToken(reason="issuer or audience")
        if claims.iat > time.time() + LEEWAY_S:
            raise InvalidToken(reason="issued in the future")
        if not live:
            raise RevokedToken(_principal(claims), "header of no live key", Cause.KEY_RETIRED)
        return _principal(claims)

    def _keys_changed(self, _: Invalidation) -> None:
        self._seen.clear()
        try:
            self._keys.reload()
        except KeysError as error:
            # Fail closed: without the file nobody can say which keys still hold.
            raise TemporarilyUnavailable(str(error)) from error


def _principal(claims: AccessClaims) -> Principal:
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
        role=claims.role,
        session_id=claims.sid,
        secret_id=claims.secret_id,
        networks=tuple(parse_network(text) for text in claims.cidrs or ()),
    )
