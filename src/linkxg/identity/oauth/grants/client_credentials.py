"""The client credentials grant (RFC 6749 §4.4): no refresh token, and nothing is stored.

The token has the requested scopes, all of which the client must have, or without `scope` all scopes of the client.
"""

from typing import NamedTuple

from linkxg.errors import InvalidScope
from linkxg.identity.clients.client_verifier import VerifiedClient
from linkxg.identity.tokens.mint import Minted, Minter
from linkxg.identity.tokens.model import Confirmation
from linkxg.identity.tokens.scopes import format_scope, parse_scope
from linkxg.rejection_causes import Cause

NAME = "client_credentials"
MAX_SCOPE = 2_048


class Granted(NamedTuple):
    minted: Minted
    scope: str


def grant(
    minter: Minter,
    verified: VerifiedClient,
    requested: str | None,
    audience: str | None = None,
    confirmation: Confirmation | None = None,
    certificate_id: str | None = None,
) -> Granted:
    """A token for `audience`, or for this API; with `confirmation` bound to its sender.

    Raises InvalidScope unless all requested scopes can be granted.
    """
    client = verified.client
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
    scope = format_scope(scopes)
    cidrs = list(client.cidrs)
    minted = minter.for_client(
        client.id, client.account_id, scope, client.epoch, verified.credential_id, cidrs, audience,
        confirmation, certificate_id,
    )  # fmt: skip
    return Granted(minted, scope)
