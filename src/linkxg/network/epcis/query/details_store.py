"""The SQL of what a page shows of an event besides its content."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number
from linkxg.network.epcis.events.store import events

_e = events.c
_COLUMNS = ("event_id", "declaration_time", "event_time", "record_time", "content", "context", "job_id")
_MINE = _e.account_id == bindparam("account")
MAX_BYTES = 8 * 1024 * 1024
"""Of the events of a page; it has at least one."""
_BY_ID = _MINE & (_e.event_id == bindparam("event_id"))
_SIZES = select(_e.id, func.length(_e.content) + func.length(_e.context)).where(_BY_ID)
_EVENT = CompiledStatement(_SIZES.where(_e.declaration_time == ""))
_DECLARATIONS = CompiledStatement(
    _SIZES.where(_e.declaration_time > "").order_by(_e.declaration_time.desc()).limit(bindparam("limit"))
)
_DETAILS = prepare_any_number(_e.id, "events", select(*(_e[name] for name in _COLUMNS)).where(_MINE).where)
_DECLARED = prepare_any(
    _e.event_id, "ids", select(_e.event_id).where(_MINE, _e.declaration_time != "").distinct().where
)


def list_details(conn: Connection, account_id: str, event_id: str, *, limit: int) -> tuple[list[tuple[Any, ...]], bool]:
    """The event, then up to `limit` of its error declarations, the newest, by their times; whether there are more.

    Fewer where they have more than MAX_BYTES.
    """
    given = {"account": account_id, "event_id": event_id}
    event = _EVENT.all(conn, given)
    sized = event + _DECLARATIONS.all(conn, given | {"limit": limit + 1})
    sums = accumulate((size for _, size in sized), initial=0)
    chosen = [number for (number, _), before in zip(sized, sums, strict=False) if before < MAX_BYTES][
        : len(event) + limit
    ]
    rows = _DETAILS.all(conn, {"account": account_id, "events": numbered(conn, chosen)}) if chosen else []
    return sorted(rows, key=lambda row: row[1]), len(chosen) < len(sized)


def list_declared(conn: Connection, account_id: str, event_ids: Sequence[str]) -> list[str]:
    """Those of the ids that have an error declaration."""
    return [one for (one,) in _DECLARED.all(conn, {"account": account_id, "ids": listed(conn, event_ids)})]
