"""`/shared/products…`: what others share with the account."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.model import Product, search_key
from linkxg.catalog.products.read_endpoint import ETAG as PRODUCT_ETAG
from linkxg.catalog.products.read_endpoint import NOT_MODIFIED, REVALIDATE, product_etag, represent, response_of
from linkxg.catalog.products.routes import PATH as PRODUCTS
from linkxg.catalog.products.routes import Fields
from linkxg.catalog.products.select_fields import Selection, read_fields, select_fields
from linkxg.catalog.products.shared_model import SharedPosition, SharedProductView
from linkxg.catalog.products.shared_product import SharedProduct, SharedVersion, view_shared
from linkxg.catalog.products.versions.routes import VersionNumber, version_of
from linkxg.db import Database
from linkxg.errors import Conflict, DuplicateGtin, DuplicateSku, InsufficientScope, InvalidRequest
from linkxg.http.etags import ConditionalRead, Conditions
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, header, replay
from linkxg.http.long_answer import long_answer
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.shared_products.acknowledge import ACKNOWLEDGEMENTS, acknowledge_product
from linkxg.network.shared_products.adopt import adopt_product
from linkxg.network.shared_products.find_page import SharedFilter
from linkxg.network.shared_products.list_shared import list_shared_products
from linkxg.network.shared_products.model import AcknowledgeProduct, AdoptProduct, CountReads
from linkxg.network.shared_products.read_shared import list_shared_versions, read_shared, read_shared_version
from linkxg.network.shares.model import Acknowledgement

TAG = Tag("Shared products", "Products that connected companies share with the account.")
PATH = "/api/v1/shared/products"
# Each answer adds permanent rows to the audit trails of both sides.
READ: dict[str, Any] = {
    "operation_class": ConditionalRead,
    "response_headers": [header("ETag", "Of what is shown, for If-None-Match.")],
    "responses": NOT_MODIFIED,
    **scope("connections:read"),
}
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class SharedServices:
    database: Database
    cursors: Cursors
    public_url: str
    count_reads: CountReads


@get("/shared/products", operation_id="listSharedProducts", response_headers=[LINK], **scope("connections:read"))
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[SharedServices],
    connection_id: Annotated[str | None, QueryParameter(name="connectionId", max_length=36)] = None,
    gtin: Annotated[str | None, QueryParameter(max_length=14, description="In any of its lengths.")] = None,
    q: Annotated[str | None, QueryParameter(max_length=255, description="A part of the SKU or a name.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
    fields: Fields = None,
) -> Response[Page[SharedProduct]]:
    """The latest published versions of products that are shared with the account. `q` searches only what is shown.

    A page may contain fewer products than `limit` without being the last: continue while `hasMore` is true.
    """
    selection = read_fields(fields, SharedProduct) if fields else None
    viewer_id = account_id_of(request.scope)
    criteria = SharedFilter(connection_id or None, _gtin14(gtin) if gtin else None, search_key(q) if q else None)
    filters = {"list": "shared products", "account": viewer_id, **criteria._asdict()}
    after = SharedPosition._make(services.cursors.open(cursor, filters)) if cursor else None

    def represent(shown: SharedProductView) -> Any:
        product = view_shared(shown)
        return product if selection is None else select_fields(product, selection)

    with long_answer(context_of(request.scope)) as answer:
        products, following = await list_shared_products(
            services.database, services.count_reads, viewer_id, criteria, represent, answer, after=after, limit=limit
        )
    next_cursor = services.cursors.seal([*following], filters) if following else None
    address = services.public_url + PATH
    return page_response(
        products, next_cursor, address, connectionId=connection_id, gtin=gtin, q=q, fields=fields, limit=limit
    )


@get("/shared/products/{product_id:str}", operation_id="readSharedProduct", **READ)
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[SharedServices],
    product_id: FromPath[str],
    fields: Fields = None,
) -> Response[Success[SharedProduct]]:
    """The latest published version of a shared product, as far as it is shared."""
    selection = read_fields(fields, SharedProduct) if fields else None
    viewer_id = account_id_of(request.scope)
    shown = await read_shared(services.database, services.count_reads, viewer_id, product_id)
    return _represent(request, view_shared(shown), selection)


@get(
    "/shared/products/{product_id:str}/versions",
    operation_id="listSharedVersions",
    response_headers=[LINK],
    **scope("connections:read"),
)
async def list_versions(
    request: Request[Any, Any, Any],
    services: NamedDependency[SharedServices],
    product_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
    fields: Fields = None,
) -> Response[Page[SharedVersion]]:
    """The published versions of a shared product, newest first; only the latest unless all versions are shared."""
    selection = read_fields(fields, SharedVersion) if fields else None
    viewer_id = account_id_of(request.scope)
    filters = {"list": "shared versions", "account": viewer_id, "product": product_id}
    before = services.cursors.open(cursor, filters)[0] if cursor else None

    def represent(version: SharedVersion) -> Any:
        return version if selection is None else select_fields(version, selection)

    with long_answer(context_of(request.scope)) as answer:
        _, versions, following = await list_shared_versions(
            services.database,
            services.count_reads,
            viewer_id,
            product_id,
            represent,
            answer,
            before=before,
            limit=limit,
        )
    next_cursor = services.cursors.seal([following], filters) if following else None
    address = f"{services.public_url}{PATH}/{product_id}/versions"
    return page_response(versions, next_cursor, address, fields=fields, limit=limit)


@get("/shared/products/{product_id:str}/versions/{version:str}", operation_id="readSharedVersion", **READ)
async def read_version(
    request: Request[Any, Any, Any],
    services: NamedDependency[SharedServices],
    product_id: FromPath[str],
    version: VersionNumber,
    fields: Fields = None,
) -> Response[Success[SharedVersion]]:
    """One published version of a shared product."""
    selection = read_fields(fields, SharedVersion) if fields else None
    viewer_id = account_id_of(request.scope)
    _, found = await read_shared_version(
        services.database, services.count_reads, viewer_id, product_id, version_of(version)
    )
    return _represent(request, found, selection)


@post(
    "/shared/products/{product_id:str}/acknowledge",
    operation_id="acknowledgeProduct",
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write", ACKNOWLEDGEMENTS),
)
async def acknowledge(
    request: Request[Any, Any, Any],
    services: NamedDependency[SharedServices],
    product_id: FromPath[str],
    data: JSONBody[AcknowledgeProduct],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Acknowledgement]]:
    """Answer the owner about the latest version of a shared product; it replaces an earlier answer."""
    answered, replayed = await acknowledge_product(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        product_id,
        data,
        idempotency_key,
    )
    return Response(Success(data=answered), headers=replay(replayed))


@post(
    "/shared/products/{product_id:str}/adopt",
    operation_id="adoptProduct",
    errors=(Conflict, DuplicateSku, DuplicateGtin),
    response_headers=[header("Location", "The address of the new product."), PRODUCT_ETAG, REPLAYED],
    **scope("products:write"),
)
async def adopt(
    request: Request[Any, Any, Any],
    services: NamedDependency[SharedServices],
    product_id: FromPath[str],
    data: JSONBody[AdoptProduct | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Product]]:
    """Create an own product with a draft of what is shared. Takes the scope `connections:read` too."""
    context = context_of(request.scope)
    if "connections:read" not in context.principal.scopes:
        raise InsufficientScope("connections:read")
    made, replayed = await adopt_product(
        services.database,
        services.count_reads,
        actor_of(context),
        account_id_of(request.scope),
        product_id,
        data or AdoptProduct(),
        idempotency_key,
    )
    headers = {"Location": f"{services.public_url}{PRODUCTS}/{made.id}", "ETag": product_etag(made.revision)}
    return Response(Success(data=made), headers=headers | replay(replayed))


def router(services: SharedServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[list_all, read, list_versions, read_version, acknowledge, adopt],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def _represent(
    request: Request[Any, Any, Any], resource: SharedProduct | SharedVersion, selection: Selection | None
) -> Response[Any]:
    """With an ETag of nothing but what the viewer is shown."""
    encoded = _encode(resource)
    etag = f'"s-{hashlib.sha256(encoded).hexdigest()[:32]}"'
    conditions = Conditions.of(context_of(request.scope))
    return response_of(represent(msgspec.Raw(encoded), etag, REVALIDATE, conditions, selection))


def _gtin14(text: str) -> str:
    try:
        return read_gtin(text).digits14
    except NotAGtin:
        raise InvalidRequest("The parameter gtin must be a valid GTIN.") from None
