"""`/products` as a list: filters, order and pages."""

import asyncio
from typing import Annotated, Any, Literal

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.list_products import count_products, list_products
from linkxg.catalog.products.model import Product, ProductFilter, Sort, Status, search_key, view_product
from linkxg.catalog.products.read_endpoint import TAG
from linkxg.catalog.products.routes import PATH, Fields, ProductServices, viewer_of
from linkxg.catalog.products.select_fields import read_fields, select_from_each
from linkxg.clock import read_rfc3339
from linkxg.errors import InvalidRequest
from linkxg.http.headers import LINK, next_page
from linkxg.http.long_answer import LongAnswer
from linkxg.http.pagination import DEFAULT_LIMIT, Limit, Page, Pagination
from linkxg.http.permissions import scope
from linkxg.http.request_context import context_of


@get("/products", operation_id="listProducts", response_headers=[LINK], **scope("products:read"))
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    status: FromQuery[Status | None] = None,
    sku: Annotated[str | None, QueryParameter(max_length=64)] = None,
    gtin: Annotated[str | None, QueryParameter(max_length=14, description="In any of its lengths.")] = None,
    category: Annotated[str | None, QueryParameter(max_length=100)] = None,
    q: Annotated[str | None, QueryParameter(max_length=255, description="A part of the name.")] = None,
    updated_since: Annotated[str | None, QueryParameter(name="updatedSince", description="RFC 3339.")] = None,
    sort: FromQuery[Sort] = "updatedAt",
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
    fields: Fields = None,
    with_count: Annotated[Literal["true", "false"], QueryParameter(name="withCount")] = "false",
) -> Response[Page[Product]]:
    """The account's products, oldest change first.

    A page may contain fewer products than `limit` without being the last: continue while `hasMore` is true.
    """
    selection = read_fields(fields, Product) if fields else None
    answer = LongAnswer(context_of(request.scope))
    criteria = ProductFilter(
        status=status,
        sku=sku or None,
        gtin14=_gtin14(gtin) if gtin else None,
        category=category or None,
        search_key=search_key(q) if q else None,
        since=_milliseconds(updated_since) if updated_since else None,
        sort=sort,
    )
    viewer = viewer_of(request.scope)
    filters = {"list": "products", "account": viewer.account_id, **criteria._asdict()}
    after = services.cursors.open(cursor, filters) if cursor else None
    found, following = await list_products(services.database, viewer, criteria, after=after, limit=limit)
    next_cursor = services.cursors.seal(following, filters) if following else None
    headers = next_page(
        services.public_url + PATH, next_cursor, status=status, sku=sku, gtin=gtin, category=category, q=q,
        updatedSince=updated_since, fields=fields, sort=sort, limit=limit,
    )  # fmt: skip
    pagination = Pagination(next_cursor, next_cursor is not None, limit)
    if with_count == "true":
        pagination.total_count = await count_products(services.database, viewer, criteria)
    products: list[Any] = [view_product(shown) for shown in found]
    if selection:
        products = await asyncio.to_thread(select_from_each, products, selection)
    await answer.authorise()
    return Response(Page(data=products, pagination=pagination), headers=headers)


def router(services: ProductServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[list_all],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def _gtin14(text: str) -> str:
    try:
        return read_gtin(text).digits14
    except NotAGtin:
        raise InvalidRequest("The parameter gtin must be a valid GTIN.") from None


def _milliseconds(text: str) -> int:
    at = read_rfc3339(text)
    if at is None:
        raise InvalidRequest(
            "The parameter updatedSince must be an RFC 3339 time such as 2026-11-23T14:33:00Z; write + as %2B."
        )
    return at
