"""The SQL of what a page shows of an event besides its content."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.network.epcis.events.store import events

_e = events.c
_COLUMNS = ("event_id", "declaration_time", "event_time", "record_time", "content", "context", "job_id")
_MINE = _e.account_id == bindparam("account")
_BY_ID = CompiledStatement(
    select(*(_e[name] for name in _COLUMNS)).where(_MINE, _e.event_id == bindparam("event_id")).order_by(_e.id)
)
_DECLARED = prepare_any(
    _e.event_id, "ids", select(_e.event_id).where(_MINE, _e.declaration_time != "").distinct().where
)


def list_details(conn: Connection, account_id: str, event_id: str) -> list[tuple[Any, ...]]:
    """The event and its error declarations, in the order in which they were captured."""
    return _BY_ID.all(conn, {"account": account_id, "event_id": event_id})


def list_declared(conn: Connection, account_id: str, event_ids: Sequence[str]) -> list[str]:
    """Those of the ids that have an error declaration."""
    return [one for (one,) in _DECLARED.all(conn, {"account": account_id, "ids": listed(conn, event_ids)})]
