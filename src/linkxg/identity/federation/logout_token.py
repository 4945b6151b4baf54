"""The checks of a logout token's claims: OpenID Connect Back-Channel Logout 1.0, section 2.6."""

from typing import NamedTuple

from linkxg.identity.federation.id_token import LEEWAY_S, check_issuer_and_audience, number, session_id, subject
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.providers import SignedClaims

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_AGE_S = 600
MAX_ID = 255


class LogoutToken(NamedTuple):
    """Which sessions end: those of the provider's session, else all of the subject."""

    id: str
    subject: str | None
    session_id: str | None


def check_logout_token(token: SignedClaims, *, issuer: str, client_id: str, now: int) -> LogoutToken:
    """`now` in seconds. Raises ProviderFault."""
    claims = token.claims
    if token.type not in (None, "jwt", "logout+jwt"):
        raise ProviderFault("It is not a logout token.")
    check_issuer_and_audience(claims, issuer, client_id)
    if not now - MAX_AGE_S <= number(claims, "iat") <= now + LEEWAY_S:
        raise ProviderFault("The logout token is too old, or issued in the future.")
    if claims.get("exp") is not None and number(claims, "exp") <= now - LEEWAY_S:
        raise ProviderFault("The logout token has expired.")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise ProviderFault("The token has no event of a logout.")
    if "nonce" in claims:
        raise ProviderFault("A logout token has no nonce.")
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not 0 < len(token_id) <= MAX_ID:
        raise ProviderFault("The logout token has no valid jti.")
    found = session_id(claims)
    if found is None and claims.get("sub") is None:
        raise ProviderFault("The logout token names neither a session nor a person.")
    return LogoutToken(token_id, subject(claims) if claims.get("sub") is not None else None, found)
