"""The SQL of many products at once."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from linkxg.db.many import any_of, insert_many, listed, refresh_statistics, update_many
from linkxg.products.bulk.model import Current, Planned, Written
from linkxg.products.model import Head
from linkxg.products.store import lock_identifiers, products
from linkxg.products.versions.store import BASE, shown_of, versions, with_version

_HEAD = ("id", "sku", "gtin14", "gtin_length", "category", "status", "latest_version", "draft_version", "revision",
         "created_at", "updated_at")  # fmt: skip
MANY = 100
"""From how many new rows on a plan that was made for a small table matters."""
_CHANGED = tuple(name for name in _HEAD if name not in ("id", "created_at"))


def find_current(
    conn: Connection, account_id: str, *, skus: Sequence[str] = (), gtins: Sequence[str] = ()
) -> list[Current]:
    """The products that have one of these SKUs, or one of these GTINs (14 digits; archived ones not counted)."""
    found: dict[str, Current] = {}
    for column, values in ((products.c.sku, skus), (products.c.gtin14, gtins)):
        if not values:
            continue
        query = (
            with_version(BASE)
            .add_columns(products.c.search_key)
            .where(products.c.account_id == account_id, any_of(conn, column, "wanted"))
        )
        if column is products.c.gtin14:
            query = query.where(products.c.status != "ARCHIVED")
        for row in conn.execute(query, {"wanted": listed(conn, values)}):
            shown = shown_of(row[:-1])
            found[shown.head.id] = Current(shown.head, row[-1], shown.digest, shown.content)
    return list(found.values())


def write_planned(conn: Connection, account_id: str, created_by: str, planned: Sequence[Planned]) -> list[Written]:
    """Write what still can be written as it was planned; what became of each row, in their order.

    Nothing of a row is written unless it is WRITTEN. STALE rows are to be looked up and planned again.
    """
    lock_identifiers(conn, account_id)
    outcomes = _judged(conn, account_id, planned)
    rows = [row for row, outcome in zip(planned, outcomes, strict=True) if outcome is Written.WRITTEN]
    new = [row for row in rows if row.seen is None]
    insert_many(
        conn,
        products,
        ("account_id", "search_key", *_HEAD),
        [(account_id, row.search_key, *row.head) for row in new],
    )
    if len(new) >= MANY:
        refresh_statistics(conn, products)
    update_many(
        conn,
        products,
        ("account_id", "id"),
        ("search_key", *_CHANGED),
        [(row.search_key, *_changed(row.head), account_id, row.head.id) for row in rows if row.seen is not None],
    )
    insert_many(
        conn,
        versions,
        ("account_id", "product_id", "version", "status", "digest", "created_at", "created_by", "content"),
        [
            (account_id, row.head.id, row.version, "DRAFT", row.digest, row.head.updated_at, created_by, row.content)
            for row in rows
            if row.opens
        ],
    )
    if len(new) >= MANY:
        refresh_statistics(conn, versions)
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
    return outcomes


def _changed(head: Head) -> tuple[object, ...]:
    return (*head[1:9], head[10])


def _judged(conn: Connection, account_id: str, planned: Sequence[Planned]) -> list[Written]:
    """Whether each row can be written beside what is stored and beside the rows before it."""
    by_sku = _heads(conn, account_id, "sku", (row.head.sku for row in planned))
    by_gtin = _heads(conn, account_id, "gtin14", (row.head.gtin14 for row in planned if row.head.gtin14))
    seen = dict((*by_sku.values(), *by_gtin.values()))
    moved = [row.head.id for row in planned if row.seen is not None and row.head.id not in seen]
    seen |= dict(_heads(conn, account_id, "id", moved).values())
    outcomes = []
    for row in planned:
        outcome = _judge(row, by_sku, by_gtin, seen)
        if outcome is Written.WRITTEN:
            by_sku[row.head.sku] = (row.head.id, row.head.revision)
            if row.head.gtin14 and row.head.status != "ARCHIVED":
                by_gtin[row.head.gtin14] = (row.head.id, row.head.revision)
            seen[row.head.id] = row.head.revision
        outcomes.append(outcome)
    return outcomes


_Holder = tuple[str, int]
"""(id, revision) of a product."""


def _judge(row: Planned, by_sku: dict[str, _Holder], by_gtin: dict[str, _Holder], seen: dict[str, int]) -> Written:
    same_sku = by_sku.get(row.head.sku)
    if row.seen is None:
        if same_sku is not None:
            return Written.STALE
    elif seen.get(row.head.id) != row.seen:
        return Written.STALE
    elif same_sku is not None and same_sku[0] != row.head.id:
        return Written.DUPLICATE_SKU
    same_gtin = by_gtin.get(row.head.gtin14) if row.head.gtin14 else None
    if same_gtin is not None and same_gtin[0] != row.head.id:
        return Written.DUPLICATE_GTIN
    return Written.WRITTEN


def _heads(conn: Connection, account_id: str, by: str, values: Iterable[str]) -> dict[str, _Holder]:
    """Who has which of these values now."""
    wanted = list(values)
    if not wanted:
        return {}
    column = products.c[by]
    query = select(column, products.c.id, products.c.revision).where(
        products.c.account_id == account_id, any_of(conn, column, "wanted")
    )
    if by == "gtin14":
        query = query.where(products.c.status != "ARCHIVED")
    return {row[0]: (row[1], row[2]) for row in conn.execute(query, {"wanted": listed(conn, wanted)})}
