"""What a client authenticates with: something that has access tokens for a service."""

from __future__ import annotations

from typing import Protocol

from linkxg_client.connection import Connection
from linkxg_client.token_cache import TokenCache


class Credentials(Protocol):
    """Client credentials, or the session of a person."""

    @property
    def connection(self) -> Connection: ...

    def tokens(self, scope: str | None = None) -> TokenCache:
        """The token with these scopes; None for all that there are."""
        ...
