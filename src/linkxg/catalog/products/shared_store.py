"""The SQL of products that other accounts share with a viewer, all of it by the clause `visible_to`.

They are listed in the order of their owner and id, which no draft changes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, String, bindparam, distinct, select, tuple_

from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.share_store import NOW, VIEWER, is_live, shares, visible_to
from linkxg.catalog.products.shared_product import Grant, SharedBy
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.store import VIEW_COLUMNS, product_view_of, versions, with_version
from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import AnyRow
from linkxg.db.schema import Sequence as SequenceColumn
from linkxg.identity.accounts.store import accounts

Key = tuple[str, str]
"""(owner, product)"""


class SharedView(NamedTuple):
    """A product with one of its versions, and what the live shares show of it."""

    view: ProductView
    shared_by: SharedBy
    grants: list[Grant]


_WIDTH = len(VIEW_COLUMNS)
_SHARE = (accounts.c.id, accounts.c.name, accounts.c.slug, shares.c.connection_id, shares.c.fields, shares.c.versions)


def _visible(version: Any) -> Select[*tuple[Any, ...]]:
    """Products with that version, once for each live share that shows them to the viewer."""
    found = with_version(version).add_columns(*_SHARE)
    return found.join(shares, visible_to(VIEWER, NOW)).join(accounts, accounts.c.id == products.c.account_id)


_of_product = products.c.id == bindparam("product")
_FIND = CompiledStatement(_visible(products.c.latest_version).where(_of_product))
_FIND_VERSION = CompiledStatement(
    _visible(bindparam("version", type_=SequenceColumn)).where(_of_product, versions.c.status != "DRAFT")
)
_FIND_ALL = prepare_any(
    products.c.id, "product_ids", lambda is_one_of: _visible(products.c.latest_version).where(is_one_of)
)

_AFTER = (bindparam("owner", type_=String), bindparam("after", type_=String))
_live_of_viewer = (shares.c.viewer_id == VIEWER, is_live(NOW), shares.c.account_id >= _AFTER[0])
_is_published = products.c.latest_version.is_not(None)


def _page(query: Select[*tuple[Any, ...]], *order: Any) -> CompiledStatement:
    return CompiledStatement(query.order_by(*order).limit(bindparam("limit", type_=SequenceColumn)))


_key = (shares.c.account_id, shares.c.product_id)
_SHARED_ALONE = _page(
    select(*_key)
    .join(products, (products.c.account_id == shares.c.account_id) & (products.c.id == shares.c.product_id))
    .where(*_live_of_viewer, shares.c.type == "PRODUCT", _is_published, tuple_(*_key) > tuple_(*_AFTER))
    .group_by(*_key),
    *_key,
)
_owners = select(distinct(shares.c.account_id).label("owner")).where(*_live_of_viewer, shares.c.type == "ALL")
_all_of = _owners.order_by(shares.c.account_id).subquery()
_place = (products.c.account_id, products.c.id)
_SHARED_WITH_ALL = _page(
    select(*_place)
    .select_from(_all_of.join(products, products.c.account_id == _all_of.c.owner))
    .where(_is_published, tuple_(*_place) > tuple_(*_AFTER)),
    *_place,
)
_CATEGORIES = CompiledStatement(
    select(shares.c.account_id, shares.c.category)
    .where(*_live_of_viewer, shares.c.type == "CATEGORY")
    .group_by(shares.c.account_id, shares.c.category)
    .order_by(shares.c.account_id)
)
_OF_CATEGORY = _page(
    select(products.c.id).where(
        products.c.account_id == bindparam("owner"),
        products.c.category == bindparam("category"),
        products.c.id > bindparam("after"),
        _is_published,
    ),
    products.c.id,
)
_WITH_GTIN = CompiledStatement(
    select(products.c.id)
    .join(shares, visible_to(VIEWER, NOW))
    .where(products.c.gtin14 == bindparam("gtin"))
    .group_by(products.c.id)
)


def find_shared(
    conn: Connection, viewer_id: str, product_id: str, now: int, version: int | None = None
) -> SharedView | None:
    """A published version, by default the latest; an earlier one only if a share shows all versions."""
    values: dict[str, Any] = {"viewer": viewer_id, "now": now, "product": product_id}
    if version is None:
        rows = _FIND.all(conn, values)
    else:
        rows = _FIND_VERSION.all(conn, {**values, "version": version})
        rows = [row for row in rows if row[-1] == "ALL" or product_view_of(row[:_WIDTH]).head.latest_version == version]
    return _shared_view(rows) if rows else None


def list_shared(conn: Connection, viewer_id: str, keys: Sequence[Key], now: int) -> list[SharedView]:
    """The latest versions of these products, in this order; without those that are not visible any more."""
    if not keys:
        return []
    values = {"viewer": viewer_id, "now": now, "product_ids": listed(conn, [product_id for _, product_id in keys])}
    by_product: dict[str, list[Any]] = {}
    for row in _FIND_ALL.all(conn, values):
        by_product.setdefault(row[0], []).append(row)
    return [_shared_view(by_product[product_id]) for _, product_id in keys if product_id in by_product]


def list_shared_keys(conn: Connection, viewer_id: str, after: Key, now: int, limit: int) -> list[Key]:
    """The next products that the viewer sees."""
    values = {"viewer": viewer_id, "now": now, "owner": after[0], "after": after[1], "limit": limit}
    found: set[Key] = {tuple(row) for row in _SHARED_ALONE.all(conn, values)}
    found.update(tuple(row) for row in _SHARED_WITH_ALL.all(conn, values))
    complete = sorted(found)[:limit]
    last = complete[-1] if len(complete) == limit else None
    for owner, category in _CATEGORIES.all(conn, values):
        if last is not None and owner > last[0]:
            break
        start = after[1] if owner == after[0] else ""
        of_category = {"owner": owner, "category": category, "after": start, "limit": limit}
        found.update((owner, row[0]) for row in _OF_CATEGORY.all(conn, of_category))
        complete = sorted(found)[:limit]
        last = complete[-1] if len(complete) == limit else None
    return sorted(found)[:limit]


def list_shared_ids_with_gtin(conn: Connection, viewer_id: str, gtin14: str, now: int) -> list[str]:
    return [row[0] for row in _WITH_GTIN.all(conn, {"viewer": viewer_id, "now": now, "gtin": gtin14})]


def list_shared_versions(
    conn: Connection, account_id: str, product_id: str, *, before: int | None, limit: int
) -> list[AnyRow]:
    """Published versions of the owner's product below `before`, newest first."""
    columns = ("version", "status", "change_note", "published_at", "withdrawn_at", "withdraw_reason")
    query = select(*(versions.c[name] for name in columns)).where(
        versions.c.account_id == account_id, versions.c.product_id == product_id, versions.c.status != "DRAFT"
    )
    if before is not None:
        query = query.where(versions.c.version < before)
    return list(conn.execute(query.order_by(versions.c.version.desc()).limit(limit)))


def _shared_view(rows: Sequence[Any]) -> SharedView:
    first = rows[0]
    grants = [Grant(None if row[-2] is None else tuple(msgspec.json.decode(row[-2])), row[-1] == "ALL") for row in rows]
    return SharedView(product_view_of(first[:_WIDTH]), SharedBy(*first[_WIDTH : _WIDTH + 4]), grants)
