"""The SQL of the table `products`.

A transaction that sets a SKU or GTIN calls `lock_identifiers` first: then a check before the write holds until the
commit, and no statement violates a unique index, which would abort the whole transaction on PostgreSQL.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    func,
    or_,
    select,
    text,
)

from linkxg.catalog.identifiers.sku import sku_forms
from linkxg.catalog.products.model import ProductRecord
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.compiled import CompiledStatement, update_row
from linkxg.db.insert_once import insert_once
from linkxg.db.schema import Milliseconds, Sequence, metadata

# The GTIN of an archived product may be given to another one.
_LIVE = text("gtin14 is not null and status <> 'ARCHIVED'")
_PUBLISHED = text("latest_version is not null")
_ARCHIVED = text("gtin14 is not null and status = 'ARCHIVED'")


def _published_index(name: str, *columns: str, using: str = "btree") -> Index:
    return Index(name, *columns, sqlite_where=_PUBLISHED, postgresql_where=_PUBLISHED, postgresql_using=using)


products = Table(
    "products",
    metadata,
    Column("account_id", String(36), ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    # Both engines sort by code point; with the database's collation their orders would differ.
    Column("sku", String(64).with_variant(String(64, collation="C"), "postgresql"), nullable=False),
    Column("gtin14", String(14)),
    Column("gtin_length", SmallInteger),
    Column("category", String(100)),
    Column("search_key", Text, nullable=False),
    Column("revision", Sequence, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("updated_at", Milliseconds, nullable=False),
    Column("status", String(10), nullable=False, server_default="DRAFT"),
    Column("latest_version", Sequence),
    Column("draft_version", Sequence),
    Index("ix_products_account_id_sku", "account_id", "sku", unique=True),
    Index(
        "ix_products_account_id_gtin14", "account_id", "gtin14", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
    Index("ix_products_archived_gtin14", "account_id", "gtin14", sqlite_where=_ARCHIVED, postgresql_where=_ARCHIVED),
    Index("ix_products_account_id_updated_at_id", "account_id", "updated_at", "id"),
    Index("ix_products_account_id_category_updated_at_id", "account_id", "category", "updated_at", "id"),
    # A shared product is found by its id without knowing whose it is, and listed in an order that drafts do not change.
    # By a hash on PostgreSQL, which could take an order of ids for the way to a range of one owner's products.
    _published_index("ix_products_published_id", "id", using="hash"),
    _published_index("ix_products_published_account_id_id", "account_id", "id"),
    _published_index("ix_products_published_account_id_category_id", "account_id", "category", "id"),
)
RECORD_COLUMNS = [products.c[name] for name in ProductRecord._fields]
_live = products.c.status != "ARCHIVED"
_FIND = CompiledStatement(
    select(*RECORD_COLUMNS).where(products.c.account_id == bindparam("account"), products.c.id == bindparam("product"))
)
_WITH_GTIN = select(products.c.id).where(
    products.c.account_id == bindparam("account"), products.c.gtin14 == bindparam("gtin")
)
_archived = _WITH_GTIN.where(products.c.status == "ARCHIVED")
# Ordered by the id alone, SQLite would scan the whole account.
_newest_archived = _archived.order_by(products.c.created_at.desc(), products.c.id.desc()).limit(1)
_BY_GTIN = CompiledStatement(
    select(func.coalesce(_WITH_GTIN.where(_live).scalar_subquery(), _newest_archived.scalar_subquery()))
)


def find_record(conn: Connection, account_id: str, product_id: str) -> ProductRecord | None:
    row = _FIND.first(conn, {"account": account_id, "product": product_id})
    return None if row is None else ProductRecord._make(row)


def find_search_key(conn: Connection, account_id: str, product_id: str) -> str:
    query = select(products.c.search_key).where(products.c.account_id == account_id, products.c.id == product_id)
    return str(conn.execute(query).scalar_one())


def find_id_by_sku(conn: Connection, account_id: str, sku: str) -> str | None:
    """The product with this SKU; the normal form comes before other forms."""
    query = select(products.c.id, products.c.sku).where(products.c.account_id == account_id, has_sku(sku))
    forms = sku_forms(sku)
    rows = sorted(conn.execute(query).all(), key=lambda row: forms.index(row.sku))
    return rows[0].id if rows else None


def has_category(conn: Connection, account_id: str, code: str) -> bool:
    query = select(products.c.id).where(products.c.account_id == account_id, products.c.category == code)
    return conn.execute(query.limit(1)).first() is not None


def list_categories(conn: Connection, account_id: str, limit: int) -> list[str]:
    """The codes that the products have, in order. One step in the index for each, however many products it has."""
    following = select(func.min(products.c.category)).where(products.c.account_id == account_id)
    codes = select(following.scalar_subquery().label("code")).cte("codes", recursive=True)
    after = following.where(products.c.category > codes.c.code).scalar_subquery()
    codes = codes.union_all(select(after).where(codes.c.code.is_not(None)))
    return list(conn.execute(select(codes.c.code).where(codes.c.code.is_not(None)).limit(limit)).scalars())


def list_skus(conn: Connection, account_id: str, product_ids: Collection[str]) -> dict[str, str]:
    """The SKU of each of these products, by its id."""
    query = select(products.c.id, products.c.sku)
    rows = conn.execute(query.where(products.c.account_id == account_id, products.c.id.in_(product_ids)))
    return {row.id: row.sku for row in rows}


def has_sku(sku: str) -> ColumnElement[bool]:
    """The condition that a product has this SKU in any of its forms."""
    forms = sku_forms(sku)
    return products.c.sku == sku if len(forms) == 1 else products.c.sku.in_(forms)


def find_id_by_gtin(conn: Connection, account_id: str, gtin14: str) -> str | None:
    """The product with this GTIN, or else the newest archived one."""
    product_id: str | None = _BY_GTIN.first(conn, {"account": account_id, "gtin": gtin14})[0]
    return product_id


def lock_identifiers(conn: Connection, account_id: str) -> None:
    """Serialise the transactions that set SKUs and GTINs of the account."""
    lock_until_commit(conn, f"products {account_id}")


def insert_record(conn: Connection, account_id: str, head: ProductRecord, search_key: str) -> bool:
    """False if its SKU or GTIN is a duplicate; see `find_holders`."""
    return insert_once(conn, products, {"account_id": account_id, "search_key": search_key, **head._asdict()})


class DuplicateHolder(NamedTuple):
    """The product that already has a SKU or GTIN."""

    id: str
    sku: str


def find_holders(
    conn: Connection, account_id: str, *, sku: str, gtin14: str | None, except_id: str = ""
) -> tuple[DuplicateHolder | None, DuplicateHolder | None]:
    """(the product with this SKU, the product with this GTIN), other than `except_id`."""
    same_gtin = (products.c.gtin14 == gtin14) & _live
    query = select(products.c.id, products.c.sku, products.c.gtin14).where(
        products.c.account_id == account_id,
        products.c.id != except_id,
        or_(has_sku(sku), same_gtin) if gtin14 else has_sku(sku),
    )
    found = conn.execute(query).all()
    by_sku = (DuplicateHolder(row.id, row.sku) for row in found if row.sku in sku_forms(sku))
    by_gtin = (DuplicateHolder(row.id, row.sku) for row in found if gtin14 and row.gtin14 == gtin14)
    return next(by_sku, None), next(by_gtin, None)


def update_record(conn: Connection, account_id: str, product_id: str, *, seen: int, **values: Any) -> bool:
    """Write revision `seen` + 1; false if `seen` is no longer the current revision."""
    where = {"account_id": account_id, "id": product_id, "revision": seen}
    return update_row(conn, products, where, {"revision": seen + 1, **values})


def delete_record(conn: Connection, account_id: str, product_id: str, *, seen: int) -> bool:
    """Delete a product whose versions are deleted; false if `seen` is no longer the current revision."""
    statement = products.delete().where(
        products.c.account_id == account_id, products.c.id == product_id, products.c.revision == seen
    )
    return conn.execute(statement).rowcount == 1
