"""`/products`: what a client sees, seen by a person."""

from typing import Any, get_args

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.list_products import list_products
from linkxg.catalog.products.model import ProductFilter, ProductView, Status, search_key
from linkxg.catalog.products.read_product import find_by_gtin, find_by_sku, read_product
from linkxg.catalog.products.viewer import Viewer
from linkxg.console.console_services import Services
from linkxg.console.guard import page_request_of
from linkxg.console.pages import render
from linkxg.errors import InvalidCursor, NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE

PAGE_SIZE = 25
STATUSES: tuple[str, ...] = get_args(Status)
SEARCHES = 20
"""How often a page of a search looks further by itself; one look is 20,000 products at most."""


def routes(services: Services) -> list[HTTPRouteHandler]:
    @get("/products", **session_roles(EVERYONE))
    async def listing(request: Request[Any, Any, Any]) -> Response[str]:
        page = page_request_of(request)
        query = page.query
        text, category = query.text("q").strip()[:255], query.text("category").strip()[:100]
        status: Any = query.text("status") if query.text("status") in STATUSES else None
        key = search_key(text) if text else None
        wanted = ProductFilter(status=status, category=category or None, search_key=key, sort="sku")
        filters = {"list": "console products", "account": page.account_id, **wanted._asdict()}
        try:
            after = services.cursors.open(query.text("after"), filters) if query.text("after") else None
        except InvalidCursor:
            after = None
        begun = after is not None
        exact = await _exact(services, page.viewer, text) if text and not begun else None
        found: list[ProductView] = []
        following = after
        for _ in range(SEARCHES):
            more, following = await list_products(
                services.database, page.viewer, wanted, after=following, limit=PAGE_SIZE - len(found)
            )
            found += more
            if following is None or len(found) == PAGE_SIZE:
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
            following=services.cursors.seal(following, filters) if following else None,
        )

    return [listing]


def _row(shown: ProductView) -> dict[str, Any]:
    return {"head": shown.head, "name": read_content(shown.content).name}


async def _exact(services: Services, viewer: Viewer, text: str) -> ProductView | None:
    """The product whose SKU or GTIN was typed: found at once, however many there are."""
    try:
        product_id = await find_by_sku(services.database, viewer, text)
    except NotFound:
        try:
            product_id = await find_by_gtin(services.database, viewer, read_gtin(text).digits14)
        except (NotAGtin, NotFound):
            return None
    return await read_product(services.database, viewer, product_id)
