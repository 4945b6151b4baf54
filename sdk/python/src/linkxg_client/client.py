"""The client of the API, for threads."""

from __future__ import annotations

import os
import ssl
from typing import Any, Self, TypeVar

import httpx

from linkxg_client.auth import LinkXGAuth
from linkxg_client.call import Call, Procedure, json_of, perform
from linkxg_client.client_assertions import ClientAssertions, PrivateKeyJwt
from linkxg_client.client_credentials import ClientCredentials
from linkxg_client.connection import DEFAULT_URL, Connection
from linkxg_client.credentials import Credentials, connection_of
from linkxg_client.dpop import DpopKey
from linkxg_client.errors import SecretUnavailable
from linkxg_client.forks import renew_after_fork
from linkxg_client.resources.connections import Connections
from linkxg_client.resources.imports import Imports
from linkxg_client.resources.passports import Passports
from linkxg_client.resources.products import Products
from linkxg_client.resources.recalls import Recalls
from linkxg_client.resources.sharing import SharedProducts, ShareRequests, Shares
from linkxg_client.resources.traceability import Traceability
from linkxg_client.retry import RetryPolicy
from linkxg_client.secret_file import SecretFile
from linkxg_client.secret_sources import EnvironmentSecret, SecretLike, SecretSource
from linkxg_client.steps import Flow, run

T = TypeVar("T")


class LinkXG:
    """Sends requests with a token of the credentials. Share one among threads.

    Without `scope` each request asks for a token with just the scopes that it takes; with it, all requests use one
    token with these.
    """

    def __init__(self, credentials: Credentials, *, scope: str | None = None, retry: RetryPolicy | None = None) -> None:
        self.credentials = credentials
        self._connection = connection_of(credentials)
        self._scope = scope
        self._retry = retry or RetryPolicy()
        self._auths: dict[str, LinkXGAuth] = {}
        self._http = self._connection.client()
        self._inherited: list[httpx.Client] = []
        self.products = Products(self)
        self.imports = Imports(self)
        self.connections = Connections(self)
        self.shares = Shares(self)
        self.share_requests = ShareRequests(self)
        self.shared_products = SharedProducts(self)
        self.traceability = Traceability(self)
        self.recalls = Recalls(self)
        self.passports = Passports(self)
        renew_after_fork(self)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The credentials can still be used."""
        self._http.close()

    def after_fork(self) -> None:
        # The connections belong to the parent: they are neither used nor closed here.
        self._inherited.append(self._http)
        self._http = self._connection.client()

    def perform(self, call: Call[T]) -> T:
        """Send a request that a function of `linkxg_client.calls` describes."""
        return run(self._flow(call), self._http.send, self._connection.clock)

    def perform_all(self, procedure: Procedure[T]) -> T:
        """Send the requests that a procedure of `linkxg_client.calls` describes."""
        return run(procedure(self._flow), self._http.send, self._connection.clock)

    def _flow(self, call: Call[T]) -> Flow[T]:
        return perform(call, self._connection, self.auth(call.scope), self._retry)

    def request(
        self, method: str, path: str, *, scope: str, params: dict[str, str] | None = None, json: Any = None
    ) -> Any:
        """The JSON of any endpoint below `/api/v1`, with the same retries and errors."""
        return self.perform(Call(method, path, scope, json_of, params or {}, json=json))

    def auth(self, scope: str) -> LinkXGAuth:
        """Authentication for any httpx client."""
        wanted = self._scope or scope
        found = self._auths.get(wanted)
        if found is None:
            found = self._auths[wanted] = LinkXGAuth(self.credentials, wanted)
        return found


def credentials_from_environment(*, dpop: bool = False) -> ClientCredentials:
    """By LINKXG_URL and LINKXG_CLIENT_ID.

    The client authenticates by the first that is set of LINKXG_CLIENT_KEY_FILE, LINKXG_CLIENT_ASSERTION_FILE,
    LINKXG_CLIENT_SECRET_FILE and LINKXG_CLIENT_SECRET. With LINKXG_DPOP=1 or `dpop`, its tokens are bound to a
    key of this process.
    """
    client_id = os.environ.get("LINKXG_CLIENT_ID", "")
    if not client_id:
        raise SecretUnavailable("The environment variable LINKXG_CLIENT_ID is not set.")
    connection = Connection(os.environ.get("LINKXG_URL", DEFAULT_URL))
    key = DpopKey() if dpop or dpop_by_environment() else None
    return ClientCredentials(client_id, _source_from_environment(), connection=connection, dpop=key)


def dpop_by_environment() -> bool:
    return os.environ.get("LINKXG_DPOP", "0") not in {"", "0"}


def _source_from_environment() -> SecretSource | PrivateKeyJwt:
    if key := os.environ.get("LINKXG_CLIENT_KEY_FILE"):
        return PrivateKeyJwt(SecretFile(key))
    if assertion := os.environ.get("LINKXG_CLIENT_ASSERTION_FILE"):
        # Platforms write it for all who can see the directory; it works once, and for minutes.
        return ClientAssertions(SecretFile(assertion, readable_by_others=True))
    path = os.environ.get("LINKXG_CLIENT_SECRET_FILE")
    return SecretFile(path) if path else EnvironmentSecret()
