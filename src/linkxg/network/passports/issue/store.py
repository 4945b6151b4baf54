"""The SQL of passports and their versions.

A trigger rejects changes and deletions of versions (migration 0028).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    CompoundSelect,
    Connection,
    Index,
    String,
    Table,
    Text,
    and_,
    bindparam,
    column,
    literal_column,
    select,
    text,
    union_all,
    values,
)

from linkxg.db.bulk import insert_many, listed, prepare_any, refresh_statistics, update_many
from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import unindexed
from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.db.schema import Sequence as Number
from linkxg.network.passports.documents.model import PassportRecord

MAX_LOT = MAX_SERIAL = 20
MAX_PREDECESSOR = 2_048
MAX_REASON = 1_000
ANALYZE_FROM_ROWS = 100
_IDENTITIES_PER_STATEMENT = 200

_MODEL = text("lot = '' and serial = ''")
_ITEM, _IN_LOT = text("serial <> ''"), text("lot <> ''")
_OTHER_MODEL = text("lot = '' and serial = '' and id <> product_id")

passports = Table(
    "passports",
    metadata,
    Column("account_id", String(36), nullable=False),
    # Everybody reads a passport by its id, without knowing whose it is.
    Column("id", String(36), primary_key=True),
    Column("product_id", String(36), nullable=False),
    # Empty without a lot or a serial, so that the index is unique over models too.
    Column("gtin14", String(14), nullable=False),
    Column("lot", String(MAX_LOT), nullable=False, server_default=""),
    Column("serial", String(MAX_SERIAL), nullable=False, server_default=""),
    Column("version", Number, nullable=False),
    Column("life_status", String(16), nullable=False, server_default="original"),
    Column("predecessor", String(MAX_PREDECESSOR)),
    # The passport of the product under its next GTIN.
    Column("successor_id", String(36)),
    Column("created_at", Milliseconds, nullable=False),
    Column("withdrawn_at", Milliseconds),
    Column("withdraw_reason", String(MAX_REASON)),
    Index("ix_passports_identity", "account_id", "gtin14", "lot", "serial", unique=True),
    # Of models; what else a product has is found by their GTINs. The first model of a product has the product's id and
    # is found by it: one index entry less for each row of an import, which is a tenth of the time of publishing.
    Index("ix_passports_model_product_id", "product_id", sqlite_where=_OTHER_MODEL, postgresql_where=_OTHER_MODEL),
    # Links without an account name a GTIN alone, and links of items often no lot.
    Index("ix_passports_model_gtin14", "gtin14", sqlite_where=_MODEL, postgresql_where=_MODEL),
    Index(
        "ix_passports_item_serial",
        "account_id",
        "serial",
        "gtin14",
        "lot",
        sqlite_where=_ITEM,
        postgresql_where=_ITEM,
    ),
    # A company looks for a lot or a serial number whose GTIN it does not know.
    Index(
        "ix_passports_lot",
        "account_id",
        "lot",
        "gtin14",
        "serial",
        sqlite_where=_IN_LOT,
        postgresql_where=_IN_LOT,
    ),
    sqlite_with_rowid=False,
)
passport_versions = Table(
    "passport_versions",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("passport_id", String(36), primary_key=True),
    Column("version", Number, primary_key=True, autoincrement=False),
    Column("product_id", String(36), nullable=False),
    Column("product_version", Number, nullable=False),
    Column("life_status", String(16), nullable=False, server_default="original"),
    Column("issued_at", Milliseconds, nullable=False),
    # JSON, of a batch or an item.
    Column("details", Text),
    sqlite_with_rowid=False,
)
_p, _v = passports.c, passport_versions.c
PASSPORT_COLUMNS = [_p[name] for name in PassportRecord._fields]
_is_newest = and_(_v.account_id == _p.account_id, _v.passport_id == _p.id, _v.version == _p.version)
_OF_ACCOUNT = _p.account_id == bindparam("account")
_IS_MODEL = (_p.lot == literal_column("''"), _p.serial == literal_column("''"))
IS_FIRST_MODEL = (*_IS_MODEL, _p.product_id == _p.id)
"""The model that was issued with the first version of its product."""
IS_OTHER_MODEL = (*_IS_MODEL, _p.id != _p.product_id)
"""As the index has it: a parameter would not use it."""
_MODELS_BY_GTIN = prepare_any(
    _p.gtin14, "gtins", lambda is_one_of: select(*PASSPORT_COLUMNS).where(_OF_ACCOUNT, *_IS_MODEL, is_one_of)
)
# SQLite would read all passports of the account rather than look each id up.
_OF_PRODUCTS = select(*PASSPORT_COLUMNS).where(unindexed(_p.account_id) == bindparam("account", type_=String))
_MODELS_BY_PRODUCT = (
    prepare_any(_p.id, "products", _OF_PRODUCTS.where(*IS_FIRST_MODEL).where),
    prepare_any(_p.product_id, "products", _OF_PRODUCTS.where(*IS_OTHER_MODEL).where),
)
_FIND = CompiledStatement(select(*PASSPORT_COLUMNS).where(_OF_ACCOUNT, _p.id == bindparam("passport")))


def gtins_of(product_id: str) -> CompoundSelect[Any]:
    """The GTINs of the models of a product, which usually has one."""
    gtins = select(_p.gtin14).correlate(None)
    return union_all(
        gtins.where(_p.id == product_id, *IS_FIRST_MODEL), gtins.where(_p.product_id == product_id, *IS_OTHER_MODEL)
    )


def list_models(conn: Connection, account_id: str, gtins: Sequence[str]) -> dict[str, PassportRecord]:
    """The passports of the models with these GTINs, by GTIN."""
    rows = _MODELS_BY_GTIN.all(conn, {"account": account_id, "gtins": listed(conn, gtins)})
    return {record.gtin14: record for record in map(PassportRecord._make, rows)}


def list_models_of(conn: Connection, account_id: str, product_ids: Sequence[str]) -> list[PassportRecord]:
    """The passports of models of these products, under any of their GTINs."""
    given = {"account": account_id, "products": listed(conn, product_ids)}
    return [PassportRecord._make(row) for statement in _MODELS_BY_PRODUCT for row in statement.all(conn, given)]


def list_identities(
    conn: Connection, account_id: str, gtin14: str, identities: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[PassportRecord, int, str | None]]:
    """The passports with this GTIN by (lot, serial), with the product version and details of the newest version."""
    found = {}
    for start in range(0, len(identities), _IDENTITIES_PER_STATEMENT):
        part = identities[start : start + _IDENTITIES_PER_STATEMENT]
        # A join: SQLite would look for pairs among all items of the GTIN.
        wanted = values(column("lot", String), column("serial", String), name="wanted").data(list(part)).cte()
        is_wanted = and_(_p.lot == wanted.c.lot, _p.serial == wanted.c.serial)
        query = (
            select(*PASSPORT_COLUMNS, _v.product_version, _v.details)
            .select_from(wanted.join(passports, is_wanted).join(passport_versions, _is_newest))
            .where(_p.account_id == account_id, _p.gtin14 == gtin14)
        )
        for row in conn.execute(query):
            record = PassportRecord._make(row[: len(PASSPORT_COLUMNS)])
            found[record.lot, record.serial] = (record, row.product_version, row.details)
    return found


def find_passport(conn: Connection, account_id: str, passport_id: str) -> PassportRecord | None:
    row = _FIND.first(conn, {"account": account_id, "passport": passport_id})
    return None if row is None else PassportRecord._make(row)


def find_newest_version(conn: Connection, account_id: str, passport_id: str) -> AnyRow:
    """The newest version of a passport. Raises NoResultFound if there is none."""
    query = select(passport_versions).where(_v.account_id == account_id, _v.passport_id == passport_id)
    return conn.execute(query.order_by(_v.version.desc()).limit(1)).one()


def find_product_at(conn: Connection, account_id: str, passport_id: str, at: int) -> str | None:
    """The product that a passport was of at this time."""
    query = select(_v.product_id).where(_v.account_id == account_id, _v.passport_id == passport_id, _v.issued_at <= at)
    found: str | None = conn.execute(query.order_by(_v.version.desc()).limit(1)).scalar()
    return found


def insert_passports(conn: Connection, account_id: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert passports with their version 1; the number inserted: an identity that is taken is not."""
    same = {"account_id": account_id, "version": 1}
    inserted = insert_many(conn, passports, columns, rows, same=same, unless_taken=True)
    if len(rows) >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, passports)
    return inserted


