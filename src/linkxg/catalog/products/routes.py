"""`/products`: the account's products, one by one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.change_product import change_product
from linkxg.catalog.products.create_product import create_product
from linkxg.catalog.products.model import CreateProduct, PassportReference, Product, ProductPatch, PublishedProduct
from linkxg.catalog.products.publication import PublishHooks, StateHooks
from linkxg.catalog.products.publish_product import publish_product
from linkxg.catalog.products.read_endpoint import ETAG, READ_PRODUCT, TAG, get_product, product_etag, response_of
from linkxg.catalog.products.read_product import find_by_gtin, find_by_sku
from linkxg.catalog.products.remove_product import remove_product
from linkxg.catalog.products.select_fields import Selection, read_fields, select_fields
from linkxg.catalog.products.unarchive_product import unarchive_product
from linkxg.catalog.products.versions.model import PublishProduct
from linkxg.catalog.products.versions.store import VersionSelector
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import Conflict, DuplicateGtin, DuplicateSku, InvalidRequest, InvalidState, NoDraft, NotFound
from linkxg.http.etags import ConditionalWrite, Conditions, MergePatch
from linkxg.http.headers import REPLAYED, IdempotencyKey, header, replay
from linkxg.http.pagination import Cursors, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import Scope, account_id_of, context_of

Fields = Annotated[
    str | None, QueryParameter(max_length=2_000, description="Members to return, such as sku,content.name.")
]
VersionParameter = Annotated[str | None, QueryParameter(max_length=10, description="`draft`, `latest` or a number.")]
PATH = "/api/v1/products"
_LOCATION = header("Location", "The address of the new product.")
_FOR_WRITERS: Selection = dict.fromkeys(
    (
        "id", "sku", "status", "latestVersion", "draftVersion", "revision", "createdAt", "updatedAt", "version",
        "versionStatus", "createdBy", "publishedAt", "publishedBy", "withdrawnAt", "withdrawnBy", "dpp",
    )
)  # fmt: skip
"""The members of a product or version that do not describe the product."""


def viewer_of(scope: Scope) -> Viewer:
    """The account of the authenticated caller, as it reads products."""
    return Viewer(account_id_of(scope))


def change_response(
    request: Request[Any, Any, Any], resource: msgspec.Struct, headers: dict[str, str]
) -> Response[Any]:
    """The product or version; without what describes the product for a caller who may not read products.

    Otherwise a change that changes nothing would read any product whose SKU is known.
    """
    caller = context_of(request.scope).principal
    if caller is not None and "products:read" in caller.scopes:
        return Response(Success[Any](data=resource), headers=headers)
    return Response(Success[Any](data=select_fields(resource, _FOR_WRITERS)), headers=headers)


FindPassport = Callable[[str, str, int], Awaitable[PassportReference | None]]
"""The passport that a version of a product of an account has."""


@dataclass(frozen=True, slots=True)
class ProductServices:
    database: Database
    cursors: Cursors
    public_url: str
    publish_hooks: PublishHooks
    state_hooks: StateHooks
    find_passport: FindPassport


async def _get(
    request: Request[Any, Any, Any], services: ProductServices, product_id: str, version: str | None, fields: str | None
) -> Response[Success[Product]]:
    selection = read_fields(fields, Product) if fields else None
    conditions = Conditions.of(context_of(request.scope))
    viewer = viewer_of(request.scope)
    found = await get_product(services.database, viewer, product_id, _which(version), conditions, selection)
    return response_of(found)


@post(
    "/products",
    operation_id="createProduct",
    errors=(Conflict, DuplicateSku, DuplicateGtin),
    response_headers=[_LOCATION, ETAG, REPLAYED],
    **scope("products:write"),
)
async def create(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    data: JSONBody[CreateProduct],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Product]]:
    """Create a product with a draft. SKU and GTIN are unique within the account."""
    actor = actor_of(context_of(request.scope))
    made, replayed = await create_product(
        services.database, actor, account_id_of(request.scope), data, idempotency_key=idempotency_key
    )
    headers = {"Location": f"{services.public_url}{PATH}/{made.id}", "ETag": product_etag(made.revision)}
    return change_response(request, made, headers | replay(replayed))


@get("/products/by-sku/{sku:path}", operation_id="readProductBySku", **READ_PRODUCT)
async def by_sku(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    sku: FromPath[str],
    version: VersionParameter = None,
    fields: Fields = None,
) -> Response[Success[Product]]:
    """The product with this SKU. A slash in it may be written as it is, or as %2F."""
    product_id = await find_by_sku(services.database, viewer_of(request.scope), _sku_of(request))
    return await _get(request, services, product_id, version, fields)


@get("/products/by-gtin/{gtin:str}", operation_id="readProductByGtin", **READ_PRODUCT)
async def by_gtin(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    gtin: FromPath[str],
    version: VersionParameter = None,
    fields: Fields = None,
) -> Response[Success[Product]]:
    """The product with this GTIN, in any of its lengths; of archived ones the newest."""
    try:
        gtin14 = read_gtin(gtin).digits14
    except NotAGtin:
        raise NotFound from None
    product_id = await find_by_gtin(services.database, viewer_of(request.scope), gtin14)
    return await _get(request, services, product_id, version, fields)


@get("/products/{product_id:str}", operation_id="readProduct", **READ_PRODUCT)
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    version: VersionParameter = None,
    fields: Fields = None,
) -> Response[Success[Product]]:
    """One product, with its latest published version or, if there is none, its draft."""
    return await _get(request, services, product_id, version, fields)


@patch(
    "/products/{product_id:str}",
    operation_id="changeProduct",
    errors=(DuplicateSku, DuplicateGtin, InvalidState),
    operation_class=MergePatch,
    response_headers=[ETAG],
    merge_patch=True,
    **scope("products:write"),
)
async def change(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    data: JSONBody[ProductPatch],
) -> Response[Success[Product]]:
    """Change a product's draft by a merge patch; if there is none, one is created from the latest version."""
    actor = actor_of(context_of(request.scope))
    account_id = account_id_of(request.scope)
    product = await change_product(services.database, actor, account_id, product_id, data, precondition_of(request))
    return change_response(request, product, {"ETag": product_etag(product.revision)})


