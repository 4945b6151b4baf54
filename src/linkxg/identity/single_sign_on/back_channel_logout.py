"""Ends sessions when the provider says so: OpenID Connect Back-Channel Logout 1.0."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import HOUR, now_ms, now_s
from linkxg.crypto.secrets import digest
from linkxg.errors import InvalidRequest
from linkxg.identity.federation.logout_token import LogoutToken, check_logout_token
from linkxg.identity.federation.model import IdentityProvider
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.store import find_provider
from linkxg.identity.single_sign_on import store
from linkxg.identity.single_sign_on.begin_sign_in import SingleSignOnServices
from linkxg.identity.single_sign_on.end_federated_sessions import ENDED_BY_PROVIDER, end_all

KEPT_MS = HOUR
"""How long the ids of used tokens are kept; a token is accepted for less."""


async def log_out(services: SingleSignOnServices, actor: Actor, account_id: str, logout_token: str) -> int:
    """End the sessions that the token names; returns how many. Raises InvalidRequest for any token but a valid new one.

    The answer is the same for an account without a provider and an invalid token.
    """
    provider = await services.database.read_single(find_provider, account_id)
    if provider is None:
        raise InvalidRequest(_REFUSED, reason="no identity provider")
    try:
        token = await _verify(services, provider, logout_token)
    except ProviderFault as fault:
        raise InvalidRequest(_REFUSED, reason=fault.message) from None
    by = actor._replace(kind="provider", id=provider.account_id, account_id=provider.account_id)
    ended = await services.database.write(_end, by, provider, token)
    if ended is None:
        raise InvalidRequest(_REFUSED, reason="used before")
    return ended


_REFUSED = "The logout token is not accepted."


async def _verify(services: SingleSignOnServices, provider: IdentityProvider, logout_token: str) -> LogoutToken:
    metadata = await services.providers.metadata(provider.account_id, provider.issuer)
    signed = await services.providers.verify(provider.account_id, metadata, logout_token)
    return check_logout_token(signed, issuer=provider.issuer, client_id=provider.client_id, now=now_s())


def _end(conn: Connection, actor: Actor, provider: IdentityProvider, token: LogoutToken) -> int | None:
    """None if the token was used before."""
    now, account_id = now_ms(), provider.account_id
    if not store.add_logout_token(conn, account_id, digest(f"{provider.issuer}\n{token.id}"), now + KEPT_MS):
        return None
    ended = store.end_federated_sessions(
        conn, account_id, provider.issuer, now, subject=token.subject, sid=token.session_id
    )
    return end_all(conn, actor, account_id, ended, ENDED_BY_PROVIDER)
