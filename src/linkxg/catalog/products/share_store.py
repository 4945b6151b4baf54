"""The SQL of shares, and the one clause by which products of other accounts are visible."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    ForeignKey,
    Index,
    ScalarSelect,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
)

from linkxg.catalog.products.share_model import ALL_PRODUCTS, OF_CATEGORY, ExpiredShare, LiveShare, subject_of
from linkxg.catalog.products.store import products
from linkxg.db.any_of import AnyOf
from linkxg.db.bulk import listed, prepare_any, refresh_statistics
from linkxg.db.row_values import is_one_of
from linkxg.db.schema import Milliseconds, metadata

_OPEN = text("withdrawn_at is null and expiry_recorded_at is null")
_WITHDRAWN, _EXPIRED = text("withdrawn_at is not null"), text("expiry_recorded_at is not null")
VIEWER, NOW = bindparam("viewer", type_=String), bindparam("now", type_=BigInteger)


def _open_index(name: str, *columns: str) -> Index:
    """Of live shares, and of those whose expiry has not been recorded yet: what has ended is not searched."""
    return Index(name, *columns, sqlite_where=_OPEN, postgresql_where=_OPEN)


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
    # Of which products: the id of one, `c:` and a category, or `*`.
    Column("subject", String(102), nullable=False),
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
    # Set when the expiry was appended to the viewer's feed.
    Column("expiry_recorded_at", Milliseconds),
    _open_index("ix_shares_viewer_subject", "viewer_id", "account_id", "subject"),
    _open_index("ix_shares_viewer_product", "viewer_id", "type", "account_id", "product_id"),
    # Those by the owner have all rows: one of few would tempt PostgreSQL, without statistics, to read by the owner what
    # a viewer sees.
    Index("ix_shares_account_product", "account_id", "withdrawn_at", "expiry_recorded_at", "type", "product_id"),
    # The next expiry of a viewer is one step, however many there were.
    _open_index("ix_shares_due", "viewer_id", "expires_at"),
    _open_index("ix_shares_open_expires_at", "expires_at"),
    Index("ix_shares_account_id_connection_id_id", "account_id", "connection_id", "id"),
    Index(
        "ix_shares_account_connection_subject",
        "account_id",
        "connection_id",
        "withdrawn_at",
        "expiry_recorded_at",
        "subject",
        "expires_at",
    ),
    Index(
        "ix_shares_account_viewer_subject", "account_id", "viewer_id", "subject", "withdrawn_at", "expiry_recorded_at"
    ),
    Index("ix_shares_withdrawn_at", "withdrawn_at", sqlite_where=_WITHDRAWN, postgresql_where=_WITHDRAWN),
    Index("ix_shares_expiry_recorded_at", "expiry_recorded_at", sqlite_where=_EXPIRED, postgresql_where=_EXPIRED),
)


def visible_to(viewer_id: ColumnElement[str], now: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a row of `shares` lets this viewer see the product of a row of `products`.

    Expiry is compared with the clock here, at each read; a withdrawal or the end of a connection sets `withdrawn_at`.
    Recording an expiry only takes the share out of the indexes.
    """
    return and_(shares.c.viewer_id == viewer_id, shows_product(now))


