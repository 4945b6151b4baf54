"""The SQL that writes events, a batch in a few statements."""

from collections.abc import Container, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, func, select

from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.append_rows import append_rows
from linkxg.db.bulk import insert_many, listed, prepare_any, refresh_statistics, reserve_numbers
from linkxg.db.compiled import CompiledStatement
from linkxg.network.epcis.documents.model import Item, ParsedEvent
from linkxg.network.epcis.events.model import EventKey, StoredEvent
from linkxg.network.epcis.events.store import event_items, event_values, events, genealogy, items

_Row = tuple[Any, ...]
ANALYZE_FROM_ROWS = 100
"""New rows that make the planner's statistics stale."""
_EVENT = (
    "id", "event_id", "declaration_time", "type", "action", "event_time", "biz_step", "disposition", "read_point",
    "biz_location", "transformation_id", "error_reason", "content_hash", "content", "context",
)  # fmt: skip
_ITEM = ("id", "uri", "level", "gtin14", "lot", "serial")
_USE = ("item_id", "role", "event_time", "event_id", "position", "is_class", "quantity", "uom")
_PAIR = ("direction", "item_id", "other_id", "event_id")
_VALUE = ("event_id", "position", "name", "text", "number")


def _by(key: Column[str], *columns: Column[object]) -> CompiledStatement:
    query = select(key, *columns).where(key.table.c.account_id == bindparam("account"))
    return prepare_any(key, "keys", query.where)


_EVENTS = _by(events.c.event_id, events.c.declaration_time, events.c.id, events.c.content_hash)
_ITEMS = _by(items.c.uri, items.c.id)


def lock_capture(conn: Connection, account_id: str) -> None:
    """Serialise the transactions that write events of the account, so that their ids rise in the order of commits."""
    lock_until_commit(conn, f"epcis events {account_id}")


_LAST_RECORD_TIME = CompiledStatement(
    select(func.max(events.c.record_time)).where(events.c.account_id == bindparam("account"))
)


def find_next_record_time(conn: Connection, account_id: str, now: int) -> int:
    """The record time of events that are captured now, behind the lock: that of no event before is later.

    So (record time, number) is the order of commits, even if a clock is set back or another node's is ahead.
    """
    found = _LAST_RECORD_TIME.first(conn, {"account": account_id})
    return max(now, (found and found[0]) or 0)


def find_events(conn: Connection, account_id: str, event_ids: Sequence[str]) -> dict[EventKey, StoredEvent]:
    """The stored events with these ids, and their error declarations."""
    if not event_ids:
        return {}
    found = _EVENTS.all(conn, {"account": account_id, "keys": listed(conn, event_ids)})
    return {(event_id, declared): StoredEvent(number, digest) for event_id, declared, number, digest in found}


def find_items(conn: Connection, account_id: str, uris: Sequence[str]) -> dict[str, int]:
    """The numbers of the items that are known, by their URI."""
    if not uris:
        return {}
    return dict(_ITEMS.all(conn, {"account": account_id, "keys": listed(conn, uris)}))


def insert_event_rows(
    conn: Connection, account_id: str, new: Sequence[ParsedEvent], *, record_time: int, job_id: str | None
) -> tuple[Sequence[int], int]:
    """(the number of each event, how many were inserted): an event whose key is taken is not, and others are."""
    numbers = reserve_numbers(conn, events, len(new))
    # On SQLite, inserting costs no more than looking up; PostgreSQL has a faster way to insert what is new.
    known: Container[EventKey] = ()
    if conn.dialect.name != "sqlite":
        known = find_events(conn, account_id, [one.event_id for one in new])
    rows = [
        (
            number, one.event_id, one.declaration_time, one.type, one.action, one.event_time, one.biz_step,
            one.disposition, one.read_point, one.biz_location, one.transformation_id, one.error_reason,
            one.content_hash, one.content, one.context,
        )
        for number, one in zip(numbers, new, strict=True)
        if (one.event_id, one.declaration_time) not in known
    ]  # fmt: skip
    same = {"account_id": account_id, "record_time": record_time, "job_id": job_id}
    if conn.dialect.name == "sqlite":
        inserted = insert_many(conn, events, _EVENT, rows, same=same, unless_taken=True)
    else:
        append_rows(conn, events, _EVENT, rows, same=same)
        inserted = len(rows)
    if inserted >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, events)
    return numbers, inserted


def insert_items(conn: Connection, account_id: str, new: Sequence[Item]) -> Iterable[tuple[str, int]]:
    """The URI and the number of each of these items, none of which is stored yet."""
    numbers = reserve_numbers(conn, items, len(new))
    rows = [(number, *item) for number, item in zip(numbers, new, strict=True)]
    _insert(conn, account_id, items, _ITEM, rows)
    return zip((item.uri for item in new), numbers, strict=True)


def insert_uses(conn: Connection, account_id: str, rows: Sequence[_Row]) -> None:
    """Rows of (item, role, time, event, position, is_class, quantity, unit)."""
    _insert(conn, account_id, event_items, _USE, rows)


def insert_values(conn: Connection, account_id: str, rows: Sequence[_Row]) -> None:
    """Rows of (event, position, name, text, number)."""
    _insert(conn, account_id, event_values, _VALUE, rows)


def insert_genealogy(conn: Connection, account_id: str, rows: Sequence[_Row]) -> None:
    """Rows of (direction, item, other item, event) of the account's items."""
    append_rows(conn, genealogy, _PAIR, rows)
    if len(rows) >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, genealogy)


def _insert(conn: Connection, account_id: str, table: Table, columns: Sequence[str], rows: Sequence[_Row]) -> None:
    append_rows(conn, table, columns, rows, same={"account_id": account_id})
    if len(rows) >= ANALYZE_FROM_ROWS:
        refresh_statistics(conn, table)
