"""The SQL of shares, and the one clause by which products of other accounts are visible."""

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    bindparam,
    or_,
    text,
)

from linkxg.catalog.products.store import products
from linkxg.db.schema import Milliseconds, Sequence, metadata

_LIVE = text("withdrawn_at is null")
shares = Table(
    "shares",
    metadata,
    Column("account_id", String(36), ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("viewer_id", String(36), nullable=False),
    Column("connection_id", String(36), nullable=False),
    Column("type", String(8), nullable=False),
    Column("product_id", String(36)),
    Column("category", String(100)),
    # JSON list of paths; null is the whole content.
    Column("fields", Text),
    Column("versions", String(6), nullable=False),
    Column("traceability", String(6), nullable=False),
    Column("trace_tiers", SmallInteger, nullable=False),
    Column("passport_roles", Text, nullable=False),
    Column("expires_at", Milliseconds),
    Column("created_at", Milliseconds, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("withdrawn_at", Milliseconds),
    # The viewer's feed entry of the expiry.
    Column("expiry_seq", Sequence),
    Index(
        "ix_shares_viewer_product",
        "viewer_id",
        "type",
        "account_id",
        "product_id",
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    ),
    Index("ix_shares_account_product", "account_id", "type", "product_id", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_shares_due", "viewer_id", "expires_at", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_shares_account_id_connection_id_id", "account_id", "connection_id", "id"),
)


def visible_to(viewer_id: ColumnElement[str], now: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a row of `shares` lets this viewer see the product of a row of `products`.

    Expiry is compared with the clock here, at each read; a withdrawal or the end of a connection sets `withdrawn_at`.
    """
    return and_(
        shares.c.viewer_id == viewer_id,
        shares.c.account_id == products.c.account_id,
        is_live(now),
        products.c.latest_version.is_not(None),
        or_(
            shares.c.type == "ALL",
            and_(shares.c.type == "PRODUCT", shares.c.product_id == products.c.id),
            and_(shares.c.type == "CATEGORY", shares.c.category == products.c.category),
        ),
    )


def is_live(now: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(shares.c.withdrawn_at.is_(None), or_(shares.c.expires_at.is_(None), shares.c.expires_at > now))


def withdraw_shares_of_connection(conn: Connection, account_id: str, connection_id: str, now: int) -> list[str]:
    """Withdraw everything that the account shares by this connection; returns the ids of the shares that end."""
    statement = shares.update().where(
        shares.c.account_id == account_id, shares.c.connection_id == connection_id, shares.c.withdrawn_at.is_(None)
    )
    return list(conn.execute(statement.values(withdrawn_at=now).returning(shares.c.id)).scalars())


VIEWER, NOW = bindparam("viewer", type_=String), bindparam("now", type_=BigInteger)
