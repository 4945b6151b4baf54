"""`/products` as a list: narrowed, ordered, page by page."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.list_products import count_products, list_products
from linkxg.catalog.products.model import Product, ProductFilter, Sort, Status, search_key, view
from linkxg.catalog.products.routes import PATH, TAG, Fields, viewer_of
from linkxg.catalog.products.select_fields import read_fields, select_from_each
from linkxg.db import Database
from linkxg.errors import InvalidRequest
from linkxg.http.headers import LINK, next_page
from linkxg.http.pagination import DEFAULT_LIMIT, MAX_LIMIT, Cursors, Page, Pagination
from linkxg.http.permissions import scope

_FILTERS = ("status", "sku", "gtin", "category", "q", "updatedSince", "sort", "fields")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def routes(database: Database, cursors: Cursors, public_url: str) -> Sequence[HTTPRouteHandler]:
    address = public_url + PATH

    @get(
        "/products",
        operation_id="listProducts",
        tags=[TAG],
        response_headers=[LINK],
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
        fields: Fields = None,
        with_count: Annotated[Literal["true", "false"], QueryParameter(name="withCount")] = "false",
    ) -> Response[Page[Product]]:
        """The account's products, oldest change first.

        A page may contain fewer products than `limit` without being the last: continue while `hasMore` is true.
        """
        paths = read_fields(fields, Product) if fields else None
        wanted = ProductFilter(
            status,
            sku or None,
            _gtin14(gtin) if gtin else None,
            category or None,
            search_key(q) if q else None,
            _milliseconds(updated_since) if updated_since else None,
            sort,
        )
        viewer = viewer_of(request.scope)
        filters = {"list": "products", "account": viewer.account_id, **wanted._asdict()}
        after = cursors.open(cursor, filters) if cursor else None
        found, following = await list_products(database, viewer, wanted, after=after, limit=limit)
        next_cursor = cursors.seal(following, filters) if following else None
        headers = next_page(
            address, next_cursor, status=status, sku=sku, gtin=gtin, category=category, q=q,
            updatedSince=updated_since, fields=fields, sort=sort, limit=limit,
        )  # fmt: skip
        pagination = Pagination(next_cursor, next_cursor is not None, limit)
        if with_count == "true":
            pagination.total_count = await count_products(database, viewer, wanted)
        products: list[Any] = [view(shown) for shown in found]
        if paths:
            products = await asyncio.to_thread(select_from_each, products, paths)
        return Response(Page(data=products, pagination=pagination), headers=headers)

    return [listing]


def _gtin14(text: str) -> str:
    try:
        return read_gtin(text).digits14
    except NotAGtin:
        raise InvalidRequest("The parameter gtin must be a valid GTIN.") from None


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
