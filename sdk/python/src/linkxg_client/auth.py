"""Authentication of any httpx client: the token of some credentials, and one retry when it is rejected."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx

from linkxg_client.credentials import Credentials
from linkxg_client.errors import UnexpectedOrigin
from linkxg_client.retry import is_replayable

UNAUTHORIZED = 401


class LinkXGAuth(httpx.Auth):
    """For `httpx.Client(auth=…)` and `httpx.AsyncClient(auth=…)`. Tokens are sent to the credentials' service only."""

    def __init__(self, credentials: Credentials, scope: str | None = None) -> None:
        self._connection = credentials.connection
        self._tokens = credentials.tokens(scope)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._check(request)
        token = self._tokens.current() or self._connection.run(self._tokens.get())
        request.headers["Authorization"] = token.header
        response = yield request
        if self._is_to_repeat(request, response):
            another = self._connection.run(self._tokens.replace(token))
            if another is not None:
                request.headers["Authorization"] = another.header
                self._note((yield request))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        self._check(request)
        token = self._tokens.current()
        if token is None:
            token = await self._connection.arun(self._tokens.get())
        request.headers["Authorization"] = token.header
        response = yield request
        if self._is_to_repeat(request, response):
            another = await self._connection.arun(self._tokens.replace(token))
            if another is not None:
                request.headers["Authorization"] = another.header
                self._note((yield request))

    def _check(self, request: httpx.Request) -> None:
        if not self._connection.is_own(request.url):
            raise UnexpectedOrigin(f"{request.url.host} is not {self._connection.url.host}: no token is sent there.")

    def _is_to_repeat(self, request: httpx.Request, response: httpx.Response) -> bool:
        if response.status_code != UNAUTHORIZED:
            self._tokens.accepted()
            return False
        return is_token_rejected(response) and is_replayable(request)

    def _note(self, response: httpx.Response) -> None:
        if response.status_code != UNAUTHORIZED:
            self._tokens.accepted()


def is_token_rejected(response: httpx.Response) -> bool:
    """Whether another token may help: not if the person has to authenticate again, or a password was wrong."""
    challenge = response.headers.get("www-authenticate", "")
    return challenge.lower().startswith("bearer") and (
        "error=" not in challenge or 'error="invalid_token"' in challenge
    )
