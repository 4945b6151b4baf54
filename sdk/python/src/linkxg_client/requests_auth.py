"""Authentication for requests: `requests.get(url, auth=RequestsAuth(credentials))`. Needs `linkxg-client[requests]`."""

from __future__ import annotations

from typing import Any

import httpx
import requests
from requests.auth import AuthBase

from linkxg_client.access_token import AccessToken
from linkxg_client.auth import UNAUTHORIZED
from linkxg_client.credentials import Credentials
from linkxg_client.errors import UnexpectedOrigin


class RequestsAuth(AuthBase):
    """The token of some credentials, and one retry when it is rejected, if the body can be sent again."""

    def __init__(self, credentials: Credentials, scope: str | None = None) -> None:
        self._connection = credentials.connection
        self._tokens = credentials.tokens(scope)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not self._connection.is_own(httpx.URL(str(request.url))):
            raise UnexpectedOrigin(f"No token is sent there: the service is {self._connection.url.host}.")
        token = self._tokens.current() or self._connection.run(self._tokens.get())
        request.headers["Authorization"] = token.header

        def retry(response: requests.Response, **options: Any) -> requests.Response:
            return self._retry(token, response, **options)

        request.register_hook("response", retry)
        return request

    def _retry(self, token: AccessToken, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != UNAUTHORIZED:
            self._tokens.accepted()
            return response
        repeated = response.request.copy()
        rejected = response.headers.get("WWW-Authenticate", "").lower().startswith("bearer")
        if not rejected or not isinstance(repeated.body, (bytes, str, type(None))) or repeated.url != response.url:
            return response
        another = self._connection.run(self._tokens.replace(token))
        if another is None:
            return response
        _ = response.content
        response.close()
        repeated.headers["Authorization"] = another.header
        answer: requests.Response = response.connection.send(repeated, **options)
        answer.history.append(response)
        answer.request = repeated
        return answer
