"""Authentication of any httpx client: the token of some credentials, and one retry when it is rejected."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx

from linkxg_client.access_token import AccessToken
from linkxg_client.clock import Clock
from linkxg_client.connection import is_same_origin
from linkxg_client.credentials import Credentials
from linkxg_client.dpop import authorize, is_nonce_demanded
from linkxg_client.errors import UnexpectedOrigin
from linkxg_client.retry import is_replayable

UNAUTHORIZED = 401


class LinkXGAuth(httpx.Auth):
    """For `httpx.Client(auth=…)` and `httpx.AsyncClient(auth=…)`.

    Tokens are sent to the origin of the credentials only: that of LinkXG, or of the service that they are for.
    """

    def __init__(self, credentials: Credentials, scope: str | None = None) -> None:
        self._connection = credentials.connection
        self._origin = credentials.origin
        self._tokens = credentials.tokens(scope)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._check(request)
        token = self._tokens.current() or self._connection.run(self._tokens.get())
        self._authorize(request, token)
        response = yield request
        if token.dpop is not None and self._is_nonce_demanded(request, response, token):
            self._authorize(request, token)
            response = yield request
        if self._is_to_repeat(request, response):
            another = self._connection.run(self._tokens.replace(token))
            if another is not None:
                self._authorize(request, another)
                self._note((yield request))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        self._check(request)
        token = self._tokens.current()
        if token is None:
            token = await self._connection.arun(self._tokens.get())
        self._authorize(request, token)
        response = yield request
        if token.dpop is not None and self._is_nonce_demanded(request, response, token):
            self._authorize(request, token)
            response = yield request
        if self._is_to_repeat(request, response):
            another = await self._connection.arun(self._tokens.replace(token))
            if another is not None:
                self._authorize(request, another)
                self._note((yield request))

    def _authorize(self, request: httpx.Request, token: AccessToken) -> None:
        # A plain token costs no more than this line.
        request.headers["Authorization"] = token.header
        if token.dpop is not None:
            authorize(request.headers, token, request.method, request.url, self._connection.clock)

    def _is_nonce_demanded(self, request: httpx.Request, response: httpx.Response, token: AccessToken) -> bool:
        demanded = is_nonce_demanded(token, request.url, response.status_code, response.headers)
        return demanded and is_replayable(request)

    def _check(self, request: httpx.Request) -> None:
        check_origin(request.url, self._origin)

    def _is_to_repeat(self, request: httpx.Request, response: httpx.Response) -> bool:
        if response.status_code != UNAUTHORIZED:
            self._tokens.accepted()
            return False
        return is_token_rejected(response) and is_replayable(request)

    def _note(self, response: httpx.Response) -> None:
        if response.status_code != UNAUTHORIZED:
            self._tokens.accepted()


class TokenAuth(httpx.Auth):
    """One certain token, in a request that does not replace it."""

    def __init__(self, token: AccessToken, clock: Clock) -> None:
        self._token = token
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        authorize(request.headers, self._token, request.method, request.url, self._clock)
        response = yield request
        if is_nonce_demanded(self._token, request.url, response.status_code, response.headers):
            authorize(request.headers, self._token, request.method, request.url, self._clock)
            yield request


def check_origin(url: httpx.URL, own: httpx.URL) -> None:
    """Raises UnexpectedOrigin."""
    if not is_same_origin(url, own):
        raise UnexpectedOrigin(f"{_shown(url)} is not {_shown(own)}: no token is sent there.")


def _shown(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def is_token_rejected(response: httpx.Response) -> bool:
    """Whether another token may help: not if the person has to authenticate again, or a password was wrong."""
    return is_rejection(response.headers.get("www-authenticate", ""))


def is_rejection(challenge: str) -> bool:
    """Whether a challenge of the API is about the token."""
    return challenge.lower().startswith(("bearer", "dpop")) and (
        "error=" not in challenge or 'error="invalid_token"' in challenge
    )
