"""The checks of an ID token's claims: OpenID Connect Core 1.0, section 3.1.3.7."""

from typing import Any, NamedTuple

from linkxg.crypto.secrets import constant_time_equal
from linkxg.identity.accounts.authentication_policy import FEDERATED
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.providers import SignedClaims
from linkxg.identity.federation.verified_address import is_verified

LEEWAY_S = 60
"""How far the clock of a provider may be off."""
MAX_AGE_S = 600
"""An ID token is used at once: an older one was kept by somebody."""
UNKNOWN = 0
"""When the person signed in, if the provider does not say it: too long ago for any sensitive action."""
MAX_SUBJECT = 255
MAX_SID = 255
MAX_METHODS = 10
_REGISTERED_AMR = frozenset(
    {
        "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc",
        "sms", "swk", "tel", "user", "vbm", "wia",
    }
)  # fmt: skip
"""RFC 8176, section 2."""


class IdToken(NamedTuple):
    """A verified ID token; `authenticated_at` in seconds, or UNKNOWN; `session_id` is the provider's `sid`."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    authenticated_at: int
    amr: tuple[str, ...]
    session_id: str | None
    claims: dict[str, Any]


def check_id_token(token: SignedClaims, *, issuer: str, client_id: str, nonce: str, now: int) -> IdToken:
    """`now` in seconds. Raises ProviderFault for a token of another issuer, client, sign-in or time."""
    claims = token.claims
    if token.type not in (None, "jwt"):
        raise ProviderFault("It sent a token of another type instead of an ID token.")
    check_issuer_and_audience(claims, issuer, client_id)
    issued_at, expires_at = number(claims, "iat"), number(claims, "exp")
    if expires_at <= now - LEEWAY_S:
        raise ProviderFault("Its ID token has expired. Check the clocks.")
    if issued_at > now + LEEWAY_S:
        raise ProviderFault("Its ID token was issued in the future. Check the clocks.")
    if issued_at < now - MAX_AGE_S - LEEWAY_S:
        raise ProviderFault("Its ID token is too old. Check the clocks.")
    found = claims.get("nonce")
    if not isinstance(found, str) or not constant_time_equal(found.encode(), nonce.encode()):
        raise ProviderFault("Its ID token belongs to another sign-in.")
    return IdToken(
        issuer=issuer,
        subject=subject(claims),
        email=email if isinstance(email := claims.get("email"), str) else None,
        email_verified=is_verified(issuer, claims, claims.get("email")),
        authenticated_at=_authenticated_at(claims, issued_at, now),
        amr=_amr(claims.get("amr")),
        session_id=session_id(claims),
        claims=dict(claims),
    )


def check_issuer_and_audience(claims: dict[str, Any], issuer: str, client_id: str) -> None:
    """Raises ProviderFault unless the token is by `issuer` for `client_id`, and if for others too, authorised by it."""
    if claims.get("iss") != issuer:
        raise ProviderFault("Its token names another issuer.")
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise ProviderFault("Its token is for another client.")
    if party is not None and party != client_id:
        raise ProviderFault("Its token was issued to another client.")
    if len(audiences) > 1 and party is None:
        raise ProviderFault("Its token is for several clients and does not say which one it was issued to.")


def number(claims: dict[str, Any], name: str) -> int:
    """A time in seconds. Raises ProviderFault."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 40:
        raise ProviderFault(f"Its token has no valid {name}.")
    return int(value)


def subject(claims: dict[str, Any]) -> str:
    """Raises ProviderFault unless it is there and can be stored."""
    value = claims.get("sub")
    if not isinstance(value, str) or not 0 < len(value) <= MAX_SUBJECT or not value.isprintable():
        raise ProviderFault("Its token has no valid sub.")
    return value


def session_id(claims: dict[str, Any]) -> str | None:
    """The provider's session; None for a provider that names none. Raises ProviderFault."""
    value = claims.get("sid")
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_SID or not value.isprintable():
        raise ProviderFault("Its token has no valid sid.")
    return value


def _authenticated_at(claims: dict[str, Any], issued_at: int, now: int) -> int:
    """When the person signed in at the provider. The time of the token says nothing: their session there may be old."""
    if claims.get("auth_time") is None:
        return UNKNOWN
    return min(number(claims, "auth_time"), issued_at, now)


def _amr(value: object) -> tuple[str, ...]:
    """The registered methods that the provider names, and that it was a provider."""
    named = value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []
    return (*sorted(_REGISTERED_AMR.intersection(named))[:MAX_METHODS], FEDERATED)
