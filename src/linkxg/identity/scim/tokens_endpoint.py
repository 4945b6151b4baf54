"""`/account/scim-tokens`: the tokens of the account's identity provider, for Owners."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import Conflict
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag, described
from linkxg.identity.accounts.roles import OWNERS
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.scim.manage_tokens import TOKEN_CREATIONS, create_token, list_tokens, revoke_token
from linkxg.identity.scim.model import MAX_TOKEN_NAME, CreatedScimToken, ScimTokenView
from linkxg.identity.scim.notices import mail_scim_token_created

_TAG = Tag("Provisioning", "The tokens by which an identity provider creates and removes people, by SCIM 2.0.")


class CreateScimToken(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Without an expiry the token is valid until it is revoked."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Entra ID"}

    name: Annotated[str, described(minLength=1, maxLength=MAX_TOKEN_NAME)]
    expires_at: Annotated[str, described(format="date-time")] | None = None


@dataclass(frozen=True, slots=True)
class ScimTokenServices:
    database: Database
    server_key: bytes = field(repr=False)
    public_url: str
    notices: SecurityNotices


@post(
    "/account/scim-tokens",
    operation_id="createScimToken",
    errors=(Conflict,),
    response_headers=[REPLAYED],
    **roles(OWNERS, TOKEN_CREATIONS, recent=RecentAuthentication.IF_REQUIRED),
)
async def create(
    request: Request[Any, Any, Any],
    services: NamedDependency[ScimTokenServices],
    data: JSONBody[CreateScimToken],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[CreatedScimToken]]:
    """Create a token for an identity provider. It is shown only once; at most two are live, for a rotation."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    created = await create_token(
        services.database,
        services.server_key,
        services.public_url,
        actor,
        account_id,
        name=data.name,
        expires_at=data.expires_at,
        idempotency_key=idempotency_key,
    )
    if not created.replayed:
        mail_scim_token_created(services.notices, actor, account_id, created.value.name)
    return Response(Success(data=created.value), headers=replay(created.replayed))


@get("/account/scim-tokens", operation_id="listScimTokens", **roles(OWNERS))
async def listing(
    request: Request[Any, Any, Any], services: NamedDependency[ScimTokenServices]
) -> Success[list[ScimTokenView]]:
    """The live tokens, oldest first; never a token itself."""
    return Success(data=await list_tokens(services.database, account_id_of(request.scope)))


@delete(
    "/account/scim-tokens/{token_id:str}",
    operation_id="revokeScimToken",
    **roles(OWNERS, recent=RecentAuthentication.IF_REQUIRED),
)
async def revoke(
    request: Request[Any, Any, Any], services: NamedDependency[ScimTokenServices], token_id: FromPath[str]
) -> None:
    """Revoke a token. No request with it is served from then on."""
    await revoke_token(services.database, actor_of(context_of(request.scope)), account_id_of(request.scope), token_id)


def router(services: ScimTokenServices) -> Router:
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[create, listing, revoke],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
