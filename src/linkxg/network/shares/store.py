"""The SQL of shares as their owner sees them, and the table of acknowledgements."""

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
    or_,
    select,
)

from linkxg.catalog.products.share_store import is_live, shares, shows_product, subject_of
from linkxg.catalog.products.store import products
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.identity.accounts.store import accounts
from linkxg.network.shares.model import ShareTerms

acknowledgements = Table(
    "acknowledgements",
    metadata,
    # The owner of the product; the viewer acknowledges.
    Column("account_id", String(36), primary_key=True),
    Column("product_id", String(36), primary_key=True),
    Column("viewer_id", String(36), primary_key=True),
    Column("version", Sequence, nullable=False),
    Column("status", String(8), nullable=False),
    Column("reason", String(1000)),
    Column("fields", Text),
    Column("at", Milliseconds, nullable=False),
    Index("ix_acknowledgements_viewer_id", "viewer_id", "account_id"),
)


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
        shares.c.account_id == account_id, shares.c.connection_id.in_(connection_ids), shares.c.type != "PRODUCT",
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


def list_published_ids(conn: Connection, account_id: str, limit: int, **subject: Any) -> list[str]:
    """The published products of a `product_id`, of a `category`, or of the account."""
    covered = _published(account_id, **subject).order_by(products.c.id).limit(limit)
    return [row[0] for row in conn.execute(covered)]


def count_published(conn: Connection, account_id: str, limit: int, **subject: Any) -> int:
    """As many as `list_published_ids` would find."""
    covered = _published(account_id, **subject).limit(limit).subquery()
    return int(conn.execute(select(func.count()).select_from(covered)).scalar_one())


def count_acknowledgements(conn: Connection, account_id: str, viewer_id: str, **subject: Any) -> dict[str, int]:
    """The number of each status, of those products."""
    query = select(acknowledgements.c.status, func.count()).where(
        acknowledgements.c.account_id == account_id, acknowledgements.c.viewer_id == viewer_id
    )
    if subject.get("product_id") is not None:
        query = query.where(acknowledgements.c.product_id == subject["product_id"])
    elif subject.get("category") is not None:
        query = query.join(products, _of_acknowledgement()).where(products.c.category == subject["category"])
    return {row[0]: row[1] for row in conn.execute(query.group_by(acknowledgements.c.status))}


def list_acknowledgements(
    conn: Connection, account_id: str, viewer_id: str, limit: int, **subject: Any
) -> list[AnyRow]:
    """Those of the covered products, with the SKU; newest first."""
    query = (
        select(acknowledgements, products.c.sku)
        .join(products, _of_acknowledgement())
        .where(acknowledgements.c.account_id == account_id, acknowledgements.c.viewer_id == viewer_id)
    )
    if subject.get("product_id") is not None:
        query = query.where(acknowledgements.c.product_id == subject["product_id"])
    elif subject.get("category") is not None:
        query = query.where(products.c.category == subject["category"])
    newest_first = (acknowledgements.c.at.desc(), acknowledgements.c.product_id)
    return list(conn.execute(query.order_by(*newest_first).limit(limit)))


def list_shares_of_product(
    conn: Connection, account_id: str, product_id: str, now: int, *, after: str, limit: int
) -> list[AnyRow]:
    """The live shares that show it, with the partner and their acknowledgement, in the order of their ids."""
    answered = and_(_of_acknowledgement(), acknowledgements.c.viewer_id == shares.c.viewer_id)
    answer = (acknowledgements.c[name] for name in ("status", "reason", "version", "at"))
    query = (
        select(
            shares, accounts.c.name, accounts.c.slug, *(column.label(f"answer_{column.name}") for column in answer),
            acknowledgements.c.fields.label("answer_fields"),
        )
        .select_from(products)
        .join(shares, shows_product(literal(now)))
        .join(accounts, accounts.c.id == shares.c.viewer_id)
        .outerjoin(acknowledgements, answered)
    )  # fmt: skip
    of_account = (products.c.account_id == account_id, products.c.id == product_id, shares.c.account_id == account_id)
    # By the index of single products and of the rest.
    covers = or_(shares.c.type != "PRODUCT", shares.c.product_id == product_id)
    query = query.where(*of_account, covers, shares.c.id > after)
    return list(conn.execute(query.order_by(shares.c.id).limit(limit)))


def _published(account_id: str, *, product_id: str | None = None, category: str | None = None) -> Select[str]:
    query = select(products.c.id).where(products.c.account_id == account_id, products.c.latest_version.is_not(None))
    if product_id is not None:
        return query.where(products.c.id == product_id)
    return query if category is None else query.where(products.c.category == category)


def _of_acknowledgement() -> ColumnElement[bool]:
    return and_(acknowledgements.c.account_id == products.c.account_id, acknowledgements.c.product_id == products.c.id)
