"""The SQL of the access log: reads of shared products, counted by hour."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Index, String, Table, and_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.catalog.products.store import products
from linkxg.clock import DAY
from linkxg.db.compiled import CompiledStatement
from linkxg.db.row_values import is_one_of
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata

KEEP_MS = 400 * DAY
"""How long a count is kept."""

shared_reads = Table(
    "shared_reads",
    metadata,
    # The owner of the product.
    Column("account_id", String(36), primary_key=True),
    Column("viewer_id", String(36), primary_key=True),
    # Its beginning.
    Column("hour", Milliseconds, primary_key=True, autoincrement=False),
    # Empty for several products that were not counted apart.
    Column("product_id", String(36), primary_key=True),
    Column("reads", Sequence, nullable=False),
    Index("ix_shared_reads_hour", "hour"),
)
_s = shared_reads.c


class CountKey(NamedTuple):
    """What reads are counted by."""

    account_id: str
    viewer_id: str
    hour: int
    product_id: str


def _add(insert: Any) -> Any:
    added = insert(shared_reads).values({column.name: bindparam(column.name) for column in _s})
    return added.on_conflict_do_update(
        index_elements=list(shared_reads.primary_key), set_={"reads": _s.reads + added.excluded.reads}
    )


_ADD = CompiledStatement(_add(sqlite_insert), on_postgres=_add(postgres_insert))


def add_reads(conn: Connection, counts: Iterable[tuple[CountKey, int]]) -> None:
    """Add to the counts, in the order of their keys: concurrent workers lock rows in the same order."""
    _ADD.many(conn, [{**key._asdict(), "reads": reads} for key, reads in sorted(counts)])


def list_reads(
    conn: Connection, account_id: str, viewer_id: str, *, before: tuple[int, str] | None, limit: int
) -> list[AnyRow]:
    """`hour`, `product_id`, `sku` and `reads`, the newest hour first, after the position `before` in this order."""
    same = and_(products.c.account_id == _s.account_id, products.c.id == _s.product_id)
    query = select(_s.hour, _s.product_id, products.c.sku, _s.reads).select_from(shared_reads.outerjoin(products, same))
    query = query.where(_s.account_id == account_id, _s.viewer_id == viewer_id)
    if before is not None:
        hour, product_id = before
        query = query.where(_s.hour <= hour, or_(_s.hour < hour, and_(_s.hour == hour, _s.product_id < product_id)))
    return list(conn.execute(query.order_by(_s.hour.desc(), _s.product_id.desc()).limit(limit)))


def purge_reads(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` counts that are older than KEEP_MS; returns how many."""
    key = tuple(shared_reads.primary_key)
    found = [tuple(row) for row in conn.execute(select(*key).where(_s.hour < now - KEEP_MS).limit(limit))]
    if not found:
        return 0
    conn.execute(shared_reads.delete().where(is_one_of(key, found)))
    return len(found)
