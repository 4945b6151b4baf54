"""The SQL of many products at once."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, bindparam, case, func, select

from linkxg.db.many import insert_many, listed, prepare_any, refresh_statistics, update_many
from linkxg.db.prepared import Prepared
from linkxg.products.bulk.model import Current, Holder, Planned, Written
from linkxg.products.model import Head
from linkxg.products.store import HEAD, lock_identifiers, products
from linkxg.products.versions.store import BASE, publish_drafts, supersede_all, versions, with_version

SMALL = 16_384
"""Characters of a content up to which a thousand of them may be told at once."""
_read = msgspec.json.Decoder(list[Current]).decode
MANY = 100
"""From how many new rows on a plan that was made for a small table matters."""
# Of a head, the status, versions and revision: usually the same for all that is new in a batch.
_STANDING, _AFTER = 5, 9
_CHANGED = tuple(name for name in Head._fields if name not in ("id", "created_at"))


def _find_current(column: Column[Any], *besides: ColumnElement[bool]) -> Prepared:
    query = with_version(BASE).with_only_columns(*_CURRENT).where(_OF_ACCOUNT, *besides)
    return prepare_any(column, "wanted", query.where)


def _find_small(column: Column[Any], *besides: ColumnElement[bool]) -> Prepared:
    """All in one row, as JSON: the engine then works while other threads do, and not only between two rows."""
    content = case((func.length(versions.c.content) <= SMALL, versions.c.content), else_="")
    together = func.json_group_array(func.json_array(*_CURRENT[:-1], content))
    query = with_version(BASE).with_only_columns(together).where(_OF_ACCOUNT, *besides)
    return prepare_any(column, "wanted", query.where)


def _find_holders(column: Column[Any], *besides: ColumnElement[bool]) -> Prepared:
    query = select(column, products.c.id, products.c.revision).where(_OF_ACCOUNT, *besides)
    return prepare_any(column, "wanted", query.where)


_CURRENT = (*HEAD, products.c.search_key, versions.c.content)
_OF_ACCOUNT = products.c.account_id == bindparam("account")
_LIVE = products.c.status != "ARCHIVED"
_CURRENT_BY_SKU = _find_current(products.c.sku)
_CURRENT_BY_GTIN = _find_current(products.c.gtin14, _LIVE)
_SMALL_BY_SKU = _find_small(products.c.sku)
_SMALL_BY_GTIN = _find_small(products.c.gtin14, _LIVE)
_BY_SKU = _find_holders(products.c.sku)
_BY_GTIN = _find_holders(products.c.gtin14, _LIVE)
_BY_ID = _find_holders(products.c.id)


def find_current(
    conn: Connection, account_id: str, *, skus: Sequence[str] = (), gtins: Sequence[str] = ()
) -> list[Current]:
    """The products that have one of these SKUs, or one of these GTINs (14 digits; archived ones not counted)."""
    if conn.dialect.name == "sqlite":
        by_sku = _found_together(conn, account_id, _SMALL_BY_SKU, skus)
        return by_sku + _found_together(conn, account_id, _SMALL_BY_GTIN, gtins)
    queries = ((_CURRENT_BY_SKU, skus), (_CURRENT_BY_GTIN, gtins))
    return [Current._make(row) for query, values in queries for row in _all(conn, account_id, query, values)]


def _found_together(conn: Connection, account_id: str, query: Prepared, wanted: Sequence[str]) -> list[Current]:
    if not wanted:
        return []
    [(found,)] = _all(conn, account_id, query, wanted)
    rows = _read(found)
    large = [row.sku for row in rows if not row.content]
    if not large:
        return rows
    small = [row for row in rows if row.content]
    return small + [Current._make(row) for row in _all(conn, account_id, _CURRENT_BY_SKU, large)]


def find_holders(
    conn: Connection, account_id: str, *, skus: Sequence[str], gtins: Sequence[str]
) -> tuple[dict[str, Holder], dict[str, Holder]]:
    """Who has which of these SKUs and of these GTINs (14 digits; archived ones not counted)."""
    return _holders(conn, account_id, _BY_SKU, skus), _holders(conn, account_id, _BY_GTIN, gtins)


def _holders(conn: Connection, account_id: str, query: Prepared, wanted: Sequence[str]) -> dict[str, Holder]:
    return {row[0]: Holder(row[1], row[2]) for row in _all(conn, account_id, query, wanted)}


def _all(conn: Connection, account_id: str, query: Prepared, wanted: Sequence[str]) -> list[Any]:
    return query.all(conn, {"account": account_id, "wanted": listed(conn, wanted)}) if wanted else []


def write_planned(conn: Connection, account_id: str, created_by: str, planned: Sequence[Planned]) -> list[Written]:
    """Write what still can be written as it was planned; what became of each row, in their order.

    Nothing of a row is written unless it is WRITTEN. STALE rows are to be looked up and planned again.
    """
    lock_identifiers(conn, account_id)
    if all(row.seen is None for row in planned):
        return _insert_new(conn, account_id, created_by, planned)
    outcomes = _judged(conn, account_id, planned)
    rows = [row for row, outcome in zip(planned, outcomes, strict=True) if outcome is Written.WRITTEN]
    _insert_heads(conn, account_id, [row for row in rows if row.seen is None], unless_taken=False)
    update_many(
        conn,
        products,
        ("account_id", "id"),
        ("search_key", *_CHANGED),
        [(row.search_key, *_changed(row.head), account_id, row.head.id) for row in rows if row.seen is not None],
    )
    supersede_all(conn, account_id, [row.head.id for row in rows if row.publishes and row.version > 1])
    _insert_versions(conn, account_id, created_by, [row for row in rows if row.opens])
    update_many(
        conn,
        versions,
        ("account_id", "product_id", "version"),
        ("digest", "content"),
        [
            (row.digest, row.content, account_id, row.head.id, row.version)
            for row in rows
            if not row.opens and row.content is not None
        ],
    )
    drafts = [(row.head.id, row.version, row.head.updated_at) for row in rows if row.publishes and not row.opens]
    publish_drafts(conn, account_id, created_by, drafts)
    return outcomes


def _insert_new(conn: Connection, account_id: str, created_by: str, planned: Sequence[Planned]) -> list[Written]:
    """The database itself says whether anything is taken: a row does not go in beside what is stored or went before."""
    outcomes = [Written.WRITTEN] * len(planned)
    if _insert_heads(conn, account_id, planned, unless_taken=True) < len(planned):
        there = _holders(conn, account_id, _BY_ID, [row.head.id for row in planned])
        left_out = [place for place, row in enumerate(planned) if row.head.id not in there]
        by_sku = _holders(conn, account_id, _BY_SKU, [planned[place].head.sku for place in left_out])
        for place in left_out:
            is_held = planned[place].head.sku in by_sku
            outcomes[place] = Written.STALE if is_held else Written.DUPLICATE_GTIN
        planned = [row for row in planned if row.head.id in there]
    _insert_versions(conn, account_id, created_by, planned)
    return outcomes


def _insert_heads(conn: Connection, account_id: str, rows: Sequence[Planned], *, unless_taken: bool) -> int:
    """Of new products; how many of them could be inserted."""
    columns = (*Head._fields[:_STANDING], *Head._fields[_AFTER:], "search_key")
    values: list[tuple[Any, ...]] = [(*row.head[:_STANDING], *row.head[_AFTER:], row.search_key) for row in rows]
    standing = {row.head[_STANDING:_AFTER] for row in rows}
    same: dict[str, Any] = {"account_id": account_id}
    if len(standing) == 1:
        same |= dict(zip(Head._fields[_STANDING:_AFTER], standing.pop(), strict=True))
    else:
        columns = (*Head._fields, "search_key")
        values = [(*row.head, row.search_key) for row in rows]
    inserted = insert_many(conn, products, columns, values, same=same, unless_taken=unless_taken)
    if len(rows) >= MANY:
        refresh_statistics(conn, products)
    return inserted


def _insert_versions(conn: Connection, account_id: str, created_by: str, rows: Sequence[Planned]) -> None:
    """Drafts, and versions that are published at once."""
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
    if len(rows) >= MANY:
        refresh_statistics(conn, versions)


def _changed(head: Head) -> tuple[object, ...]:
    return (*head[1:9], head[10])


def _judged(conn: Connection, account_id: str, planned: Sequence[Planned]) -> list[Written]:
    """Whether each row can be written beside what is stored and beside the rows before it."""
    by_sku = _holders(conn, account_id, _BY_SKU, [row.head.sku for row in planned])
    by_gtin = _holders(conn, account_id, _BY_GTIN, [row.head.gtin14 for row in planned if row.head.gtin14])
    seen = dict((*by_sku.values(), *by_gtin.values()))
    moved = [row.head.id for row in planned if row.seen is not None and row.head.id not in seen]
    seen |= dict(_holders(conn, account_id, _BY_ID, moved).values())
    outcomes = []
    for row in planned:
        outcome = _judge(row, by_sku, by_gtin, seen)
        if outcome is Written.WRITTEN:
            by_sku[row.head.sku] = Holder(row.head.id, row.head.revision)
            if row.head.gtin14 and row.head.status != "ARCHIVED":
                by_gtin[row.head.gtin14] = Holder(row.head.id, row.head.revision)
            seen[row.head.id] = row.head.revision
        outcomes.append(outcome)
    return outcomes


def _judge(row: Planned, by_sku: dict[str, Holder], by_gtin: dict[str, Holder], seen: dict[str, int]) -> Written:
    same_sku = by_sku.get(row.head.sku)
    if row.seen is None:
        if same_sku is not None:
            return Written.STALE
    elif seen.get(row.head.id) != row.seen:
        return Written.STALE
    elif same_sku is not None and same_sku.id != row.head.id:
        return Written.DUPLICATE_SKU
    same_gtin = by_gtin.get(row.head.gtin14) if row.head.gtin14 else None
    if same_gtin is not None and same_gtin.id != row.head.id:
        return Written.DUPLICATE_GTIN
    return Written.WRITTEN
