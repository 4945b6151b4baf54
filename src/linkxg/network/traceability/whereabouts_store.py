"""The SQL of where items are: dispositions and places of own events about many items."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, String, bindparam, func, or_, select

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.events.store import event_items, events
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.walk_store import counts

_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_ei, _e = event_items.c, events.c


class PlacedRow(NamedTuple):
    item_id: int
    event_time: int
    event_id: int
    disposition: str | None
    place: str | None


def _placed(include_voided: bool) -> CompiledStatement:
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    place = func.coalesce(_e.biz_location, _e.read_point)
    query = select(_ei.item_id, _e.event_time, _e.id, _e.disposition, place).select_from(joined)
    says = or_(_e.disposition.is_not(None), _e.biz_location.is_not(None), _e.read_point.is_not(None))
    query = query.where(_ei.account_id == _ACCOUNT, says, counts(include_voided)).limit(_ROWS)
    return prepare_any_number(_ei.item_id, "items", query.where)


_PLACED = {voided: _placed(voided) for voided in (False, True)}


def list_placed(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[PlacedRow]:
    """Up to `rows` events about these items that say where they are, or in what state; in no order."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    return [*map(PlacedRow._make, _PLACED[bounds.include_voided].all(conn, given | bounds.parameters))]
