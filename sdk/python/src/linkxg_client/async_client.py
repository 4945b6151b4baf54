"""The client of the API, for asyncio."""

from __future__ import annotations

import ssl
from typing import Any, Self, TypeVar

from linkxg_client.auth import LinkXGAuth
from linkxg_client.call import Call, Procedure, json_of, perform
from linkxg_client.client import credentials_from_environment
from linkxg_client.client_assertions import PrivateKeyJwt
from linkxg_client.client_credentials import ClientCredentials
from linkxg_client.connection import DEFAULT_URL, Connection
from linkxg_client.credentials import Credentials, connection_of
from linkxg_client.resources.connections import AsyncConnections
from linkxg_client.resources.imports import AsyncImports
from linkxg_client.resources.passports import AsyncPassports
from linkxg_client.resources.products import AsyncProducts
from linkxg_client.resources.recalls import AsyncRecalls
from linkxg_client.resources.sharing import AsyncSharedProducts, AsyncShareRequests, AsyncShares
from linkxg_client.resources.traceability import AsyncTraceability
from linkxg_client.retry import RetryPolicy
from linkxg_client.secret_sources import SecretLike
from linkxg_client.steps import Flow, arun

T = TypeVar("T")


class AsyncLinkXG:
    """Sends requests with a token of the credentials. Share one among the tasks of an event loop.

    Without `scope` each request asks for a token with just the scopes that it takes; with it, all requests use one
    token with these.
    """

    def __init__(self, credentials: Credentials, *, scope: str | None = None, retry: RetryPolicy | None = None) -> None:
        self.credentials = credentials
        self._connection = connection_of(credentials)
        self._scope = scope
        self._retry = retry or RetryPolicy()
        self._auths: dict[str, LinkXGAuth] = {}
        self._http = self._connection.async_client()
        self.products = AsyncProducts(self)
        self.imports = AsyncImports(self)
        self.connections = AsyncConnections(self)
        self.shares = AsyncShares(self)
        self.share_requests = AsyncShareRequests(self)
        self.shared_products = AsyncSharedProducts(self)
        self.traceability = AsyncTraceability(self)
        self.recalls = AsyncRecalls(self)
        self.passports = AsyncPassports(self)

    @classmethod
    def connect(
        cls,
        client_id: str,
        client_secret: SecretLike | PrivateKeyJwt,
        *,
        url: str = DEFAULT_URL,
        scope: str | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> Self:
        """A client with client credentials."""
        connection = Connection(url, verify=verify)
        return cls(ClientCredentials(client_id, client_secret, connection=connection), scope=scope)

    @classmethod
    def from_environment(cls, *, scope: str | None = None) -> Self:
        """By the environment: see `credentials_from_environment`."""
        return cls(credentials_from_environment(), scope=scope)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.credentials!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. The credentials can still be used."""
        await self._http.aclose()

    async def perform(self, call: Call[T]) -> T:
        """Send a request that a function of `linkxg_client.calls` describes."""
        return await arun(self._flow(call), self._http.send, self._connection.clock)

    async def perform_all(self, procedure: Procedure[T]) -> T:
        """Send the requests that a procedure of `linkxg_client.calls` describes."""
        return await arun(procedure(self._flow), self._http.send, self._connection.clock)

    def _flow(self, call: Call[T]) -> Flow[T]:
        return perform(call, self._connection, self.auth(call.scope), self._retry)

    async def request(
        self, method: str, path: str, *, scope: str, params: dict[str, str] | None = None, json: Any = None
    ) -> Any:
        """The JSON of any endpoint below `/api/v1`, with the same retries and errors."""
        return await self.perform(Call(method, path, scope, json_of, params or {}, json=json))

    def auth(self, scope: str) -> LinkXGAuth:
        """Authentication for any httpx client."""
        wanted = self._scope or scope
        found = self._auths.get(wanted)
        if found is None:
            found = self._auths[wanted] = LinkXGAuth(self.credentials, wanted)
        return found
