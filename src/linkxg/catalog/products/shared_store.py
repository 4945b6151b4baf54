"""The SQL of products that other accounts share with a viewer, all of it by the clause `visible_to`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, and_, bindparam, case, func, select, true
from sqlalchemy.dialects.postgresql import array

from linkxg.catalog.products.share_store import NOW, VIEWER, shares, subjects_of_product, visible_to
from linkxg.catalog.products.shared_model import Grant, SharedBy, SharedProductView
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.catalog.products.versions.store import VIEW_COLUMNS, product_view_of, versions
from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin
from linkxg.identity.accounts.store import accounts

_WIDTH = len(VIEW_COLUMNS)

same_version = and_(
    versions.c.account_id == products.c.account_id,
    versions.c.product_id == products.c.id,
    versions.c.version == products.c.latest_version,
)
is_owner = accounts.c.id == products.c.account_id
_published = OrderedJoin(products, versions, same_version)
# Products with their latest version, once for each live share that shows them to the viewer.
_visible = _published.then(shares, visible_to(VIEWER, NOW)).then(accounts, is_owner)


def view_columns(share: FromClause, number: ColumnElement[int] | None = None) -> tuple[ColumnElement[Any], ...]:
    """Of a product with its latest version and one share; the content with the first of its shares alone.

    So many shares of a large content take no more memory than one.
    """
    if number is None:
        number = func.row_number().over(partition_by=products.c.id, order_by=share.c.id)
    granted = (share.c[name] for name in ("connection_id", "fields", "versions"))
    content = case((number == 1, versions.c.content))
    return (*VIEW_COLUMNS[:-1], content, accounts.c.id, accounts.c.name, accounts.c.slug, *granted)


def live_share() -> tuple[FromClause, FromClause]:
    """(the subjects of which a share of a product can be, its live shares) for PostgreSQL.

    Each subject is looked up in an index. Otherwise PostgreSQL reads all shares of the owner for each product if few
    are expected, as many as owners have on average.
    """
    subject = func.unnest(array(subjects_of_product())).table_valued("value", name="subject").render_derived()
    found = select(shares).where(shares.c.subject == subject.c.value, visible_to(VIEWER, NOW))
    return subject, found.correlate(products, subject).offset(0).lateral("visible")


def _find() -> CompiledStatement:
    """One product; its shares need no order."""
    first = func.row_number().over()
    is_asked = products.c.id == bindparam("product")
    subject, visible = live_share()
    joined = _published.join(subject, true()).join(visible, true()).join(accounts, is_owner)
    return CompiledStatement(
        select(*view_columns(shares, first)).select_from(_visible).where(is_asked),
        select(*view_columns(visible, first)).select_from(joined).where(is_asked),
    )


_FIND = _find()
_FIND_ALL = prepare_any(products.c.id, "product_ids", select(*view_columns(shares)).select_from(_visible).where)
_GRANTS = prepare_any(
    products.c.id,
    "product_ids",
    select(products.c.id, shares.c.fields, shares.c.versions)
    .select_from(OrderedJoin(products, shares, visible_to(VIEWER, NOW)))
    .where,
)


def find_shared(conn: Connection, viewer_id: str, product_id: str, now: int) -> SharedProductView | None:
    """The latest version of a product, with what the viewer sees of it."""
    rows = _FIND.all(conn, {"viewer": viewer_id, "now": now, "product": product_id})
    return shared_view_of(rows) if rows else None


def list_shared(conn: Connection, viewer_id: str, product_ids: Sequence[str], now: int) -> list[SharedProductView]:
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


def shared_view_of(rows: Sequence[Any]) -> SharedProductView:
    """The product of all rows of `view_columns` that belong to it."""
    first = next(row for row in rows if row[_WIDTH - 1] is not None)
    grants = [_grant_of(*row[-2:]) for row in rows]
    return SharedProductView(product_view_of(first[:_WIDTH]), SharedBy(*first[_WIDTH : _WIDTH + 4]), grants)


def _grant_of(fields: str | None, versions: str) -> Grant:
    return Grant(_paths(fields), versions == "ALL")


def _paths(fields: str | None) -> tuple[str, ...] | None:
    return None if fields is None else tuple(msgspec.json.decode(fields))
