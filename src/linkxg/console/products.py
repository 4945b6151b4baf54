"""`/products`: lists and searches the products of the account."""

from typing import Any, get_args

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.list_products import list_products
from linkxg.catalog.products.model import ProductFilter, ProductView, Status, search_key
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.product_lookup import look_up_product
from linkxg.errors import InvalidCursor
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE

PAGE_SIZE = 25
STATUSES: tuple[str, ...] = get_args(Status)
SEARCHES = 20
"""Batches that one page of a search reads at most; a batch is at most 20,000 products."""


@get("/products", **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    query = page.query
    text, category = query.text("q").strip()[:255], query.text("category").strip()[:100]
    status: Any = query.text("status") if query.text("status") in STATUSES else None
    key = search_key(text) if text else None
    product_filter = ProductFilter(status=status, category=category or None, search_key=key, sort="sku")
    filters = {"list": "console products", "account": page.account_id, **product_filter._asdict()}
    try:
        after = page.services.cursors.open(query.text("after"), filters) if query.text("after") else None
    except InvalidCursor:
        after = None
    begun = after is not None
    exact = await look_up_product(page.database, page.viewer, text) if text and not begun else None
    found: list[ProductView] = []
    next_position = after
    for _ in range(SEARCHES):
        more, next_position = await list_products(
            page.database, page.viewer, product_filter, after=next_position, limit=PAGE_SIZE - len(found)
        )
        found += more
        if next_position is None or len(found) == PAGE_SIZE:
            break
    return render(
        page,
        "products.html",
        exact=exact and _row(exact),
        found=[_row(shown) for shown in found if exact is None or shown.head.id != exact.head.id],
        text=text,
        category=category,
        chosen=status or "",
        statuses=STATUSES,
        begun=begun,
        next_position=page.services.cursors.seal(next_position, filters) if next_position else None,
    )


HANDLERS = (listing,)


def _row(shown: ProductView) -> dict[str, Any]:
    return {"head": shown.head, "name": read_content(shown.content).name}
