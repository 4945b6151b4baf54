"""The SQL of products that other accounts share with a viewer, all of it by the clause `visible_to`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, case, func, select

from linkxg.catalog.products.share_store import NOW, VIEWER, shares, visible_to
from linkxg.catalog.products.shared_model import Grant, SharedBy, SharedView
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.catalog.products.versions.store import VIEW_COLUMNS, product_view_of, versions
from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin
from linkxg.identity.accounts.store import accounts

_WIDTH = len(VIEW_COLUMNS)
_SHARE = (accounts.c.id, accounts.c.name, accounts.c.slug, shares.c.connection_id, shares.c.fields, shares.c.versions)


same_version = and_(
    versions.c.account_id == products.c.account_id,
    versions.c.product_id == products.c.id,
    versions.c.version == products.c.latest_version,
)
_joined = OrderedJoin(products, versions, same_version).then(shares, visible_to(VIEWER, NOW))
# With one row of each product, so that many shares of a large content take no more memory than one.
_content = case((func.row_number().over(partition_by=products.c.id, order_by=shares.c.id) == 1, versions.c.content))
# Products with their latest version, once for each live share that shows them to the viewer.
VIEW = (*VIEW_COLUMNS[:-1], _content, *_SHARE)
_VISIBLE = select(*VIEW).select_from(_joined.then(accounts, accounts.c.id == products.c.account_id))
_FIND = CompiledStatement(_VISIBLE.where(products.c.id == bindparam("product")))
_FIND_ALL = prepare_any(products.c.id, "product_ids", _VISIBLE.where)
_GRANTS = prepare_any(
    products.c.id,
    "product_ids",
    select(products.c.id, shares.c.fields, shares.c.versions)
    .select_from(OrderedJoin(products, shares, visible_to(VIEWER, NOW)))
    .where,
)


def find_shared(conn: Connection, viewer_id: str, product_id: str, now: int) -> SharedView | None:
    """The latest version of a product, with what the viewer sees of it."""
    rows = _FIND.all(conn, {"viewer": viewer_id, "now": now, "product": product_id})
    return shared_view_of(rows) if rows else None


def list_shared(conn: Connection, viewer_id: str, product_ids: Sequence[str], now: int) -> list[SharedView]:
    """The latest versions of those of the products that the viewer sees, in the given order."""
    if not product_ids:
        return []
    rows = _FIND_ALL.all(conn, {"viewer": viewer_id, "now": now, "product_ids": listed(conn, product_ids)})
    by_product: dict[str, list[Any]] = {}
    for row in rows:
        by_product.setdefault(row[0], []).append(row)
    return [shared_view_of(by_product[id]) for id in product_ids if id in by_product]


def list_grants(conn: Connection, viewer_id: str, product_ids: Sequence[str], now: int) -> dict[str, list[Grant]]:
    """What each live share shows the viewer of these products; nothing of those that they do not see."""
    if not product_ids:
        return {}
    found: dict[str, list[Grant]] = {}
    rows = _GRANTS.all(conn, {"viewer": viewer_id, "now": now, "product_ids": listed(conn, product_ids)})
    for product_id, *share in rows:
        found.setdefault(product_id, []).append(_grant_of(*share))
    return found


def list_published_versions(
    conn: Connection, account_id: str, product_id: str, *, before: int | None, limit: int
) -> list[VersionRow]:
    """Published versions of the owner's product below `before`, newest first."""
    query = select(*(versions.c[name] for name in VersionRow._fields)).where(
        versions.c.account_id == account_id, versions.c.product_id == product_id, versions.c.status != "DRAFT"
    )
    if before is not None:
        query = query.where(versions.c.version < before)
    rows = conn.execute(query.order_by(versions.c.version.desc()).limit(limit))
    return [VersionRow._make(row) for row in rows]


def shared_view_of(rows: Sequence[Any]) -> SharedView:
    """The product of all rows of a `VIEW` that belong to it."""
    first = next(row for row in rows if row[_WIDTH - 1] is not None)
    grants = [_grant_of(*row[-2:]) for row in rows]
    return SharedView(product_view_of(first[:_WIDTH]), SharedBy(*first[_WIDTH : _WIDTH + 4]), grants)


def _grant_of(fields: str | None, versions: str) -> Grant:
    return Grant(paths_of(fields), versions == "ALL")


@lru_cache(4_096)
def paths_of(fields: str | None) -> tuple[str, ...] | None:
    return None if fields is None else tuple(msgspec.json.decode(fields))
