"""`/products`: the account's products."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import check_key
from linkxg.errors import InvalidRequest
from linkxg.identifiers.gtin import NotAGtin, read_gtin
from linkxg.products.change_product import change_product
from linkxg.products.create_product import create_product
from linkxg.products.list_products import list_products
from linkxg.products.model import NewProduct, Product, ProductPatch, Sort, Status, Wanted, search_key, view
from linkxg.products.read_product import read_product
from linkxg.products.remove_product import remove_product
from linkxg.web.conditions import ConditionalRead, ConditionalWrite, Conditions, MergePatch
from linkxg.web.exchange import exchange_of
from linkxg.web.forms import read_form
from linkxg.web.pages import DEFAULT_LIMIT, MAX_LIMIT, Cursors, Page, Pagination, Success
from linkxg.web.permits import scope

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", max_length=255)]
PATH = "/api/v1/products"
_CACHE = "private, no-cache"
_PARAMETERS = {"status", "sku", "gtin", "category", "q", "updatedSince", "sort", "limit", "cursor"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _header(name: str, says: str) -> ResponseHeader:
    return ResponseHeader(name=name, description=says, documentation_only=True)


_ETAG = _header("ETag", "The product's revision, for If-Match and If-None-Match.")
_LINK = _header("Link", "With rel=next, the address of the next page (RFC 8288).")
_LOCATION = _header("Location", "The address of the new product.")
_REPLAYED = _header("Idempotent-Replayed", "true when this request was answered before; this is that answer.")


def routes(database: Database, cursors: Cursors, public_url: str) -> Sequence[HTTPRouteHandler]:
    address = public_url + PATH

    @get(
        "/products",
        operation_id="listProducts",
        tags=["Products"],
        response_headers=[_LINK],
        **scope("products:read"),
    )
    async def listing(
        request: Request[Any, Any, Any],
        status: FromQuery[Status | None] = None,
        sku: Annotated[str | None, QueryParameter(max_length=64)] = None,
        gtin: Annotated[str | None, QueryParameter(max_length=14, description="In any of its lengths.")] = None,
        category: Annotated[str | None, QueryParameter(max_length=100)] = None,
        q: Annotated[str | None, QueryParameter(max_length=255, description="A part of the name.")] = None,
        updated_since: Annotated[str | None, QueryParameter(name="updatedSince", description="RFC 3339.")] = None,
        sort: FromQuery[Sort] = "updatedAt",
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Page[Product]]:
        """The account's products, oldest change first.

        A page may hold fewer products than `limit` and still not be the last: go on while `hasMore` is true.
        """
        # A filter that is misspelt must not find everything.
        if not read_form(request.scope["query_string"]).keys() <= _PARAMETERS:
            raise InvalidRequest("A parameter is unknown.")
        wanted = Wanted(
            status,
            sku or None,
            _gtin14(gtin) if gtin else None,
            category or None,
            search_key(q) if q else None,
            _milliseconds(updated_since) if updated_since else None,
            sort,
        )
        account_id = _account_id(request)
        filters = {"list": "products", "account": account_id, **wanted._asdict()}
        after = cursors.open(cursor, filters) if cursor else None
        found, following = await list_products(database, account_id, wanted, after=after, limit=limit)
        next_cursor = cursors.seal(following, filters) if following else None
        headers = {}
        if next_cursor is not None:
            asked = {
                "status": status,
                "sku": sku,
                "gtin": gtin,
                "category": category,
                "q": q,
                "updatedSince": updated_since,
            }
            query = {name: value for name, value in asked.items() if value}
            query |= {"sort": sort, "limit": str(limit), "cursor": next_cursor}
            headers["Link"] = f'<{address}?{urlencode(query)}>; rel="next"'
        page = Page(
            data=[view(shown) for shown in found], pagination=Pagination(next_cursor, next_cursor is not None, limit)
        )
        return Response(page, headers=headers)

    @post(
        "/products",
        operation_id="createProduct",
        tags=["Products"],
        response_headers=[_LOCATION, _ETAG, _REPLAYED],
        **scope("products:write"),
    )
    async def create(
        request: Request[Any, Any, Any], data: JSONBody[NewProduct], idempotency_key: IdempotencyKey = None
    ) -> Response[Success[Product]]:
        """Create a product. SKU and GTIN are unique within the account."""
        actor = actor_of(exchange_of(request.scope))
        made, replayed = await create_product(
            database, actor, _account_id(request), data, idempotency_key=check_key(idempotency_key)
        )
        headers = {"Location": f"{address}/{made.id}", "ETag": _tag(made.revision)}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(Success(data=made), headers=headers)

    @get(
        "/products/{product_id:str}",
        operation_id="readProduct",
        tags=["Products"],
        operation_class=ConditionalRead,
        response_headers=[_ETAG],
        responses={304: ResponseSpec(None, description="The caller has it already.", generate_examples=False)},
        **scope("products:read"),
    )
    async def read(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[Success[Product]]:
        """One product."""
        conditions = Conditions.of(exchange_of(request.scope))
        shown = await read_product(database, _account_id(request), product_id)
        tag = _tag(shown.head.revision)
        headers = {"ETag": tag, "Cache-Control": _CACHE}
        if conditions.is_fresh(tag):
            return Response(b"", status_code=304, headers=headers)  # type: ignore[arg-type]
        return Response(Success(data=view(shown)), headers=headers)

    @patch(
        "/products/{product_id:str}",
        operation_id="changeProduct",
        tags=["Products"],
        operation_class=MergePatch,
        response_headers=[_ETAG],
        merge_patch=True,
        **scope("products:write"),
    )
    async def change(
        request: Request[Any, Any, Any], product_id: FromPath[str], data: JSONBody[ProductPatch]
    ) -> Response[Success[Product]]:
        """Change a product by a merge patch: null clears a member, attributes are merged one by one."""
        actor = actor_of(exchange_of(request.scope))
        product = await change_product(database, actor, _account_id(request), product_id, data, _may_change(request))
        return Response(Success(data=product), headers={"ETag": _tag(product.revision)})

    @delete(
        "/products/{product_id:str}",
        operation_id="deleteProduct",
        tags=["Products"],
        operation_class=ConditionalWrite,
        **scope("products:write"),
    )
    async def remove(request: Request[Any, Any, Any], product_id: FromPath[str]) -> None:
        """Delete a product; its SKU and GTIN are free again."""
        actor = actor_of(exchange_of(request.scope))
        await remove_product(database, actor, _account_id(request), product_id, _may_change(request))

    return [listing, create, read, change, remove]


def _account_id(request: Request[Any, Any, Any]) -> str:
    account_id: str = exchange_of(request.scope).principal.account_id
    return account_id


def _tag(revision: int) -> str:
    return f'"p-{revision}"'


def _may_change(request: Request[Any, Any, Any]) -> Callable[[int], bool]:
    conditions = Conditions.of(exchange_of(request.scope))
    return lambda revision: conditions.allow_change(_tag(revision))


def _gtin14(text: str) -> str:
    try:
        return read_gtin(text).digits14
    except NotAGtin:
        raise InvalidRequest("The parameter gtin is not a GTIN.") from None


def _milliseconds(text: str) -> int:
    try:
        at = msgspec.convert(text, datetime, strict=True)
        if at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise InvalidRequest(
            "The parameter updatedSince must be an RFC 3339 time such as 2026-11-23T14:33:00Z; write + as %2B."
        ) from None
    return (at - _EPOCH) // _MILLISECOND
