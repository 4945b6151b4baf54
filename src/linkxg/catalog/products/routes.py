"""`/products`: the account's products, one by one."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.change_product import change_product
from linkxg.catalog.products.create_product import create_product
from linkxg.catalog.products.model import CreateProduct, Product, ProductPatch, view
from linkxg.catalog.products.publication import PublishHooks
from linkxg.catalog.products.publish_product import publish_product
from linkxg.catalog.products.read_product import find_by_gtin, find_by_sku, read_product
from linkxg.catalog.products.remove_product import remove_product
from linkxg.catalog.products.select_fields import Selection, read_fields, select_fields
from linkxg.catalog.products.unarchive_product import unarchive_product
from linkxg.catalog.products.versions.model import PublishProduct
from linkxg.catalog.products.versions.store import Which
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import (
    Conflict,
    DuplicateGtin,
    DuplicateSku,
    InvalidRequest,
    InvalidState,
    NoDraft,
    NotFound,
    PreconditionFailed,
)
from linkxg.http.etags import ConditionalRead, ConditionalWrite, Conditions, MergePatch
from linkxg.http.headers import REPLAYED, IdempotencyKey, header, replay
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import Scope, account_id_of, context_of
from linkxg.http.route_declaration import Tag

Fields = Annotated[
    str | None, QueryParameter(max_length=2_000, description="Members to return, such as sku,content.name.")
]
VersionParameter = Annotated[str | None, QueryParameter(max_length=10, description="`draft`, `latest` or a number.")]
NOT_MODIFIED = {304: ResponseSpec(None, description="Not modified.", generate_examples=False)}
PATH = "/api/v1/products"
TAG = Tag("Products", "The account's own products.")
T = TypeVar("T", bound=msgspec.Struct)
CHANGES = "private, no-cache"
"""How long a copy may be kept of what changes: it is asked about each time."""

ETAG = header("ETag", "The product's revision, for If-Match and If-None-Match.")
_LOCATION = header("Location", "The address of the new product.")
ONE: dict[str, Any] = {
    "tags": [TAG],
    "operation_class": ConditionalRead,
    "response_headers": [ETAG],
    "responses": NOT_MODIFIED,
    **scope("products:read"),
}
"""Of the routes that read one product."""


def viewer_of(scope: Scope) -> Viewer:
    """The account of the authenticated caller, as it reads products."""
    return Viewer(account_id_of(scope))


def routes(database: Database, public_url: str, publish_hooks: PublishHooks) -> Sequence[HTTPRouteHandler]:
    address = public_url + PATH

    async def told(
        request: Request[Any, Any, Any], product_id: str, version: str | None, fields: str | None
    ) -> Response[Success[Product]]:
        paths = read_fields(fields, Product) if fields else None
        conditions = Conditions.of(context_of(request.scope))
        shown = await read_product(database, viewer_of(request.scope), product_id, _which(version))
        return answer(conditions, tag_of(shown.head.revision), CHANGES, lambda: view(shown), paths)

    @post(
        "/products",
        operation_id="createProduct",
        errors=(Conflict, DuplicateSku, DuplicateGtin),
        tags=[TAG],
        response_headers=[_LOCATION, ETAG, REPLAYED],
        **scope("products:write"),
    )
    async def create(
        request: Request[Any, Any, Any], data: JSONBody[CreateProduct], idempotency_key: IdempotencyKey = None
    ) -> Response[Success[Product]]:
        """Create a product with a draft. SKU and GTIN are unique within the account."""
        actor = actor_of(context_of(request.scope))
        made, replayed = await create_product(
            database, actor, account_id_of(request.scope), data, idempotency_key=idempotency_key
        )
        headers = {"Location": f"{address}/{made.id}", "ETag": tag_of(made.revision)}
        return Response(Success(data=made), headers=headers | replay(replayed))

    @get(
        "/products/by-sku/{sku:path}",
        operation_id="readProductBySku",
        **ONE,
    )
    async def by_sku(
        request: Request[Any, Any, Any], sku: FromPath[str], version: VersionParameter = None, fields: Fields = None
    ) -> Response[Success[Product]]:
        """The product with this SKU. A slash in it may be written as it is, or as %2F."""
        product_id = await find_by_sku(database, viewer_of(request.scope), _sku_of(request))
        return await told(request, product_id, version, fields)

    @get(
        "/products/by-gtin/{gtin:str}",
        operation_id="readProductByGtin",
        **ONE,
    )
    async def by_gtin(
        request: Request[Any, Any, Any], gtin: FromPath[str], version: VersionParameter = None, fields: Fields = None
    ) -> Response[Success[Product]]:
        """The product with this GTIN, in any of its lengths; of archived ones the newest."""
        try:
            gtin14 = read_gtin(gtin).digits14
        except NotAGtin:
            raise NotFound from None
        product_id = await find_by_gtin(database, viewer_of(request.scope), gtin14)
        return await told(request, product_id, version, fields)

    @get(
        "/products/{product_id:str}",
        operation_id="readProduct",
        **ONE,
    )
    async def read(
        request: Request[Any, Any, Any],
        product_id: FromPath[str],
        version: VersionParameter = None,
        fields: Fields = None,
    ) -> Response[Success[Product]]:
        """One product, with its latest published version or, if there is none, its draft."""
        return await told(request, product_id, version, fields)

    @patch(
        "/products/{product_id:str}",
        operation_id="changeProduct",
        errors=(DuplicateSku, DuplicateGtin, InvalidState),
        tags=[TAG],
        operation_class=MergePatch,
        response_headers=[ETAG],
        merge_patch=True,
        **scope("products:write"),
    )
    async def change(
        request: Request[Any, Any, Any], product_id: FromPath[str], data: JSONBody[ProductPatch]
    ) -> Response[Success[Product]]:
        """Change a product's draft by a merge patch; if there is none, one is created from the latest version."""
        actor = actor_of(context_of(request.scope))
        account_id = account_id_of(request.scope)
        product = await change_product(database, actor, account_id, product_id, data, may_change(request))
        return Response(Success(data=product), headers={"ETag": tag_of(product.revision)})

    @delete(
        "/products/{product_id:str}",
        operation_id="deleteProduct",
        tags=[TAG],
        operation_class=ConditionalWrite,
        **scope("products:write"),
    )
    async def remove(request: Request[Any, Any, Any], product_id: FromPath[str]) -> None:
        """Delete a product that was never published; archive one that was."""
        actor = actor_of(context_of(request.scope))
        await remove_product(database, actor, account_id_of(request.scope), product_id, may_change(request))

    @post(
        "/products/{product_id:str}/publish",
        operation_id="publishProduct",
        errors=(Conflict, InvalidState, NoDraft),
        tags=[TAG],
        status_code=200,
        operation_class=ConditionalWrite,
        response_headers=[ETAG, REPLAYED],
        **scope("products:write"),
    )
    async def publish(
        request: Request[Any, Any, Any],
        product_id: FromPath[str],
        data: JSONBody[PublishProduct | None] = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response[Success[Product]]:
        """Publish the draft; it never changes again. 422 lists everything that is missing."""
        actor = actor_of(context_of(request.scope))
        product, replayed = await publish_product(
            database,
            actor,
            account_id_of(request.scope),
            product_id,
            data or PublishProduct(),
            may_change(request),
            publish_hooks,
            idempotency_key,
        )
        return Response(Success(data=product), headers={"ETag": tag_of(product.revision)} | replay(replayed))

    @post(
        "/products/{product_id:str}/unarchive",
        operation_id="unarchiveProduct",
        errors=(DuplicateGtin, InvalidState),
        tags=[TAG],
        status_code=200,
        operation_class=ConditionalWrite,
        response_headers=[ETAG, REPLAYED],
        **scope("products:write"),
    )
    async def unarchive(
        request: Request[Any, Any, Any], product_id: FromPath[str], idempotency_key: IdempotencyKey = None
    ) -> Response[Success[Product]]:
        """Unarchive a product. 409 duplicate_gtin if another product has its GTIN now."""
        product, replayed = await unarchive_product(
            database,
            actor_of(context_of(request.scope)),
            account_id_of(request.scope),
            product_id,
            may_change(request),
            idempotency_key,
        )
        return Response(Success(data=product), headers={"ETag": tag_of(product.revision)} | replay(replayed))

    return [create, by_sku, by_gtin, read, change, remove, publish, unarchive]


def answer(
    conditions: Conditions, tag: str, cache: str, tell: Callable[[], T], paths: Selection | None
) -> Response[Success[T]]:
    """304 for a caller that has it already, else what `tell` gives, cut down to `paths`.

    Raises PreconditionFailed for one that wants another state of it, and would mix the two.
    """
    if not conditions.is_meant(tag):
        raise PreconditionFailed
    headers = {"ETag": tag, "Cache-Control": cache}
    if conditions.is_fresh(tag):
        return Response(b"", status_code=304, headers=headers)  # type: ignore[arg-type]
    told: Any = tell()
    if paths:
        told = select_fields(told, paths)
    return Response(Success(data=told), headers=headers)


def tag_of(revision: int) -> str:
    return f'"p-{revision}"'


def may_change(request: Request[Any, Any, Any]) -> Callable[[int], bool]:
    """Whether the request's conditions hold for a revision."""
    conditions = Conditions.of(context_of(request.scope))
    return lambda revision: conditions.allow_change(tag_of(revision))


def _sku_of(request: Request[Any, Any, Any]) -> str:
    """As the address has it: the router takes `A//B`, `/A/B` and `A/B/` all for `A/B`, which is another product."""
    try:
        return unquote_to_bytes(request.scope["raw_path"].partition(b"/by-sku/")[2]).decode()
    except UnicodeDecodeError:
        raise NotFound from None


def _which(version: str | None) -> Which | int:
    if not version:
        return "current"
    if version == "draft" or version == "latest":
        return version  # type: ignore[return-value]
    if version.isascii() and version.isdigit():
        return int(version)
    raise InvalidRequest("The parameter version must be draft, latest or the number of a version.")
