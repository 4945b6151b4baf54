"""`/shared`: the products that partners share with the account."""

from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.identifiers.read_typed import typed_gtin
from linkxg.catalog.products.model import search_key
from linkxg.catalog.products.shared_model import SharedPosition, SharedProductView
from linkxg.catalog.products.shared_product import SharedProduct, view_shared
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.partners import connected_partners
from linkxg.errors import InvalidCursor
from linkxg.http.long_answer import long_answer
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.shared_products.find_page import SharedFilter
from linkxg.network.shared_products.list_shared import list_shared_products
from linkxg.network.shares.summary import count_fields

SHARED = "/shared"
PAGE_SIZE = 25


@get(SHARED, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    query = page.query
    text, partner = query.text("q").strip()[:255], query.text("partner").strip()[:36]
    gtin14 = _gtin14(text)
    criteria = SharedFilter(partner or None, gtin14, search_key(text) if text and gtin14 is None else None)
    filters = {"list": "console shared products", "account": page.account_id, **criteria._asdict()}
    try:
        after = page.services.cursors.open(query.text("after"), filters) if query.text("after") else None
    except InvalidCursor:
        after = None
    with long_answer(page.context) as answer:
        found, following = await list_shared_products(
            page.database, page.services.count_reads, page.account_id, criteria, _row, answer,
            after=SharedPosition._make(after) if after else None, limit=PAGE_SIZE,
        )  # fmt: skip
    partners, _ = await connected_partners(page)
    return render(
        page,
        "shared_products.html",
        found=found,
        text=text,
        partner=partner,
        partners=partners,
        begun=after is not None,
        next_position=page.services.cursors.seal([*following], filters) if following else None,
    )


HANDLERS = (listing,)


def shared_name(product: SharedProduct) -> str:
    """The name, or the SKU if the name is not shared."""
    return msgspec.json.decode(product.content).get("name") or product.sku


def _row(shown: SharedProductView) -> dict[str, Any]:
    product = view_shared(shown)
    return {"product": product, "name": shared_name(product), "fields": count_fields(product.fields)}


def _gtin14(text: str) -> str | None:
    try:
        return read_gtin(typed_gtin(text)).digits14
    except NotAGtin:
        return None
