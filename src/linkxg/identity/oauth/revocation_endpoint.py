"""The revocation endpoint (RFC 7009).

A client can revoke only its own tokens. For an invalid or unknown token, or another client's, the answer is 200 as well
(§2.2).
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import InvalidRequest, InvalidToken
from linkxg.http.body_style import BodyStyle
from linkxg.http.request_context import JSON_TYPE, NO_STORE, RawResponse, RequestContext
from linkxg.http.route_declaration import EdgeRoute
from linkxg.identity.clients.client_verifier import VerifiedClient
from linkxg.identity.oauth.client_credentials_reader import (
    ERRORS,
    PERMISSION,
    SECURITY,
    TAG,
    TOKEN_FORM,
    ClientCredentialsReader,
)
from linkxg.identity.tokens.revoke import revoke_token
from linkxg.identity.tokens.verify import Verifier

PATH = "/api/v1/oauth/revoke"


class RevocationEndpoint:
    declares = EdgeRoute(
        operation_id="revokeToken",
        tag=TAG,
        style=BodyStyle.OAUTH,
        permission=PERMISSION,
        security=SECURITY,
        body=TOKEN_FORM,
        answer={"type": "object", "maxProperties": 0},
        errors=ERRORS,
    )

    def __init__(self, credentials: ClientCredentialsReader, verifier: Verifier, database: Database) -> None:
        self._credentials = credentials
        self._verifier = verifier
        self._database = database

    async def __call__(self, context: RequestContext) -> RawResponse:
        """Revoke a token. RFC 7009. The token is revoked once this answers.

        For a token that is already invalid, unknown or not the client's own the answer is 200 as well.
        """
        form, authorization = await self._credentials.read(context)
        verified = await self._credentials.authenticate(context, form, authorization)
        token = form.get("token")
        if token is None:
            raise InvalidRequest("The parameter token is missing.")
        try:
            principal = self._verifier.verify_for_any(token.encode(), source=None)
        except InvalidToken:
            principal = None
        if principal is not None and principal.id == verified.client.id:
            await self._revoke(context, verified, principal.jti)
        return RawResponse(200, b"{}", (JSON_TYPE, *NO_STORE))

    async def _revoke(self, context: RequestContext, verified: VerifiedClient, jti: str) -> None:
        client = verified.client
        actor = Actor(
            "client", client.id, client.account_id, context.source, context.request_id, secret_id=verified.credential_id
        )

        def unit(conn: Connection) -> None:
            revoke_token(conn, client.account_id, client.id, jti)
            audit.record(conn, client.account_id, actor, "token.revoked", jti)

        await self._database.write(unit)
