"""The SQL of the contents of events."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, String, bindparam, func, select

from linkxg.db.integers import numbered, prepare_any_number, unindexed
from linkxg.network.epcis.events.store import events

_e = events.c
_ACCOUNT = bindparam("account", type_=String)


class EventContent(NamedTuple):
    id: int
    event_id: str
    event_time: int
    record_time: int
    content: bytes
    context: str


_CONTENTS = prepare_any_number(
    _e.id,
    "events",
    select(*(_e[name] for name in EventContent._fields)).where(unindexed(_e.account_id) == _ACCOUNT).where,
)
_LENGTH = prepare_any_number(
    _e.id,
    "events",
    select(func.sum(func.length(_e.content) + func.length(_e.context)))
    .where(unindexed(_e.account_id) == _ACCOUNT)
    .where,
)


def sum_lengths(conn: Connection, account_id: str, event_ids: Iterable[int]) -> int:
    """The bytes of these events with their contexts."""
    row = _LENGTH.first(conn, {"account": account_id, "events": numbered(conn, event_ids)})
    return int(row[0] or 0)


def list_contents(conn: Connection, account_id: str, event_ids: Iterable[int]) -> list[EventContent]:
    """In the order of their times."""
    rows = _CONTENTS.all(conn, {"account": account_id, "events": numbered(conn, event_ids)})
    return sorted(map(EventContent._make, rows), key=lambda row: (row.event_time, row.id))
