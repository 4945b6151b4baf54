"""The SQL that reads and writes many products in one statement."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, bindparam, case, func, select

from linkxg.catalog.products.bulk.model import KeyHolder, PlannedWrite, StoredProduct, WrittenProduct
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.store import RECORD_COLUMNS, lock_identifiers, products
from linkxg.catalog.products.versions.store import BASE, publish_drafts, supersede_all, versions, with_version
from linkxg.db.bulk import insert_many, listed, prepare_any, refresh_statistics, update_many
from linkxg.db.compiled import CompiledStatement

INLINE_CHARACTERS = 16_384
"""Longer contents are not aggregated: a result is one text of a thousand contents."""
_read = msgspec.json.Decoder(list[StoredProduct]).decode
ANALYZE_FROM_ROWS = 100
"""New rows that make the planner's statistics stale."""
_STATE = ("status", "latest_version", "draft_version", "revision")
"""Columns that usually have the same values for every new product of a batch."""
_OWN = tuple(name for name in ProductRecord._fields if name not in _STATE)
_CHANGED = tuple(name for name in ProductRecord._fields if name not in ("id", "created_at"))
_state_of, _own_of, _changed = (attrgetter(*names) for names in (_STATE, _OWN, _CHANGED))


def _find_current(column: Column[Any], *conditions: ColumnElement[bool]) -> CompiledStatement:
    query = with_version(BASE).with_only_columns(*_CURRENT).where(_IN_ACCOUNT, *conditions)
    return prepare_any(column, "keys", query.where)


def _find_small(column: Column[Any], *conditions: ColumnElement[bool]) -> CompiledStatement:
    """All rows aggregated as one JSON text: SQLite then releases the interpreter lock once, not for every row."""
    content = case((func.length(versions.c.content) <= INLINE_CHARACTERS, versions.c.content), else_="")
    together = func.json_group_array(func.json_array(func.json_array(*RECORD_COLUMNS), products.c.search_key, content))
    query = with_version(BASE).with_only_columns(together).where(_IN_ACCOUNT, *conditions)
    return prepare_any(column, "keys", query.where)


def _find_holders(column: Column[Any], *conditions: ColumnElement[bool]) -> CompiledStatement:
    query = select(column, products.c.id, products.c.revision).where(_IN_ACCOUNT, *conditions)
    return prepare_any(column, "keys", query.where)


_CURRENT = (*RECORD_COLUMNS, products.c.search_key, versions.c.content)
_IN_ACCOUNT = products.c.account_id == bindparam("account")
_LIVE = products.c.status != "ARCHIVED"
_CURRENT_BY_SKU = _find_current(products.c.sku)
_CURRENT_BY_GTIN = _find_current(products.c.gtin14, _LIVE)
_SMALL_BY_SKU = _find_small(products.c.sku)
_SMALL_BY_GTIN = _find_small(products.c.gtin14, _LIVE)
_BY_SKU = _find_holders(products.c.sku)
_BY_GTIN = _find_holders(products.c.gtin14, _LIVE)
_BY_ID = _find_holders(products.c.id)


def find_stored(
    conn: Connection, account_id: str, *, skus: Sequence[str] = (), gtins: Sequence[str] = ()
) -> list[StoredProduct]:
    """The products with one of these SKUs, or one of these GTINs (14 digits; without archived products)."""
    if conn.dialect.name == "sqlite":
        by_sku = _find_aggregated(conn, account_id, _SMALL_BY_SKU, skus)
        return by_sku + _find_aggregated(conn, account_id, _SMALL_BY_GTIN, gtins)
    queries = ((_CURRENT_BY_SKU, skus), (_CURRENT_BY_GTIN, gtins))
    return [_stored(row) for query, values in queries for row in _all(conn, account_id, query, values)]


def _stored(row: Any) -> StoredProduct:
    return StoredProduct(ProductRecord._make(row[: len(RECORD_COLUMNS)]), *row[len(RECORD_COLUMNS) :])


def _find_aggregated(
    conn: Connection, account_id: str, query: CompiledStatement, keys: Sequence[str]
) -> list[StoredProduct]:
    if not keys:
        return []
    [(found,)] = _all(conn, account_id, query, keys)
    rows = _read(found)
    large = [row.head.sku for row in rows if not row.content]
    if not large:
        return rows
    small = [row for row in rows if row.content]
    return small + [_stored(row) for row in _all(conn, account_id, _CURRENT_BY_SKU, large)]


def find_holders(
    conn: Connection, account_id: str, *, skus: Sequence[str], gtins: Sequence[str]
) -> tuple[dict[str, KeyHolder], dict[str, KeyHolder]]:
    """The holders by SKU, and by GTIN (14 digits; without archived products)."""
    return _holders(conn, account_id, _BY_SKU, skus), _holders(conn, account_id, _BY_GTIN, gtins)


def _holders(conn: Connection, account_id: str, query: CompiledStatement, keys: Sequence[str]) -> dict[str, KeyHolder]:
    return {row[0]: KeyHolder(row[1], row[2]) for row in _all(conn, account_id, query, keys)}


def _all(conn: Connection, account_id: str, query: CompiledStatement, keys: Sequence[str]) -> list[Any]:
    return query.all(conn, {"account": account_id, "keys": listed(conn, keys)}) if keys else []


