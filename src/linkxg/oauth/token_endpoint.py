"""The token endpoint (RFC 6749 §3.2).

RFC 6749 §3.2, in the order of security bar 32: media type, size, syntax, client authentication, grant, scope.
So a bad scope never tells whether a secret was right.
"""

import msgspec

from linkxg.clients.usage import Usage
from linkxg.errors import (
    Cause,
    InvalidRequest,
    InvalidScope,
    PublicError,
    RateLimitExceeded,
    UnsupportedGrantType,
)
from linkxg.oauth.client_authentication import ClientAuthentication
from linkxg.oauth.grants import client_credentials
from linkxg.tokens.mint import Minter
from linkxg.tokens.model import LIFETIME_S
from linkxg.web.exchange import JSON_TYPE, NO_STORE, Exchange, Reply
from linkxg.web.limits import Budget, Limits
from linkxg.web.metrics import Metrics

PATH = "/api/v1/oauth/token"
CLIENT_TOKENS = Budget("oauth-tokens-client", 600, 60)
_HEADERS = (JSON_TYPE, *NO_STORE)


class TokenAnswer(msgspec.Struct):
    """RFC 6749 §5.1; `expires_in` is in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenEndpoint:
    def __init__(
        self,
        authentication: ClientAuthentication,
        minter: Minter,
        limits: Limits,
        usage: Usage,
        metrics: Metrics,
    ) -> None:
        self._authentication = authentication
        self._minter = minter
        self._limits = limits
        self._usage = usage
        self._metrics = metrics
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, exchange: Exchange) -> Reply:
        try:
            answer = await self._grant(exchange)
        except PublicError as error:
            self._metrics.token(client_credentials.NAME, error.code)
            error.headers.setdefault("Cache-Control", "no-store")
            error.headers.setdefault("Pragma", "no-cache")
            raise
        self._metrics.token(client_credentials.NAME, "issued")
        return Reply(200, self._encode(answer), _HEADERS)

    async def _grant(self, exchange: Exchange) -> TokenAnswer:
        form, authorization = await self._authentication.read(exchange)
        grant_type = form.get("grant_type")
        if grant_type is None:
            raise InvalidRequest("The parameter grant_type is missing.")
        authenticated = await self._authentication.authenticate(exchange, form, authorization)
        if grant_type != client_credentials.NAME:
            raise UnsupportedGrantType
        try:
            await self._limits.spend(CLIENT_TOKENS, authenticated.client.id)
            granted = client_credentials.grant(self._minter, authenticated, form.get("scope"))
        except (InvalidScope, RateLimitExceeded) as error:
            client = authenticated.client
            error.cause = error.cause or Cause.TOO_MANY_REQUESTS
            self._usage.refused(client.account_id, client.id, exchange, error)
            raise
        self._usage.token(authenticated.client, authenticated.secret, exchange.source)
        notes = exchange.notes
        notes["jti"] = granted.minted.jti
        notes["scope"] = granted.scope
        notes["secret_id"] = authenticated.secret.id
        return TokenAnswer(granted.minted.access_token, "Bearer", LIFETIME_S, granted.scope)
