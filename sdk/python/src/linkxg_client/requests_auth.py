"""Authentication for requests: `requests.get(url, auth=RequestsAuth(credentials))`. Needs `linkxg-client[requests]`."""

from __future__ import annotations

from typing import Any

import httpx
import requests
from requests.auth import AuthBase

from linkxg_client.access_token import AccessToken
from linkxg_client.auth import UNAUTHORIZED, check_origin, is_rejection
from linkxg_client.credentials import Credentials
from linkxg_client.dpop import authorize, is_nonce_demanded


class RequestsAuth(AuthBase):
    """The token of some credentials, and one retry when it is rejected, if the body can be sent again."""

    def __init__(self, credentials: Credentials, scope: str | None = None) -> None:
        self._connection = credentials.connection
        self._origin = credentials.origin
        self._tokens = credentials.tokens(scope)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        check_origin(httpx.URL(str(request.url)), self._origin)
        token = self._tokens.current() or self._connection.run(self._tokens.get())
        self._authorize(request, token)

        def retry(response: requests.Response, **options: Any) -> requests.Response:
            return self._retry(token, response, **options)

        request.register_hook("response", retry)
        return request

    def _authorize(self, request: requests.PreparedRequest, token: AccessToken) -> None:
        url = httpx.URL(str(request.url))
        authorize(request.headers, token, str(request.method), url, self._connection.clock)

    def _retry(self, token: AccessToken, response: requests.Response, **options: Any) -> requests.Response:
        url = httpx.URL(str(response.request.url))
        if is_nonce_demanded(token, url, response.status_code, response.headers) and _is_replayable(response):
            response = self._repeat(response, token, **options)
        if response.status_code != UNAUTHORIZED:
            self._tokens.accepted()
            return response
        if not is_rejection(response.headers.get("WWW-Authenticate", "")) or not _is_replayable(response):
            return response
        another = self._connection.run(self._tokens.replace(token))
        return response if another is None else self._repeat(response, another, **options)

    def _repeat(self, response: requests.Response, token: AccessToken, **options: Any) -> requests.Response:
        repeated = response.request.copy()
        _ = response.content
        response.close()
        self._authorize(repeated, token)
        answer: requests.Response = response.connection.send(repeated, **options)
        answer.history += [*response.history, response]
        answer.request = repeated
        return answer


def _is_replayable(response: requests.Response) -> bool:
    """Whether the same can be sent again: it was not redirected, and its body is still there."""
    request = response.request
    return isinstance(request.body, (bytes, str, type(None))) and request.url == response.url
