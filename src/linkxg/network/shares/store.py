"""The SQL of shares as their owner sees them, and the table of acknowledgements."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Select,
    String,
    Table,
    Text,
    and_,
    distinct,
    func,
    literal,
    select,
    union_all,
)

from linkxg.catalog.products.share_model import ALL_PRODUCTS, OF_CATEGORY, subject_of
from linkxg.catalog.products.share_store import is_live, shares, shows_product
from linkxg.catalog.products.store import products
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.identity.accounts.store import accounts
from linkxg.network.shares.model import MAX_ACKNOWLEDGEMENT_REASON, ShareTerms

_WIDE = ("ALL", "CATEGORY")
acknowledgements = Table(
    "acknowledgements",
    metadata,
    # The owner of the product; the viewer acknowledges.
    Column("account_id", String(36), primary_key=True),
    Column("product_id", String(36), primary_key=True),
    Column("viewer_id", String(36), primary_key=True),
    Column("version", Sequence, nullable=False),
    Column("status", String(8), nullable=False),
    Column("reason", String(MAX_ACKNOWLEDGEMENT_REASON)),
    Column("fields", Text),
    Column("at", Milliseconds, nullable=False),
    Index("ix_acknowledgements_viewer_account_at", "viewer_id", "account_id", "at", "status"),
)
_ACKNOWLEDGEMENT = ("status", "reason", "version", "at", "fields")


def count_live(
    conn: Connection, account_id: str, connection_id: str, now: int, limit: int, *, type: str | None = None
) -> int:
    """The live shares of this side of a connection, of one type or all, counted up to `limit`."""
    live = select(shares.c.id).where(
        shares.c.account_id == account_id, shares.c.connection_id == connection_id, is_live(literal(now))
    )
    if type is not None:
        live = live.where(shares.c.type == type)
    return int(conn.execute(select(func.count()).select_from(live.limit(limit).subquery())).scalar_one())


def count_same(conn: Connection, account_id: str, connection_id: str, terms: ShareTerms, now: int) -> int:
    """The live shares of the same products by this connection."""
    query = select(func.count()).where(
        shares.c.account_id == account_id, shares.c.connection_id == connection_id, is_live(literal(now)),
        shares.c.subject == subject_of(terms.type, terms.product_id, terms.category),
    )  # fmt: skip
    return int(conn.execute(query).scalar_one())


def find_share(conn: Connection, account_id: str, share_id: str) -> AnyRow | None:
    return conn.execute(select(shares).where(shares.c.account_id == account_id, shares.c.id == share_id)).first()


def list_shares(
    conn: Connection, account_id: str, connection_id: str, *, before: str | None, limit: int
) -> list[AnyRow]:
    """Newest first."""
    query = select(shares).where(shares.c.account_id == account_id, shares.c.connection_id == connection_id)
    if before is not None:
        query = query.where(shares.c.id < before)
    return list(conn.execute(query.order_by(shares.c.id.desc()).limit(limit)))


def list_wide_shares(
    conn: Connection, account_id: str, connection_ids: Collection[str], now: int, limit: int
) -> list[AnyRow]:
    """The live shares of everything and of categories by these connections, everything first."""
    query = select(shares).where(
        shares.c.account_id == account_id, shares.c.connection_id.in_(connection_ids), shares.c.type.in_(_WIDE),
        is_live(literal(now)),
    )  # fmt: skip
    return list(conn.execute(query.order_by(shares.c.type, shares.c.category, shares.c.id).limit(limit)))


def count_product_shares(
    conn: Connection, account_id: str, connection_ids: Collection[str], now: int
) -> dict[str, int]:
    """The number of single products that are shared by each of these connections."""
    query = select(shares.c.connection_id, func.count(distinct(shares.c.product_id))).where(
        shares.c.account_id == account_id, shares.c.connection_id.in_(connection_ids), shares.c.type == "PRODUCT",
        is_live(literal(now)),
    )  # fmt: skip
    return {row[0]: row[1] for row in conn.execute(query.group_by(shares.c.connection_id))}


def withdraw_share(conn: Connection, account_id: str, share_id: str, now: int) -> bool:
    """False if it is not live any more."""
    statement = shares.update().where(shares.c.account_id == account_id, shares.c.id == share_id, is_live(literal(now)))
    return conn.execute(statement.values(withdrawn_at=now)).rowcount == 1


def covered_by(share: AnyRow | ShareTerms) -> dict[str, str | None]:
    """Which products a share covers: one, those of a category, or all."""
    return {"product_id": share.product_id, "category": share.category}


def list_published_ids(conn: Connection, account_id: str, limit: int, **covered: Any) -> list[str]:
    """The published products of a `product_id`, of a `category`, or of the account."""
    query = _published(account_id, **covered).order_by(products.c.id).limit(limit)
    return [row[0] for row in conn.execute(query)]


def count_published(conn: Connection, account_id: str, limit: int, **covered: Any) -> int:
    """As many as `list_published_ids` would find."""
    found = _published(account_id, **covered).limit(limit).subquery()
    return int(conn.execute(select(func.count()).select_from(found)).scalar_one())


def count_acknowledgements(
    conn: Connection, account_id: str, viewer_id: str, subjects: Collection[str]
) -> dict[str, Counter[str]]:
    """The number of each status, of the products of shares with these subjects; a few statements for any number."""
    answer = acknowledgements.c
    of_viewer = (answer.account_id == account_id, answer.viewer_id == viewer_id)
    found = {subject: Counter[str]() for subject in subjects}
    if ALL_PRODUCTS in found:
        query = select(answer.status, func.count()).where(*of_viewer)
        found[ALL_PRODUCTS].update({row[0]: row[1] for row in conn.execute(query.group_by(answer.status))})
    categories = [subject.removeprefix(OF_CATEGORY) for subject in found if subject.startswith(OF_CATEGORY)]
    if categories:
        group = (products.c.category, answer.status)
        query = select(*group, func.count()).join_from(acknowledgements, products, _of_acknowledgement())
        for row in conn.execute(query.where(*of_viewer, products.c.category.in_(categories)).group_by(*group)):
            found[OF_CATEGORY + row[0]][row[1]] = row[2]
    ids = [subject for subject in found if subject != ALL_PRODUCTS and not subject.startswith(OF_CATEGORY)]
    if ids:
        for row in conn.execute(select(answer.product_id, answer.status).where(*of_viewer, answer.product_id.in_(ids))):
            found[row[0]][row[1]] = 1
    return found


def list_acknowledgements(
    conn: Connection, account_id: str, viewer_id: str, limit: int, **covered: Any
) -> list[AnyRow]:
    """Those of the covered products, with the SKU; newest first."""
    answer = acknowledgements.c
    query = select(acknowledgements).where(answer.account_id == account_id, answer.viewer_id == viewer_id)
    if covered.get("category") is not None:
        query = query.join(products, _of_acknowledgement())
    query = _narrowed(query, **covered)
    # The limit applies before the SKUs are looked up.
    page = query.order_by(answer.at.desc(), answer.product_id).limit(limit).subquery()
    is_product = and_(products.c.account_id == page.c.account_id, products.c.id == page.c.product_id)
    shown = select(*page.c, products.c.sku).join_from(page, products, is_product)
    return list(conn.execute(shown.order_by(page.c.at.desc(), page.c.product_id)))


def list_shares_of_product(
    conn: Connection, account_id: str, product_id: str, now: int, *, after: str, limit: int
) -> list[AnyRow]:
    """The live shares that show it, with the partner and their acknowledgement, in the order of their ids."""
    by_viewer = and_(_of_acknowledgement(), acknowledgements.c.viewer_id == shares.c.viewer_id)
    query = (
        select(
            shares, accounts.c.name, accounts.c.slug,
            *(acknowledgements.c[name].label(f"acknowledgement_{name}") for name in _ACKNOWLEDGEMENT),
        )
        .select_from(products)
        .join(shares, shows_product(literal(now)))
        .join(accounts, accounts.c.id == shares.c.viewer_id)
        .outerjoin(acknowledgements, by_viewer)
    )  # fmt: skip
    of_account = (products.c.account_id == account_id, products.c.id == product_id, shares.c.account_id == account_id)
    query = query.where(*of_account)
    # Each half by an index.
    halves = (shares.c.type.in_(_WIDE), and_(shares.c.type == "PRODUCT", shares.c.product_id == product_id))
    found = union_all(*(query.where(half) for half in halves)).subquery()
    # Not the bare column, in whose order SQLite would read all shares of the account.
    share_id = func.coalesce(found.c.id, "")
    return list(conn.execute(select(found).where(share_id > after).order_by(share_id).limit(limit)))


def _published(account_id: str, *, product_id: str | None = None, category: str | None = None) -> Select[str]:
    query = select(products.c.id).where(products.c.account_id == account_id, products.c.latest_version.is_not(None))
    if product_id is not None:
        return query.where(products.c.id == product_id)
    return query if category is None else query.where(products.c.category == category)


def _narrowed(query: Select[Any], *, product_id: str | None = None, category: str | None = None) -> Select[Any]:
    """Acknowledgements of a product, or of a category of the joined products."""
    if product_id is not None:
        return query.where(acknowledgements.c.product_id == product_id)
    return query if category is None else query.where(products.c.category == category)


def _of_acknowledgement() -> ColumnElement[bool]:
    return and_(acknowledgements.c.account_id == products.c.account_id, acknowledgements.c.product_id == products.c.id)
