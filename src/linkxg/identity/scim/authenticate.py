"""Authenticates an identity provider by its bearer token.

A query for each request, by a unique digest: a token that was revoked is refused from the next request on, by every
worker. An unknown token costs the same work.
"""

from typing import NamedTuple

from linkxg.clock import MINUTE, now_ms
from linkxg.crypto.secrets import digest
from linkxg.db import Database
from linkxg.errors import InvalidToken
from linkxg.identity.scim import token_store

USE_EVERY_MS = MINUTE
"""How exactly the last use of a token is recorded."""


class ScimCaller(NamedTuple):
    """The account, and the id and name of the token."""

    account_id: str
    token_id: str
    name: str


async def authenticate(database: Database, token: str) -> ScimCaller:
    """Raises InvalidToken, whatever is wrong with the token."""
    now = now_ms()
    found = await database.read_single(token_store.find_live_token, digest(token), now)
    if found is None:
        raise InvalidToken(reason="unknown SCIM token")
    account_id, token_id, name, used_at = found
    if used_at is None or used_at < now - USE_EVERY_MS:
        await database.execute_single(token_store.update_last_use, account_id, token_id, now)
    return ScimCaller(account_id, token_id, name)
