"""The token endpoint (RFC 6749 §3.2).

The order of the checks: media type, size, syntax, client authentication, grant, sender, scope. So a caller without
valid credentials learns nothing about the grants and scopes of a client. What may be used once comes last, the
assertion before the proof: a request that was refused for something else is repeated with the same assertion.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from linkxg.errors import (
    InvalidClient,
    InvalidDpopProof,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    PublicError,
    RateLimitExceeded,
    UnauthorizedClient,
    UnsupportedGrantType,
    UseDpopNonce,
)
from linkxg.http.body_style import BodyStyle
from linkxg.http.metrics import Metrics
from linkxg.http.rate_limits import Budget, Limits
from linkxg.http.request_context import JSON_TYPE, NO_STORE, RawResponse, RequestContext
from linkxg.http.route_declaration import EdgeRoute, Form
from linkxg.identity.clients.resource_identifier import MAX_RESOURCE
from linkxg.identity.clients.resource_servers import ResourceServers
from linkxg.identity.clients.usage import UsageRecorder
from linkxg.identity.oauth.bind_sender import bind_sender
from linkxg.identity.oauth.client_credentials_reader import (
    CREDENTIALS,
    CREDENTIALS_EXAMPLE,
    ERRORS,
    PERMISSION,
    SECURITY,
    TAG,
    ClientCredentialsReader,
)
from linkxg.identity.oauth.grants import client_credentials
from linkxg.identity.sender_constraint.check_sender import SenderConstraint
from linkxg.identity.tokens.mint import Minter
from linkxg.identity.tokens.model import LIFETIME_S
from linkxg.identity.tokens.scopes import SCOPES
from linkxg.rejection_causes import Cause

PATH = "/api/v1/oauth/token"
CLIENT_TOKENS = Budget("oauth-tokens-client", 600, 60)
# Metric label of unsupported grant types: callers must not be able to create time series.
_OTHER_GRANT = "other"
_HEADERS = (JSON_TYPE, *NO_STORE)


class TokenResponse(msgspec.Struct):
    """RFC 6749 §5.1; `expires_in` is in seconds. `token_type` is DPoP for a token bound to a key (RFC 9449 §5)."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "access_token": "eyJhbGciOiJIUzI1NiIs...",
        "token_type": "Bearer",
        "expires_in": 900,
    }

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenEndpoint:
    declares = EdgeRoute(
        operation_id="requestToken",
        tag=TAG,
        style=BodyStyle.OAUTH,
        permission=PERMISSION,
        security=SECURITY,
        body=Form(
            {
                "grant_type": {"type": "string", "enum": [client_credentials.NAME]},
                "scope": {
                    "type": "string",
                    "maxLength": client_credentials.MAX_SCOPE,
                    "description": f"Separated by spaces, of: {', '.join(SCOPES)}.",
                },
                "resource": {
                    "type": "string",
                    "maxLength": MAX_RESOURCE,
                    "description": "The resource server that the token is for (RFC 8707); without it, this API.",
                },
                **CREDENTIALS,
            },
            ("grant_type",),
            CREDENTIALS_EXAMPLE | {"resource": UNSET},
        ),
        answer=TokenResponse,
        errors=(
            *ERRORS,
            UnsupportedGrantType,
            UnauthorizedClient,
            InvalidScope,
            InvalidTarget,
            InvalidDpopProof,
            UseDpopNonce,
        ),
        takes_proof=True,
    )

    def __init__(
        self,
        credentials: ClientCredentialsReader,
        minter: Minter,
        resource_servers: ResourceServers,
        limits: Limits,
        usage: UsageRecorder,
        metrics: Metrics,
        senders: SenderConstraint,
    ) -> None:
        self._senders = senders
        self._credentials = credentials
        self._minter = minter
        self._resource_servers = resource_servers
        self._limits = limits
        self._usage = usage
        self._metrics = metrics
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, context: RequestContext) -> RawResponse:
        """Request an access token. The client credentials grant (RFC 6749 §4.4).

        Without `scope` the token has every scope that the client was granted; a scope that it was not granted rejects
        the whole request. With a `DPoP` header the token is bound to the key of the proof (RFC 9449).
        """
        label = _OTHER_GRANT
        try:
            form, authorization = await self._credentials.read(context)
            if form.get("grant_type") == client_credentials.NAME:
                label = client_credentials.NAME
            answer = await self._grant(context, form, authorization)
        except PublicError as error:
            self._metrics.token(label, error.code)
            error.headers.setdefault("Cache-Control", "no-store")
            error.headers.setdefault("Pragma", "no-cache")
            raise
        self._metrics.token(client_credentials.NAME, "issued")
        return RawResponse(200, self._encode(answer), _HEADERS)

    async def _grant(self, context: RequestContext, form: dict[str, str], authorization: bytes | None) -> TokenResponse:
        grant_type = form.get("grant_type")
        if grant_type is None:
            raise InvalidRequest("The parameter grant_type is missing.")
        verified = await self._credentials.verify(context, form, authorization)
        if grant_type != client_credentials.NAME:
            raise UnsupportedGrantType
        if verified.client.resource is not None:
            raise UnauthorizedClient
        try:
            await self._limits.spend(CLIENT_TOKENS, verified.client.id)
            audience = await self._resource_servers.audience(verified.client.account_id, form.get("resource"))
            binding = bind_sender(self._senders, context, verified)
            confirmation = binding.confirmation
            scope = client_credentials.granted_scope(verified.client, form.get("scope"))
            if verified.unused is not None:
                verified = await self._credentials.use_up(context, verified)
            if binding.proof is not None:
                await self._senders.proofs.use(verified.client.account_id, binding.proof, at_resource=False)
        except (InvalidScope, RateLimitExceeded, InvalidDpopProof, InvalidClient) as error:
            client = verified.client
            error.cause = error.cause or Cause.TOO_MANY_REQUESTS
            self._usage.record_rejection(client.account_id, client.id, context, error)
            raise
        minted = client_credentials.issue(self._minter, verified, scope, audience, confirmation, binding.certificate_id)
        self._usage.record_token(verified.client, verified.credential_id, context.source)
        notes = context.notes
        notes["jti"] = minted.jti
        notes["scope"] = scope
        notes["secret_id"] = verified.credential_id
        kind = "Bearer" if confirmation is None or confirmation.jkt is None else "DPoP"
        return TokenResponse(minted.access_token, kind, LIFETIME_S, scope)
