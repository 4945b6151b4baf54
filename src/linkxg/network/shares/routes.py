"""`/connections/{id}/shares`, `/shares/…` and `/products/{id}/shares`: what the account shares."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import Conflict, InsufficientScope, InvalidState
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, header, replay
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.shares.create_share import SHARES, create_share, preview_share
from linkxg.network.shares.model import CreateShare, ProductShare, Share, SharePreview
from linkxg.network.shares.read_shares import list_shares, list_shares_of_product, read_share
from linkxg.network.shares.withdraw_share import withdraw_share

TAG = Tag("Shares", "What the account lets connected companies see.")
PATH = "/api/v1/shares"
# Each share adds permanent rows to the audit trails of both sides.


@dataclass(frozen=True, slots=True)
class ShareServices:
    database: Database
    cursors: Cursors
    public_url: str


@post(
    "/connections/{connection_id:str}/shares",
    operation_id="createShare",
    errors=(Conflict, InvalidState),
    response_headers=[header("Location", "The address of the share."), REPLAYED],
    other_answers={200: Success[SharePreview]},
    **scope("connections:write", SHARES),
)
async def create(
    request: Request[Any, Any, Any],
    services: NamedDependency[ShareServices],
    connection_id: FromPath[str],
    data: JSONBody[CreateShare],
    dry_run: Annotated[Literal["true", "false"], QueryParameter(name="dryRun")] = "false",
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Share]]:
    """Share products with a connected company.

    With `dryRun=true` (and the scope `products:read`) nothing is shared: the answer is what the partner would see.
    """
    context = context_of(request.scope)
    account_id = account_id_of(request.scope)
    if dry_run == "true":
        if "products:read" not in context.principal.scopes:
            raise InsufficientScope("products:read")
        preview: Any = await preview_share(services.database, account_id, connection_id, data)
        return Response(Success(data=preview), status_code=200)
    made, replayed = await create_share(
        services.database, actor_of(context), account_id, connection_id, data, idempotency_key
    )
    headers = {"Location": f"{services.public_url}{PATH}/{made.id}"} | replay(replayed)
    return Response(Success(data=made), headers=headers)


@get(
    "/connections/{connection_id:str}/shares",
    operation_id="listShares",
    response_headers=[LINK],
    **scope("connections:read"),
)
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[ShareServices],
    connection_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[Share]]:
    """What the account shares by this connection, and has shared; newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "shares", "account": account_id, "connection": connection_id}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_shares(services.database, account_id, connection_id, before=before, limit=limit)
    following = services.cursors.seal([found[-1].id], filters) if more else None
    return page_response(
        found, following, f"{services.public_url}/api/v1/connections/{connection_id}/shares", limit=limit
    )


@get("/shares/{share_id:str}", operation_id="readShare", **scope("connections:read"))
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[ShareServices], share_id: FromPath[str]
) -> Success[Share]:
    """One share."""
    return Success(data=await read_share(services.database, account_id_of(request.scope), share_id))


@delete("/shares/{share_id:str}", operation_id="withdrawShare", **scope("connections:write"))
async def withdraw(
    request: Request[Any, Any, Any], services: NamedDependency[ShareServices], share_id: FromPath[str]
) -> None:
    """Withdraw a share. It ends immediately."""
    actor = actor_of(context_of(request.scope))
    await withdraw_share(services.database, actor, account_id_of(request.scope), share_id)


@get(
    "/products/{product_id:str}/shares",
    operation_id="listProductShares",
    response_headers=[LINK],
    **scope("connections:read"),
)
async def list_of_product(
    request: Request[Any, Any, Any],
    services: NamedDependency[ShareServices],
    product_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[ProductShare]]:
    """Who sees the published product, what of it, and what they answered."""
    account_id = account_id_of(request.scope)
    filters = {"list": "shares of a product", "account": account_id, "product": product_id}
    after = services.cursors.open(cursor, filters)[0] if cursor else ""
    found, more = await list_shares_of_product(services.database, account_id, product_id, after=after, limit=limit)
    following = services.cursors.seal([found[-1].share_id], filters) if more else None
    return page_response(found, following, f"{services.public_url}/api/v1/products/{product_id}/shares", limit=limit)


def router(services: ShareServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[create, list_all, read, withdraw, list_of_product],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