@delete(
    "/products/{product_id:str}",
    operation_id="deleteProduct",
    operation_class=ConditionalWrite,
    **scope("products:write"),
)
async def remove(
    request: Request[Any, Any, Any], services: NamedDependency[ProductServices], product_id: FromPath[str]
) -> None:
    """Delete a product that was never published; archive one that was."""
    actor = actor_of(context_of(request.scope))
    account_id = account_id_of(request.scope)
    precondition = precondition_of(request)
    await remove_product(services.database, actor, account_id, product_id, precondition, services.state_hooks)


@post(
    "/products/{product_id:str}/publish",
    operation_id="publishProduct",
    errors=(Conflict, InvalidState, NoDraft),
    status_code=200,
    operation_class=ConditionalWrite,
    response_headers=[ETAG, REPLAYED],
    **scope("products:write"),
)
async def publish(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    data: JSONBody[PublishProduct | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PublishedProduct]]:
    """Publish the draft; it never changes again. 422 lists everything that is missing. `dpp` is its passport."""
    account_id = account_id_of(request.scope)
    product, replayed = await publish_product(
        services.database,
        actor_of(context_of(request.scope)),
        account_id,
        product_id,
        data or PublishProduct(),
        precondition_of(request),
        services.publish_hooks,
        idempotency_key,
    )
    dpp = await services.find_passport(account_id, product.id, product.version)
    published = PublishedProduct(**msgspec.structs.asdict(product), dpp=dpp)
    return change_response(request, published, {"ETag": product_etag(product.revision)} | replay(replayed))


@post(
    "/products/{product_id:str}/unarchive",
    operation_id="unarchiveProduct",
    errors=(Conflict, DuplicateGtin, InvalidState),
    status_code=200,
    operation_class=ConditionalWrite,
    response_headers=[ETAG, REPLAYED],
    **scope("products:write"),
)
async def unarchive(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Product]]:
    """Unarchive a product. 409 duplicate_gtin if another product has its GTIN now."""
    product, replayed = await unarchive_product(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        product_id,
        precondition_of(request),
        services.state_hooks,
        idempotency_key,
    )
    return change_response(request, product, {"ETag": product_etag(product.revision)} | replay(replayed))


def router(services: ProductServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[create, by_sku, by_gtin, read, change, remove, publish, unarchive],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def precondition_of(request: Request[Any, Any, Any]) -> Callable[[int], bool]:
    """Whether the request's conditions hold for a revision."""
    conditions = Conditions.of(context_of(request.scope))
    return lambda revision: conditions.allow_change(product_etag(revision))


def _sku_of(request: Request[Any, Any, Any]) -> str:
    """As the address has it: the router takes `A//B`, `/A/B` and `A/B/` all for `A/B`, which is another product."""
    try:
        return unquote_to_bytes(request.scope["raw_path"].partition(b"/by-sku/")[2]).decode()
    except UnicodeDecodeError:
        raise NotFound from None


def _which(version: str | None) -> VersionSelector | int:
    if not version:
        return "current"
    if version == "draft" or version == "latest":
        return version  # type: ignore[return-value]
    if version.isascii() and version.isdigit():
        return int(version)
    raise InvalidRequest("The parameter version must be draft, latest or the number of a version.")
