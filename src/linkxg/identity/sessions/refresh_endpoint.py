"""`POST /auth/refresh`, answered at the edge, without the router, because interactive clients call it often."""

from typing import Any, ClassVar

import msgspec

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import read_key
from linkxg.errors import InvalidRequest, InvalidToken, PublicError, RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.body_style import BodyStyle
from linkxg.http.client_ip import source_key
from linkxg.http.json_body import read_json, refuse_coding, require_json
from linkxg.http.metrics import Metrics
from linkxg.http.pagination import Success
from linkxg.http.rate_limits import Budget, Limits
from linkxg.http.request_context import JSON_TYPE, NO_STORE, STRANGER_LIMIT, RawResponse, RequestContext
from linkxg.http.route_declaration import EdgeRoute
from linkxg.identity.sessions.model import SignedIn
from linkxg.identity.sessions.refresh import refresh
from linkxg.identity.sessions.token_response import PEOPLE_TAG, token_response
from linkxg.identity.tokens.mint import Minter

PATH = "/api/v1/auth/refresh"
SOURCE_REFRESHES = Budget("refresh-source", 1_200, 60)
_HEADERS = (JSON_TYPE, *NO_STORE)
_REPLAYED = (*_HEADERS, (b"idempotent-replayed", b"true"))


class RefreshRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"refreshToken": "lxgref_01a20900..."}

    refresh_token: str


class RefreshEndpoint:
    declares = EdgeRoute(
        operation_id="refresh",
        tag=PEOPLE_TAG,
        style=BodyStyle.SIGN_IN,
        permission="Needs no token but the refresh token in the body.",
        security=[],
        body=RefreshRequest,
        answer=Success[SignedIn],
        errors=(InvalidRequest, InvalidToken, RateLimitExceeded, TemporarilyUnavailable),
        takes_idempotency_key=True,
    )

    def __init__(self, database: Database, server_key: bytes, minter: Minter, limits: Limits, metrics: Metrics) -> None:
        self._database = database
        self._server_key = server_key
        self._minter = minter
        self._limits = limits
        self._metrics = metrics
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, context: RequestContext) -> RawResponse:
        """Exchange a refresh token. The refresh token becomes invalid, and the answer contains its successor.

        Using one twice ends the session, unless the retry has the same `Idempotency-Key` within a minute: then it gets
        the same answer.
        """
        try:
            answer, replayed = await self._refresh(context)
        except PublicError as error:
            self._metrics.token("refresh_token", error.code)
            raise
        self._metrics.token("refresh_token", "issued")
        return RawResponse(200, self._encode(Success(data=answer)), _REPLAYED if replayed else _HEADERS)

    async def _refresh(self, context: RequestContext) -> tuple[SignedIn, bool]:
        """The answer, and whether it is a replay."""
        await self._limits.spend(SOURCE_REFRESHES, source_key(context.source))
        require_json(context.header(b"content-type"), oauth_style=True)
        refuse_coding(context.header(b"content-encoding"), oauth_style=True)
        request = read_json(await context.body(STRANGER_LIMIT), RefreshRequest, oauth_style=True)
        tokens = await refresh(
            self._database,
            self._server_key,
            actor_of(context),
            request.refresh_token,
            read_key(context.header(b"idempotency-key")),
        )
        answer, jti = token_response(self._minter, tokens)
        context.notes |= {"sub": answer.user.id, "sid": tokens.session.session_id, "jti": jti}
        return answer, tokens.replayed
