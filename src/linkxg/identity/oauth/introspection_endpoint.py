"""The introspection endpoint, for clients of the token's account (RFC 7662).

The answer about an invalid or unknown token, one of another account, or for another resource server, is exactly
`{"active": false}`.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from linkxg.errors import InvalidRequest, InvalidToken
from linkxg.http.body_style import BodyStyle
from linkxg.http.request_context import JSON_TYPE, NO_STORE, RawResponse, RequestContext
from linkxg.http.route_declaration import EdgeRoute
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.oauth.client_credentials_reader import ERRORS, SECURITY, TAG, TOKEN_FORM, ClientCredentialsReader
from linkxg.identity.tokens.model import Confirmation, Principal
from linkxg.identity.tokens.scopes import format_scope
from linkxg.identity.tokens.verify import Verifier

PATH = "/api/v1/oauth/introspect"
_HEADERS = (JSON_TYPE, *NO_STORE)
_INACTIVE = b'{"active":false}'


class Introspection(msgspec.Struct):
    """RFC 7662 §2.2; only `active` if that is false. `sid` and `role` are present in tokens of people.

    `cnf` is present in tokens that are bound to their sender: only the holder of that key or certificate may use them.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "active": True,
        "token_type": "Bearer",
        "exp": 1_795_445_280,
        "iat": 1_795_444_380,
        "sub": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
        "aud": "https://api.linkxg.com/api/v1",
        "iss": "https://api.linkxg.com",
        "jti": "5e0c1f6d8b7a49d2a1c3e4f506172839",
        "account_id": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "sid": UNSET,
        "role": UNSET,
        "cnf": UNSET,
    }

    active: bool
    scope: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    exp: int | UnsetType = UNSET
    iat: int | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    account_id: str | UnsetType = UNSET
    sid: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    cnf: Confirmation | UnsetType = UNSET


class IntrospectionEndpoint:
    declares = EdgeRoute(
        operation_id="introspectToken",
        tag=TAG,
        style=BodyStyle.OAUTH,
        permission="Needs client credentials of the token's own account, by HTTP Basic or in the form, not both.",
        security=SECURITY,
        body=TOKEN_FORM,
        answer=Introspection,
        errors=ERRORS,
    )

    def __init__(self, credentials: ClientCredentialsReader, verifier: Verifier, issuer: str, audience: str) -> None:
        self._credentials = credentials
        self._verifier = verifier
        self._issuer = issuer
        self._audience = audience

    async def __call__(self, context: RequestContext) -> RawResponse:
        """Check whether a token is active. RFC 7662.

        For a token that is invalid, unknown or of another account the answer is exactly `active: false`.
        """
        form, authorization = await self._credentials.read(context)
        client = (await self._credentials.authenticate(context, form, authorization)).client
        token = form.get("token")
        if token is None:
            raise InvalidRequest("The parameter token is missing.")
        principal = self._principal(token)
        if principal is None or not self._may_see(client, principal):
            return RawResponse(200, _INACTIVE, _HEADERS)
        return RawResponse(200, msgspec.json.encode(self._describe(principal)), _HEADERS)

    def _may_see(self, client: CachedClient, principal: Principal) -> bool:
        """Whether the token is of the client's account, and for this API or for the resource of the client."""
        return principal.account_id == client.account_id and principal.audience in (self._audience, client.resource)

    def _principal(self, token: str) -> Principal | None:
        try:
            # A token's address ranges restrict its use, not its introspection.
            return self._verifier.verify_for_any(token.encode(), source=None)
        except InvalidToken:
            return None

    def _describe(self, principal: Principal) -> Introspection:
        confirmation = principal.confirmation
        return Introspection(
            active=True,
            scope=format_scope(principal.scopes),
            client_id=principal.client_id,
            token_type="DPoP" if confirmation and confirmation.jkt else "Bearer",
            exp=principal.expires_at,
            iat=principal.issued_at,
            sub=principal.id,
            aud=principal.audience,
            iss=self._issuer,
            jti=principal.jti,
            account_id=principal.account_id,
            sid=principal.session_id or UNSET,
            role=principal.role or UNSET,
            cnf=confirmation or UNSET,
        )
