"""The SQL of the events that a journey consists of."""

from collections.abc import Iterable

from sqlalchemy import Connection, String, bindparam, select

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number, unindexed
from linkxg.network.epcis.events.store import events
from linkxg.network.traceability.journey_model import LocatedEvent

_e = events.c


def _located() -> CompiledStatement:
    of_account = unindexed(_e.account_id) == bindparam("account", type_=String)
    query = select(*(_e[name] for name in LocatedEvent._fields)).where(of_account)
    return prepare_any_number(_e.id, "events", query.where)


_LOCATED = _located()


def list_located_events(conn: Connection, account_id: str, event_ids: Iterable[int]) -> list[LocatedEvent]:
    rows = _LOCATED.all(conn, {"account": account_id, "events": numbered(conn, event_ids)})
    return [*map(LocatedEvent._make, rows)]
