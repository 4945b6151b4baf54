"""The SQL of products that other accounts share with a viewer, all of it by the clause `visible_to`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, and_, bindparam, case, func, select, true
from sqlalchemy.dialects.postgresql import array

from linkxg.catalog.products.share_store import NOW, VIEWER, shares, subjects_of_product, visible_to
from linkxg.catalog.products.shared_list_store import next_keys, page_values
from linkxg.catalog.products.shared_model import MAX_KEPT, Grant, SharedBy, SharedPosition, SharedProductView
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.catalog.products.versions.store import VIEW_COLUMNS, product_view_of, versions
from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin
from linkxg.identity.accounts.store import accounts

_WIDTH = len(VIEW_COLUMNS)
SIZES = (51, 201)
"""Products of a page for which there is a statement."""

_same_version = and_(
    versions.c.account_id == products.c.account_id,
    versions.c.product_id == products.c.id,
    versions.c.version == products.c.latest_version,
)
_is_owner = accounts.c.id == products.c.account_id
_published = OrderedJoin(products, versions, _same_version)
# Products with their latest version, once for each live share that shows them to the viewer.
_visible = _published.then(shares, visible_to(VIEWER, NOW)).then(accounts, _is_owner)


def _view(share: FromClause, number: ColumnElement[int] | None = None) -> tuple[ColumnElement[Any], ...]:
    """Of a product with its latest version and one share; the content with the first of its shares alone.

    So many shares of a large content take no more memory than one.
    """
    if number is None:
        number = func.row_number().over(partition_by=products.c.id, order_by=share.c.id)
    granted = (share.c[name] for name in ("connection_id", "fields", "versions"))
    content = case((number == 1, versions.c.content))
    return (*VIEW_COLUMNS[:-1], content, accounts.c.id, accounts.c.name, accounts.c.slug, *granted)


def _live_share() -> tuple[FromClause, FromClause]:
    """(the subjects of which a share of a product can be, its live shares) for PostgreSQL.

    Each subject is looked up in an index. Otherwise PostgreSQL reads all shares of the owner for each product if few
    are expected, as many as owners have on average.
    """
    subject = func.unnest(array(subjects_of_product())).table_valued("value", name="subject").render_derived()
    found = select(shares).where(shares.c.subject == subject.c.value, visible_to(VIEWER, NOW))
    return subject, found.correlate(products, subject).offset(0).lateral("visible")


def _page(size: int) -> CompiledStatement:
    """The next products, as far as they are visible, each with its key.

    Outer joins keep their order on both engines: a page of products is looked up, one by one.
    """
    keys = next_keys(size).subquery("keys")
    is_next = and_(products.c.account_id == keys.c.owner, products.c.id == keys.c.id)
    joined = keys.outerjoin(products, is_next).outerjoin(versions, _same_version)
    subject, visible = _live_share()
    found = []
    for one, source in (
        (shares, joined.outerjoin(shares, visible_to(VIEWER, NOW))),
        (visible, joined.outerjoin(subject.join(visible, true()), true())),
    ):
        query = select(*keys.c, *_view(one)).select_from(source.outerjoin(accounts, _is_owner))
        found.append(query.order_by(keys.c.owner, keys.c.id, one.c.id))
    return CompiledStatement(*found)


def _find() -> CompiledStatement:
    """One product; its shares need no order."""
    first = func.row_number().over()
    is_asked = products.c.id == bindparam("product")
    subject, visible = _live_share()
    joined = _published.join(subject, true()).join(visible, true()).join(accounts, _is_owner)
    return CompiledStatement(
        select(*_view(shares, first)).select_from(_visible).where(is_asked),
        select(*_view(visible, first)).select_from(joined).where(is_asked),
    )


_FIND = _find()
_FIND_ALL = prepare_any(products.c.id, "product_ids", select(*_view(shares)).select_from(_visible).where)
_PAGE, _LONG_PAGE = (_page(size) for size in SIZES)


def find_shared(conn: Connection, viewer_id: str, product_id: str, now: int) -> SharedProductView | None:
    """The latest version of a product, with what the viewer sees of it."""
    rows = _FIND.all(conn, {"viewer": viewer_id, "now": now, "product": product_id})
    return _shared_view(rows) if rows else None


def list_shared(conn: Connection, viewer_id: str, product_ids: Sequence[str], now: int) -> list[SharedProductView]:
    """The latest versions of those of the products that the viewer sees, in the given order."""
    if not product_ids:
        return []
    rows = _FIND_ALL.all(conn, {"viewer": viewer_id, "now": now, "product_ids": listed(conn, product_ids)})
    by_product: dict[str, list[Any]] = {}
    for row in rows:
        by_product.setdefault(row[0], []).append(row)
    return [_shared_view(by_product[id]) for id in product_ids if id in by_product]


def list_shared_page(
    conn: Connection, viewer_id: str, after: SharedPosition, now: int, limit: int, *, owner_id: str | None, owners: int
) -> tuple[list[SharedProductView], list[SharedPosition]]:
    """The next products that the viewer sees, of all owners or of one, and their places.

    The list may end early, with a place that ends an owner: more may follow after it.
    """
    statement = _PAGE if limit <= SIZES[0] else _LONG_PAGE
    values = page_values(viewer_id, after, now, limit, owner_id) | {"owners": owners}
    rows: dict[SharedPosition, list[Any]] = {}
    for owner, product_id, *row in statement.all(conn, values):
        rows.setdefault(SharedPosition(owner, product_id), []).append(row)
    keys = _until_incomplete([*rows])
    return [_shared_view(found) for key in keys if (found := rows[key]) and found[0][-1] is not None], keys


def _until_incomplete(keys: list[SharedPosition]) -> list[SharedPosition]:
    for place, key in enumerate(keys):
        if key.ends_owner:
            return keys[: place + 1]
    return keys


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


def _shared_view(rows: Sequence[Any]) -> SharedProductView:
    first = next(row for row in rows if row[_WIDTH - 1] is not None)
    grants = [Grant(_paths(row[-2]), row[-1] == "ALL") for row in rows]
    return SharedProductView(product_view_of(first[:_WIDTH]), SharedBy(*first[_WIDTH : _WIDTH + 4]), grants)


def _paths(fields: str | None) -> tuple[str, ...] | None:
    if fields is None:
        return None
    return _kept_paths(fields) if len(fields) <= MAX_KEPT else _read_paths(fields)


def _read_paths(fields: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(fields))


_kept_paths = lru_cache(1_024)(_read_paths)
