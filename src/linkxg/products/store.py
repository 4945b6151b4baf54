"""The SQL of products.

Whoever sets a SKU or GTIN takes `lock_identifiers` first: then a check before the write holds until the commit, and no
statement can break a unique index, which would abort the whole transaction on PostgreSQL.
"""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    Tuple,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.db.prepared import Prepared
from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.products.model import ProductRow, Wanted

STRETCH = 2_000
"""How many rows one read searches at most where no index knows the wanted ones; on SQLite a few milliseconds."""

_GIVEN = text("gtin14 is not null")
products = Table(
    "products",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    # Both engines sort by code point; a database's own collation would give each its own order of SKUs.
    Column("sku", String(64).with_variant(String(64, collation="C"), "postgresql"), nullable=False),
    Column("gtin14", String(14)),
    Column("gtin_length", SmallInteger),
    Column("category", String(100)),
    Column("name_key", Text, nullable=False),
    Column("revision", Sequence, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("updated_at", Milliseconds, nullable=False),
    # Last, so that a scan of the columns before it never reads the pages of a long content.
    Column("content", Text, nullable=False),
    Index("ix_products_account_id_sku", "account_id", "sku", unique=True),
    Index(
        "ix_products_account_id_gtin14",
        "account_id",
        "gtin14",
        unique=True,
        sqlite_where=_GIVEN,
        postgresql_where=_GIVEN,
    ),
    Index("ix_products_account_id_updated_at_id", "account_id", "updated_at", "id"),
    Index("ix_products_account_id_category_updated_at_id", "account_id", "category", "updated_at", "id"),
)

_ROW = [products.c[name] for name in ProductRow._fields]
_FIND = Prepared(
    select(*_ROW).where(products.c.account_id == bindparam("account"), products.c.id == bindparam("product"))
)


def find_product(conn: Connection, account_id: str, product_id: str) -> ProductRow | None:
    row = _FIND.first(conn, {"account": account_id, "product": product_id})
    return None if row is None else ProductRow._make(row)


def lock_identifiers(conn: Connection, account_id: str) -> None:
    """Let one transaction at a time set SKUs and GTINs of the account; SQLite has only one writer anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("products " + account_id, 0))))


def insert_product(conn: Connection, account_id: str, **values: Any) -> bool:
    """False when its SKU or GTIN is taken; `find_holders` tells which."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    statement = insert(products).values(account_id=account_id, **values).on_conflict_do_nothing()
    return conn.execute(statement).rowcount == 1


def find_holders(
    conn: Connection, account_id: str, *, sku: str, gtin14: str | None, besides: str = ""
) -> tuple[bool, bool]:
    """(whether another product than `besides` has this SKU, whether one has this GTIN)."""
    query = select(products.c.sku, products.c.gtin14).where(
        products.c.account_id == account_id,
        products.c.id != besides,
        or_(products.c.sku == sku, products.c.gtin14 == gtin14) if gtin14 else products.c.sku == sku,
    )
    found = conn.execute(query).all()
    return any(row.sku == sku for row in found), any(gtin14 and row.gtin14 == gtin14 for row in found)


def update_product(conn: Connection, account_id: str, product_id: str, *, seen: int, **values: Any) -> bool:
    """Write revision `seen` + 1; false when somebody else has written it, or deleted the product."""
    statement = (
        products.update()
        .where(products.c.account_id == account_id, products.c.id == product_id, products.c.revision == seen)
        .values(revision=seen + 1, **values)
    )
    return conn.execute(statement).rowcount == 1


def delete_product(conn: Connection, account_id: str, product_id: str, *, seen: int) -> bool:
    """False when the product is no longer at revision `seen`."""
    statement = products.delete().where(
        products.c.account_id == account_id, products.c.id == product_id, products.c.revision == seen
    )
    return conn.execute(statement).rowcount == 1


def list_products(
    conn: Connection, account_id: str, wanted: Wanted, *, after: list[Any] | None, until: list[Any] | None, limit: int
) -> list[ProductRow]:
    """Products in the wanted order, beyond the position `after` and not beyond `until`."""
    query = _in_order(select(*_ROW), account_id, wanted, after)
    if until is not None:
        query = query.where(tuple_(*_order(wanted)) <= _at(wanted, until))
    if wanted.sku is not None:
        query = query.where(products.c.sku == wanted.sku)
    if wanted.gtin14 is not None:
        query = query.where(products.c.gtin14 == wanted.gtin14)
    if wanted.sort == "sku":
        if wanted.category is not None:
            query = query.where(products.c.category == wanted.category)
        if wanted.since is not None:
            query = query.where(products.c.updated_at >= wanted.since)
    if wanted.name_key is not None:
        query = query.where(products.c.name_key.contains(wanted.name_key, autoescape=True))
    return [ProductRow._make(row) for row in conn.execute(query.limit(limit))]


def find_horizon(conn: Connection, account_id: str, wanted: Wanted, *, after: list[Any] | None) -> list[Any] | None:
    """The position of the last row of the next stretch; None when fewer rows are left."""
    query = _in_order(select(*_order(wanted)), account_id, wanted, after)
    row = conn.execute(query.offset(STRETCH - 1).limit(1)).first()
    return None if row is None else list(row)


def is_search(wanted: Wanted) -> bool:
    """Whether rows must be looked at that are then left out."""
    if wanted.sku is not None or wanted.gtin14 is not None:
        return False
    narrowed = wanted.category is not None or wanted.since is not None
    return wanted.name_key is not None or (wanted.sort == "sku" and narrowed)


def position(row: ProductRow, wanted: Wanted) -> list[Any]:
    """Where `row` stands in the wanted order."""
    return [getattr(row, column.name) for column in _order(wanted)]


def _order(wanted: Wanted) -> list[Column[Any]]:
    return [products.c.sku] if wanted.sort == "sku" else [products.c.updated_at, products.c.id]


def _at(wanted: Wanted, place: list[Any]) -> Tuple:
    return tuple_(*(literal(value, column.type) for value, column in zip(place, _order(wanted), strict=True)))


def _in_order(
    query: Select[*tuple[Any, ...]], account_id: str, wanted: Wanted, after: list[Any] | None
) -> Select[*tuple[Any, ...]]:
    """With those of the conditions that an index in this order answers."""
    order = _order(wanted)
    query = query.where(products.c.account_id == account_id).order_by(*order)
    if after is not None:
        query = query.where(tuple_(*order) > _at(wanted, after))
    if wanted.sort == "updatedAt":
        if wanted.category is not None:
            query = query.where(products.c.category == wanted.category)
        if wanted.since is not None:
            query = query.where(products.c.updated_at >= wanted.since)
    return query
