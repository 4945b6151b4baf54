"""The credentials of an OAuth client: its id and secret, and the tokens that it has by them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import httpx

from linkxg_client.access_token import AccessToken
from linkxg_client.auth import LinkXGAuth
from linkxg_client.client_assertions import PrivateKeyJwt
from linkxg_client.connection import Connection, secure_url
from linkxg_client.dpop import NONCE_DEMANDED, DpopKey
from linkxg_client.errors import ApiError, InvalidClient
from linkxg_client.forks import renew_after_fork
from linkxg_client.retry import NO_RETRY, RetryPolicy
from linkxg_client.rotate_secret import POLL_S, Rotation, rotate
from linkxg_client.secret import Secret
from linkxg_client.secret_file import SecretFile
from linkxg_client.secret_sources import SecretLike, SecretSource, as_source
from linkxg_client.steps import Flow, Sleep, block
from linkxg_client.token_cache import TokenCache
from linkxg_client.token_request import introspect, request_token

DEFAULT_OVERLAP = timedelta(hours=1)


class ClientCredentials:
    """Fetches tokens, one for each set of scopes. Make one of these and share it among threads and tasks.

    `secret` is a value, a source (`SecretFile`, `EnvironmentSecret`, `KeyringSecret`) or a function; or what stands in
    its place: `PrivateKeyJwt`, `ClientAssertions` or `MutualTLS`. With `dpop`, tokens
    are bound to this key, and each request has a proof of it. With `resource`, they are for that service instead of
    LinkXG's API (RFC 8707), and are sent to its origin only.
    """

    def __init__(
        self,
        client_id: str,
        secret: SecretLike | PrivateKeyJwt,
        *,
        connection: Connection | None = None,
        retry: RetryPolicy | None = None,
        dpop: DpopKey | None = None,
        resource: str | None = None,
    ) -> None:
        self.client_id = client_id
        self.resource = resource
        self._connection = connection or Connection()
        if isinstance(secret, PrivateKeyJwt):
            secret = secret.bind(client_id, str(self._connection.url), self._connection.clock)
        self._source: SecretSource = as_source(secret)
        self._retry = retry or RetryPolicy()
        self._dpop = dpop
        self._origin = self._connection.url if resource is None else secure_url(resource)
        self._caches: dict[tuple[str | None, str | None], TokenCache] = {}
        self._lock = threading.Lock()
        renew_after_fork(self)

    def __repr__(self) -> str:
        return f"ClientCredentials({self.client_id!r}, {self._connection!r})"

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def origin(self) -> httpx.URL:
        return self._origin

    def for_resource(self, resource: str) -> ClientCredentials:
        """The same client, with tokens for a service behind `linkxg-guard`, by the identifier that it is registered
        with.
        """
        return ClientCredentials(
            self.client_id, self._source, connection=self._connection, retry=self._retry, dpop=self._dpop,
            resource=resource,
        )  # fmt: skip

    def auth(self, scope: str | None = None) -> LinkXGAuth:
        """Authentication for any httpx client."""
        return LinkXGAuth(self, scope)

    def tokens(self, scope: str | None = None) -> TokenCache:
        """The token with these scopes; None for all that the client was granted."""
        return self._tokens(scope, self.resource)

    def _tokens(self, scope: str | None, resource: str | None) -> TokenCache:
        wanted = " ".join(sorted(set(scope.split()))) if scope else None
        with self._lock:
            cache = self._caches.get((wanted, resource))
            if cache is None:
                fetch = partial(self._fetch, wanted, resource)
                cache = self._caches[wanted, resource] = TokenCache(fetch, self._connection.clock)
            return cache

    def token(self, scope: str | None = None) -> AccessToken:
        return self._connection.run(self.tokens(scope).get())

    async def atoken(self, scope: str | None = None) -> AccessToken:
        return await self._connection.arun(self.tokens(scope).get())

    def introspect(self, token: AccessToken) -> Flow[dict[str, object]]:
        """What the service knows about a token of this account."""
        secret = yield from block(self._source.read)
        return (yield from introspect(self._connection, self.client_id, secret, token))

    def rotate_secret(
        self, *, overlap: timedelta = DEFAULT_OVERLAP, revoke_tokens: bool = False, scope: str | None = None
    ) -> Rotation:
        """Replace the secret and store the new one in its source; the old one works for `overlap` longer."""
        return self._connection.run(self.rotation(overlap, revoke_tokens=revoke_tokens, scope=scope))

    async def arotate_secret(
        self, *, overlap: timedelta = DEFAULT_OVERLAP, revoke_tokens: bool = False, scope: str | None = None
    ) -> Rotation:
        return await self._connection.arun(self.rotation(overlap, revoke_tokens=revoke_tokens, scope=scope))

    def rotation(
        self,
        overlap: timedelta,
        *,
        revoke_tokens: bool = False,
        scope: str | None = None,
        is_due: Callable[[], bool] | None = None,
    ) -> Flow[Rotation]:
        """The flow of a rotation; with `is_due`, one that ends without an effect if another process was faster."""
        # By a token for the API, whatever the others are for.
        token = yield from self._tokens(scope, None).get()
        refetch = partial(self._request, scope, None, policy=self._retry)
        rotation = yield from rotate(
            self._connection, self.client_id, self._source, token, refetch, overlap, revoke_tokens, self._retry, is_due
        )
        if rotation.revoked_tokens:
            with self._lock:
                caches = list(self._caches.values())
            for cache in caches:
                cache.forget()
        return rotation

    @property
    def source(self) -> SecretSource:
        return self._source

    def _fetch(self, scope: str | None, resource: str | None, patient: bool) -> Flow[AccessToken]:
        policy = self._retry if patient else NO_RETRY
        secret = yield from block(self._source.read)
        rejected: InvalidClient | None = None
        try:
            return (yield from self._request(scope, resource, secret, policy=policy))
        except InvalidClient as error:
            rejected = error
        # The secret may just have been replaced: by another process, or where the function gets it from.
        source = self._source
        while isinstance(source, SecretFile) and source.is_rotating():
            yield Sleep(POLL_S)
        again = yield from block(source.read)
        if again == secret:
            raise rejected
        return (yield from self._request(scope, resource, again, policy=policy))

    def _request(
        self, scope: str | None, resource: str | None, secret: Secret, *, policy: RetryPolicy
    ) -> Flow[AccessToken]:
        send = partial(
            request_token, self._connection, self.client_id, secret, scope, policy, self._dpop, resource=resource
        )
        try:
            return (yield from send())
        except ApiError as error:
            if self._dpop is None or error.error != NONCE_DEMANDED:
                raise
        # The nonce is known now (RFC 9449 §8). The challenge has left an assertion unused: it serves again, and the
        # file of a projected token has no other one.
        return (yield from send())