def shows_product(now: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a row of `shares` shows its viewer the product of a row of `products`."""
    return and_(covers_product(), is_live(now), products.c.latest_version.is_not(None))


def covers_product() -> ColumnElement[bool]:
    """The condition that a row of `shares`, live or ended, is of the product of a row of `products`."""
    return and_(shares.c.account_id == products.c.account_id, AnyOf(shares.c.subject, subjects_of_product()))


def subjects_of_product() -> list[ColumnElement[str]]:
    """The subjects of shares of the product of a row of `products`."""
    return [literal(ALL_PRODUCTS), products.c.id, literal(OF_CATEGORY) + products.c.category]


def is_subject(subject: str) -> ColumnElement[bool]:
    """The condition that the product of a row of `products` is among those of a share with this subject."""
    if subject == ALL_PRODUCTS:
        return true()
    if subject.startswith(OF_CATEGORY):
        return products.c.category == subject.removeprefix(OF_CATEGORY)
    return products.c.id == subject


def is_live(now: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(_is_open(), or_(shares.c.expires_at.is_(None), shares.c.expires_at > now))


def _is_open() -> ColumnElement[bool]:
    """The condition of the indexes."""
    return and_(shares.c.withdrawn_at.is_(None), shares.c.expiry_recorded_at.is_(None))


def withdraw_shares_of_connection(
    conn: Connection, account_id: str, connection_id: str, now: int
) -> list[tuple[str, str | None]]:
    """Withdraw everything that the account shares by this connection.

    Returns (id, product of a share of one product) of the shares that end, in the order of the ids.
    """
    statement = shares.update().where(
        shares.c.account_id == account_id, shares.c.connection_id == connection_id, is_live(literal(now))
    )
    ended = conn.execute(statement.values(withdrawn_at=now).returning(shares.c.id, shares.c.product_id))
    return sorted((share_id, product_id) for share_id, product_id in ended)


def withdraw_all_shares(conn: Connection, account_id: str, now: int) -> int:
    """Withdraw everything that the account shares; returns how many shares end."""
    statement = shares.update().where(shares.c.account_id == account_id, is_live(literal(now)))
    return conn.execute(statement.values(withdrawn_at=now)).rowcount


def list_withdrawn(conn: Connection, account_id: str) -> dict[str, int]:
    """When each share was withdrawn, by id."""
    query = select(shares.c.id, shares.c.withdrawn_at)
    found = conn.execute(query.where(shares.c.account_id == account_id, shares.c.withdrawn_at.is_not(None)))
    return {row.id: row.withdrawn_at for row in found}


def list_unwithdrawn(conn: Connection, account_id: str) -> list[str]:
    """The shares that were not withdrawn, whether they have expired or not."""
    query = select(shares.c.id).where(shares.c.account_id == account_id, shares.c.withdrawn_at.is_(None))
    return list(conn.execute(query).scalars())


def withdraw_shares(conn: Connection, account_id: str, withdrawn: Mapping[str, int]) -> None:
    """Set when each of these shares was withdrawn."""
    if withdrawn:
        one = and_(shares.c.account_id == account_id, shares.c.id == bindparam("share_id"))
        statement = shares.update().where(one).values(withdrawn_at=bindparam("at"))
        conn.execute(statement, [{"share_id": id, "at": at} for id, at in withdrawn.items()])


def record_expiries(conn: Connection, viewer_id: str, now: int, limit: int) -> list[ExpiredShare]:
    """Up to `limit` shares for this viewer that have expired, oldest first, each returned by only one call."""
    return _record_expiries(conn, now, limit, shares.c.viewer_id == viewer_id)


def record_same_expiries(
    conn: Connection, account_id: str, connection_id: str, subject: str | None, now: int, limit: int
) -> list[ExpiredShare]:
    """As `record_expiries`, of the shares of the same products by one connection."""
    same = and_(shares.c.connection_id == connection_id, shares.c.subject == subject)
    return _record_expiries(conn, now, limit, shares.c.account_id == account_id, same)


def record_all_expiries(conn: Connection, now: int, limit: int) -> list[ExpiredShare]:
    """As `record_expiries`, of the shares of every account."""
    return _record_expiries(conn, now, limit)


def _record_expiries(conn: Connection, now: int, limit: int, *which: ColumnElement[bool]) -> list[ExpiredShare]:
    """Shares that another transaction is changing are left to it: nobody waits, and no two can deadlock."""
    due = select(shares.c.account_id, shares.c.id).where(*which, _is_open(), shares.c.expires_at <= now)
    oldest = due.order_by(shares.c.expires_at).limit(limit).with_for_update(skip_locked=True)
    found = [tuple(row) for row in conn.execute(oldest)]
    if not found:
        return []
    statement = shares.update().where(is_one_of((shares.c.account_id, shares.c.id), found))
    recorded = statement.values(expiry_recorded_at=now).returning(*(shares.c[name] for name in ExpiredShare._fields))
    return sorted((ExpiredShare._make(row) for row in conn.execute(recorded)), key=lambda one: (one.expires_at, one.id))


def next_expiry(viewer_id: ColumnElement[str]) -> ScalarSelect[int | None]:
    """When the next share for this viewer expires, or has expired without being recorded, in milliseconds."""
    return select(func.min(shares.c.expires_at)).where(shares.c.viewer_id == viewer_id, _is_open()).scalar_subquery()


def _live_shares(is_given: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Two steps in one index, however many products are shared one by one."""
    query = select(*(shares.c[name] for name in LiveShare._fields)).where(
        shares.c.account_id == bindparam("account", type_=String), is_live(NOW)
    )
    return union_all(
        query.where(shares.c.type.in_([literal("ALL"), literal("CATEGORY")])),
        query.where(shares.c.type == "PRODUCT", is_given),
    )


_LIVE_SHARES = prepare_any(shares.c.product_id, "product_ids", _live_shares)


def list_live_shares(conn: Connection, account_id: str, product_ids: Sequence[str], now: int) -> list[LiveShare]:
    """The live shares of this account, of single products only those of `product_ids`."""
    if not product_ids:
        return []
    rows = _LIVE_SHARES.all(conn, {"account": account_id, "now": now, "product_ids": listed(conn, product_ids)})
    return [LiveShare._make(row) for row in rows]


def insert_share(conn: Connection, account_id: str, **values: Any) -> None:
    subject = subject_of(values["type"], values.get("product_id"), values.get("category"))
    conn.execute(shares.insert().values(account_id=account_id, subject=subject, **values))
    refresh_statistics(conn, shares)