def insert_versions(conn: Connection, account_id: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    insert_many(conn, passport_versions, columns, rows, same={"account_id": account_id})
    if len(rows) >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, passport_versions)


def update_passports(
    conn: Connection, account_id: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Set the columns; each row has their values, and then the id."""
    keyed = [(*values, account_id, id) for *values, id in rows]
    update_many(conn, passports, ("account_id", "id"), columns, keyed)


def withdraw_passport(conn: Connection, account_id: str, passport_id: str, at: int, reason: str | None) -> bool:
    """False if it is withdrawn already."""
    live = passports.update().where(_p.account_id == account_id, _p.id == passport_id, _p.withdrawn_at.is_(None))
    return conn.execute(live.values(withdrawn_at=at, withdraw_reason=reason)).rowcount == 1


def list_withdrawn(conn: Connection, account_id: str) -> dict[str, tuple[int, str | None]]:
    """When each withdrawn passport was withdrawn, and why, by id."""
    query = select(_p.id, _p.withdrawn_at, _p.withdraw_reason).where(_p.account_id == account_id)
    return {row[0]: (row[1], row[2]) for row in conn.execute(query.where(_p.withdrawn_at.is_not(None)))}


def list_version_keys(conn: Connection, account_id: str) -> set[tuple[str, int]]:
    """(passport, version) of every version."""
    query = select(_v.passport_id, _v.version).where(_v.account_id == account_id)
    return {(row[0], row[1]) for row in conn.execute(query)}
