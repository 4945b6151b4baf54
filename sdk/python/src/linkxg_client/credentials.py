"""What a client authenticates with: something that has access tokens for a service."""

from __future__ import annotations

from typing import Protocol

import httpx

from linkxg_client.connection import Connection
from linkxg_client.token_cache import TokenCache


class Credentials(Protocol):
    """Client credentials, or the session of a person."""

    @property
    def connection(self) -> Connection: ...

    @property
    def origin(self) -> httpx.URL:
        """An address of the only origin that its tokens are sent to."""
        ...

    def tokens(self, scope: str | None = None) -> TokenCache:
        """The token with these scopes; None for all that there are."""
        ...


def connection_of(credentials: Credentials) -> Connection:
    """The connection of credentials with tokens for the API. Raises ValueError for those of another service."""
    if not credentials.connection.is_own(credentials.origin):
        raise ValueError(f"These credentials have tokens for {credentials.origin}, which are sent there by auth().")
    return credentials.connection
