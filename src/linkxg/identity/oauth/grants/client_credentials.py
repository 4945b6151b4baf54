"""The client credentials grant (RFC 6749 §4.4): no refresh token, and nothing is stored.

The token has the requested scopes, all of which the client must have, or without `scope` all scopes of the client.
"""

from linkxg.errors import InvalidScope
from linkxg.identity.clients.client_verifier import VerifiedClient
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.tokens.mint import Minted, Minter
from linkxg.identity.tokens.model import Confirmation
from linkxg.identity.tokens.scopes import format_scope, parse_scope
from linkxg.rejection_causes import Cause

NAME = "client_credentials"
MAX_SCOPE = 2_048


def granted_scope(client: CachedClient, requested: str | None) -> str:
    """Raises InvalidScope unless all requested scopes can be granted."""
    if requested is not None and len(requested) > MAX_SCOPE:
        raise InvalidScope(reason="scope too long", cause=Cause.SCOPE_NOT_GRANTED)
    try:
        scopes = client.scopes if requested is None else parse_scope(requested)
    except InvalidScope as error:
        error.cause = Cause.SCOPE_NOT_GRANTED
        raise
    if not scopes or not scopes <= client.scopes:
        missing = format_scope(scopes - client.scopes).partition(" ")[0]
        reason = "scope not granted to this client"
        raise InvalidScope(reason=reason, cause=Cause.SCOPE_NOT_GRANTED, concerns=missing)
    return format_scope(scopes)


def issue(
    minter: Minter,
    verified: VerifiedClient,
    scope: str,
    audience: str | None = None,
    confirmation: Confirmation | None = None,
    certificate_id: str | None = None,
) -> Minted:
    """A token for `audience`, or for this API; with `confirmation` bound to its sender."""
    if verified.unused is not None:
        raise ValueError("the assertion of the client is not used up")
    client, cidrs = verified.client, list(verified.client.cidrs)
    return minter.for_client(
        client.id, client.account_id, scope, client.epoch, verified.credential_id, cidrs, audience,
        confirmation, certificate_id,
    )  # fmt: skip