def write_planned(
    conn: Connection, account_id: str, created_by: str, planned: Sequence[PlannedWrite]
) -> list[WrittenProduct]:
    """Write the rows that have no conflict; the outcome of each row. Others are not written at all."""
    lock_identifiers(conn, account_id)
    if all(row.seen is None for row in planned):
        return _insert_new(conn, account_id, created_by, planned)
    outcomes = _find_outcomes(conn, account_id, planned)
    rows = [row for row, outcome in zip(planned, outcomes, strict=True) if outcome is WrittenProduct.WRITTEN]
    _insert_heads(conn, account_id, [row for row in rows if row.seen is None], unless_taken=False)
    update_many(
        conn,
        products,
        ("account_id", "id"),
        ("search_key", *_CHANGED),
        [(row.search_key, *_changed(row.head), account_id, row.head.id) for row in rows if row.seen is not None],
    )
    supersede_all(conn, account_id, [row.head.id for row in rows if row.publishes and row.version > 1])
    _insert_versions(conn, account_id, created_by, [row for row in rows if row.creates_draft])
    update_many(
        conn,
        versions,
        ("account_id", "product_id", "version"),
        ("digest", "content"),
        [
            (row.digest, row.content, account_id, row.head.id, row.version)
            for row in rows
            if not row.creates_draft and row.digest is not None
        ],
    )
    drafts = [
        (row.head.id, row.version, row.head.updated_at) for row in rows if row.publishes and not row.creates_draft
    ]
    publish_drafts(conn, account_id, created_by, drafts)
    return outcomes


def _insert_new(
    conn: Connection, account_id: str, created_by: str, planned: Sequence[PlannedWrite]
) -> list[WrittenProduct]:
    """Conflicts show in the unique indexes: a duplicate of a stored product, or of an earlier row, is not inserted."""
    outcomes = [WrittenProduct.WRITTEN] * len(planned)
    if _insert_heads(conn, account_id, planned, unless_taken=True) < len(planned):
        inserted = _holders(conn, account_id, _BY_ID, [row.head.id for row in planned])
        skipped = [index for index, row in enumerate(planned) if row.head.id not in inserted]
        by_sku = _holders(conn, account_id, _BY_SKU, [planned[index].head.sku for index in skipped])
        for index in skipped:
            is_held = planned[index].head.sku in by_sku
            outcomes[index] = WrittenProduct.STALE if is_held else WrittenProduct.DUPLICATE_GTIN
        planned = [row for row in planned if row.head.id in inserted]
    _insert_versions(conn, account_id, created_by, planned)
    return outcomes


def _insert_heads(conn: Connection, account_id: str, rows: Sequence[PlannedWrite], *, unless_taken: bool) -> int:
    """Insert new products; the number of rows inserted."""
    same: dict[str, Any] = {"account_id": account_id}
    states = {_state_of(row.head) for row in rows}
    if len(states) == 1:
        same |= dict(zip(_STATE, states.pop(), strict=True))
        columns, values = _OWN, [(*_own_of(row.head), row.search_key) for row in rows]
    else:
        columns, values = ProductRecord._fields, [(*row.head, row.search_key) for row in rows]
    inserted = insert_many(conn, products, (*columns, "search_key"), values, same=same, unless_taken=unless_taken)
    if len(rows) >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, products)
    return inserted


def _insert_versions(conn: Connection, account_id: str, created_by: str, rows: Sequence[PlannedWrite]) -> None:
    """Insert drafts, and versions that are published at once."""
    same = {"account_id": account_id, "created_by": created_by}
    insert_many(
        conn,
        versions,
        ("product_id", "version", "digest", "created_at", "content"),
        [(row.head.id, row.version, row.digest, row.head.updated_at, row.content) for row in rows if not row.publishes],
        same={**same, "status": "DRAFT"},
    )
    insert_many(
        conn,
        versions,
        ("product_id", "version", "digest", "created_at", "published_at", "content"),
        [
            (row.head.id, row.version, row.digest, row.head.updated_at, row.head.updated_at, row.content)
            for row in rows
            if row.publishes
        ],
        same={**same, "status": "PUBLISHED", "published_by": created_by},
    )
    if len(rows) >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, versions)


def _find_outcomes(conn: Connection, account_id: str, planned: Sequence[PlannedWrite]) -> list[WrittenProduct]:
    """The conflicts of each row with stored products and with earlier rows."""
    by_sku = _holders(conn, account_id, _BY_SKU, [row.head.sku for row in planned])
    by_gtin = _holders(conn, account_id, _BY_GTIN, [row.head.gtin14 for row in planned if row.head.gtin14])
    seen = dict((*by_sku.values(), *by_gtin.values()))
    remaining = [row.head.id for row in planned if row.seen is not None and row.head.id not in seen]
    seen |= dict(_holders(conn, account_id, _BY_ID, remaining).values())
    outcomes = []
    for row in planned:
        outcome = _outcome_of(row, by_sku, by_gtin, seen)
        if outcome is WrittenProduct.WRITTEN:
            by_sku[row.head.sku] = KeyHolder(row.head.id, row.head.revision)
            if row.head.gtin14 and row.head.status != "ARCHIVED":
                by_gtin[row.head.gtin14] = KeyHolder(row.head.id, row.head.revision)
            seen[row.head.id] = row.head.revision
        outcomes.append(outcome)
    return outcomes


def _outcome_of(
    row: PlannedWrite, by_sku: dict[str, KeyHolder], by_gtin: dict[str, KeyHolder], seen: dict[str, int]
) -> WrittenProduct:
    same_sku = by_sku.get(row.head.sku)
    if row.seen is None:
        if same_sku is not None:
            return WrittenProduct.STALE
    elif seen.get(row.head.id) != row.seen:
        return WrittenProduct.STALE
    elif same_sku is not None and same_sku.id != row.head.id:
        return WrittenProduct.DUPLICATE_SKU
    same_gtin = by_gtin.get(row.head.gtin14) if row.head.gtin14 else None
    if same_gtin is not None and same_gtin.id != row.head.id:
        return WrittenProduct.DUPLICATE_GTIN
    return WrittenProduct.WRITTEN
