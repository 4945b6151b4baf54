"""The SQL of containment: aggregations, by their children and by their parents (EPCIS 2.0 §7.4.3)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, String, bindparam, literal, select

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.documents.model import ItemRole
from linkxg.network.epcis.events.store import event_items, events
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.walk_store import counts

_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_ei, _e = event_items.c, events.c
_other = event_items.alias("other")


class Aggregation(NamedTuple):
    """An item, its container or content, and the event that says so."""

    item_id: int
    other_id: int
    event_id: int
    event_time: int
    action: str


def _aggregations(role: ItemRole, other: ItemRole, include_voided: bool) -> CompiledStatement:
    o = _other.c
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id).then(
        _other, (o.account_id == _ACCOUNT) & (o.event_id == _ei.event_id) & (o.role == literal(int(other)))
    )
    query = select(_ei.item_id, o.item_id, _ei.event_id, _e.event_time, _e.action).select_from(joined)
    query = query.where(_ei.account_id == _ACCOUNT, _ei.role == literal(int(role)), counts(include_voided))
    query = query.where(_e.type == literal("AggregationEvent"))
    return prepare_any_number(_ei.item_id, "items", query.limit(_ROWS).where)


_CONTAINERS = {voided: _aggregations(ItemRole.CHILD, ItemRole.PARENT, voided) for voided in (False, True)}
_CONTENTS = {voided: _aggregations(ItemRole.PARENT, ItemRole.CHILD, voided) for voided in (False, True)}


def list_containers(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[Aggregation]:
    """Up to `rows` aggregations of these children, with their parents."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    return [*map(Aggregation._make, _CONTAINERS[bounds.include_voided].all(conn, given | bounds.parameters))]


def list_contents(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[Aggregation]:
    """Up to `rows` aggregations to these parents, with their children."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    return [*map(Aggregation._make, _CONTENTS[bounds.include_voided].all(conn, given | bounds.parameters))]


def _emptied(include_voided: bool) -> CompiledStatement:
    """A DELETE without children ends the containment of all of them."""
    o = _other.c
    has_children = (
        select(o.item_id)
        .where(o.account_id == _ACCOUNT, o.event_id == _ei.event_id, o.role == literal(int(ItemRole.CHILD)))
        .exists()
    )
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    query = select(_ei.item_id, _ei.event_id, _e.event_time).select_from(joined)
    query = query.where(_ei.account_id == _ACCOUNT, _ei.role == literal(int(ItemRole.PARENT)), counts(include_voided))
    query = query.where(_e.type == literal("AggregationEvent"), _e.action == literal("DELETE"), ~has_children)
    return prepare_any_number(_ei.item_id, "items", query.limit(_ROWS).where)


_EMPTIED = {voided: _emptied(voided) for voided in (False, True)}


def list_emptied(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[tuple[int, int, int]]:
    """Up to `rows` (container, event, time) at which all contents were taken out of these containers."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    return _EMPTIED[bounds.include_voided].all(conn, given | bounds.parameters)
