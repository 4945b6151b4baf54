"""The checks of an assertion's claims: RFC 7523 §3, with the audience of draft-ietf-oauth-rfc7523bis."""

import hashlib
from collections.abc import Iterable
from typing import Any

from linkxg.crypto.jwt import MAX_JTI, numeric_date
from linkxg.errors import InvalidClient
from linkxg.identity.client_assertions.assertion import Assertion
from linkxg.identity.client_assertions.model import (
    LEEWAY_S,
    MAX_LIFETIME_S,
    MAX_WORKLOAD_LIFETIME_S,
    Trust,
)
from linkxg.rejection_causes import Cause

MAX_SHOWN_S = 10 * 365 * 86_400


def check_own_claims(claims: dict[str, Any], client_id: str, issuer: str, now: int) -> int:
    """Of an assertion by the client itself; returns when it expires, in seconds. Raises InvalidClient.

    The audience is this server as a single string: an assertion for several servers could be used by one of them at
    the others.
    """
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise _claims("iss and sub must be the client id")
    if claims.get("aud") != issuer:
        raise InvalidClient(reason="assertion: aud must be the issuer", cause=Cause.ASSERTION_AUDIENCE)
    if not isinstance(claims.get("jti"), str) or not 0 < len(claims["jti"]) <= MAX_JTI:
        raise _claims("jti is missing or too long")
    return _check_times(claims, now, MAX_LIFETIME_S)


def check_workload_claims(claims: dict[str, Any], now: int) -> int:
    """Of a token of a foreign issuer, whatever it is trusted for; returns when it expires. Raises InvalidClient."""
    jti = claims.get("jti")
    if jti is not None and not (isinstance(jti, str) and 0 < len(jti) <= MAX_JTI):
        raise _claims("jti is not a text, or too long")
    return _check_times(claims, now, MAX_WORKLOAD_LIFETIME_S)


def is_for(trust: Trust, claims: dict[str, Any]) -> bool:
    """Whether the token is for the audience of the trust, and for no other.

    Kubernetes writes a single audience as an array too.
    """
    return claims.get("aud") in (trust.audience, [trust.audience])


def matches(trust: Trust, claims: dict[str, Any]) -> bool:
    """Whether the token has all claims of the trust, as texts that are exactly equal."""
    return all(isinstance(claims.get(name), str) and claims[name] == value for name, value in trust.claims.items())


def replay_key(assertion: Assertion, issuer: str) -> bytes:
    """By which an assertion is known again: its `jti`, or what was signed. A signature has several forms."""
    jti = assertion.claims.get("jti")
    named = ("jti", jti) if isinstance(jti, str) else ("jws", assertion.signing_input)
    return _digest((issuer, *named))


def _digest(parts: Iterable[str]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.digest()


def _check_times(claims: dict[str, Any], now: int, longest: int) -> int:
    expires_at = _time(claims, "exp")
    if expires_at is None:
        raise _claims("exp is missing")
    if expires_at <= now - LEEWAY_S:
        raise _late("expired", now - expires_at)
    if expires_at > now + longest + LEEWAY_S:
        raise _late("long", expires_at - now)
    for name in ("nbf", "iat"):
        at = _time(claims, name)
        if at is not None and at > now + LEEWAY_S:
            raise _late("ahead", at - now)
    return expires_at


def _time(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    seconds = numeric_date(value)
    if seconds is None:
        raise _claims(f"{name} is not a time")
    return int(seconds)


def _late(how: str, seconds: int) -> InvalidClient:
    """`how` and by how much is shown to the account; a claim can be any number."""
    seconds = min(seconds, MAX_SHOWN_S)
    reason = f"assertion: {how} by {seconds} s"
    return InvalidClient(reason=reason, cause=Cause.ASSERTION_EXPIRED, concerns=f"{how} {seconds}")


def _claims(reason: str) -> InvalidClient:
    return InvalidClient(reason=f"assertion: {reason}", cause=Cause.ASSERTION_CLAIMS)
