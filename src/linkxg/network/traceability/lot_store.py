"""The SQL of lots and their serials.

A serial is of a lot if its identifier contains the lot, or if an event that is about the serial has the lot's number in
its instance or lot master data (`ilmd`, CBV 2.0 §9.2).
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    literal,
    null,
    select,
)

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number, unindexed
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.documents.model import ItemRole, Level
from linkxg.network.epcis.events.store import event_items, event_values, events, items
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.walk_store import LOT_NUMBER, WalkEvent, counts

_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_serials, _lots = items.alias("serials"), items.alias("lots")
_s, _l, _ei, _e, _v = _serials.c, _lots.c, event_items.c, events.c, event_values.c
_is_about = _ei.role.in_([literal(int(ItemRole.OBSERVED)), literal(int(ItemRole.OUTPUT))])
_IS_SERIAL = and_(_s.account_id == _ACCOUNT, _s.level == int(Level.INSTANCE))
# Where rows are found by their ids.
_IS_GIVEN_SERIAL = and_(unindexed(_s.account_id) == _ACCOUNT, _s.level == int(Level.INSTANCE))
_IS_GIVEN_LOT = and_(unindexed(_l.account_id) == _ACCOUNT, _l.level == int(Level.LOT))
_IS_LOT = and_(_l.account_id == _ACCOUNT, _l.level == int(Level.LOT), _l.gtin14 == _s.gtin14)


def _is_number(lot: ColumnElement[str | None]) -> ColumnElement[bool]:
    return and_(_v.account_id == _ACCOUNT, _v.name == literal(LOT_NUMBER), _v.text == lot)


def _by_identifier(include_voided: bool) -> Select[Any]:
    """(serial, lot, no event), if some event is about each of them: an item has no time of its own."""
    query = select(_s.id.label("serial"), _l.id.label("lot"), null().cast(Integer).label("event"))
    return query.where(*(_is_known(item_id, include_voided) for item_id in (_s.id, _l.id)))


def _is_known(item_id: ColumnElement[int], include_voided: bool) -> ColumnElement[bool]:
    known = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    query = select(_e.id).select_from(known).where(_ei.account_id == _ACCOUNT, _ei.item_id == item_id)
    return query.where(counts(include_voided)).exists()


def _lots_of_serials_by_identifier(include_voided: bool) -> CompiledStatement:
    joined = OrderedJoin(_serials, _lots, and_(_IS_LOT, _l.lot == _s.lot, _l.serial.is_(None)))
    query = _by_identifier(include_voided).select_from(joined).where(_IS_GIVEN_SERIAL).limit(_ROWS)
    return prepare_any_number(_s.id, "items", query.where)


def _serials_of_lots_by_identifier(include_voided: bool) -> CompiledStatement:
    is_of_lot = and_(_IS_SERIAL, _s.gtin14 == _l.gtin14, _s.lot == _l.lot)
    query = _by_identifier(include_voided).select_from(OrderedJoin(_lots, _serials, is_of_lot))
    query = query.where(_IS_GIVEN_LOT).limit(_ROWS)
    return prepare_any_number(_l.id, "items", query.where)


def _lots_of_serials_by_event(include_voided: bool) -> CompiledStatement:
    joined = (
        OrderedJoin(_serials, event_items, and_(_ei.account_id == _ACCOUNT, _ei.item_id == _s.id, _is_about))
        .then(event_values, and_(_v.account_id == _ACCOUNT, _v.event_id == _ei.event_id, _v.name == LOT_NUMBER))
        .then(_lots, and_(_IS_LOT, _l.lot == _v.text))
    )
    return _by_event(joined, _IS_GIVEN_SERIAL, _s.id, include_voided)


def _serials_of_lots_by_event(include_voided: bool) -> CompiledStatement:
    joined = (
        OrderedJoin(_lots, event_values, _is_number(_l.lot))
        .then(event_items, and_(_ei.account_id == _ACCOUNT, _ei.event_id == _v.event_id, _is_about))
        .then(_serials, and_(_s.id == _ei.item_id, _IS_GIVEN_SERIAL, _s.gtin14 == _l.gtin14))
    )
    return _by_event(joined, _IS_GIVEN_LOT, _l.id, include_voided)


def _by_event(joined: FromClause, condition: ColumnElement[bool], item: Any, include_voided: bool) -> CompiledStatement:
    assert isinstance(joined, OrderedJoin)
    query = select(_s.id, _l.id, _ei.event_id).select_from(joined.then(events, _e.id == _ei.event_id))
    query = query.where(condition, counts(include_voided)).limit(_ROWS)
    return prepare_any_number(item, "items", query.where)


def _makers_of_lots(include_voided: bool) -> CompiledStatement:
    is_made = and_(_ei.account_id == _ACCOUNT, _ei.event_id == _v.event_id, _ei.role == literal(int(ItemRole.OUTPUT)))
    joined = (
        OrderedJoin(_lots, event_values, _is_number(_l.lot))
        .then(event_items, is_made)
        .then(_serials, and_(_s.id == _ei.item_id, _s.gtin14 == _l.gtin14))
        .then(events, _e.id == _ei.event_id)
    )
    query = select(_l.id, _ei.role, _ei.event_id, _e.transformation_id).select_from(joined).distinct()
    query = query.where(_IS_GIVEN_LOT, counts(include_voided)).limit(_ROWS)
    return prepare_any_number(_l.id, "items", query.where)


_LOTS_BY_IDENTIFIER = {voided: _lots_of_serials_by_identifier(voided) for voided in (False, True)}
_SERIALS_BY_IDENTIFIER = {voided: _serials_of_lots_by_identifier(voided) for voided in (False, True)}
_LOTS_BY_EVENT = {voided: _lots_of_serials_by_event(voided) for voided in (False, True)}
_SERIALS_BY_EVENT = {voided: _serials_of_lots_by_event(voided) for voided in (False, True)}
_MAKERS = {voided: _makers_of_lots(voided) for voided in (False, True)}
SerialLot = tuple[int, int, int | None]
"""A serial or lot, its lot or serial, and the event that says so."""


def list_lots_of_serials(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, by_event: bool, rows: int
) -> list[SerialLot]:
    """Up to `rows` (serial, its lot, event) of each kind; by events only if the account has any with lot numbers."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    given |= bounds.parameters
    found = _LOTS_BY_IDENTIFIER[bounds.include_voided].all(conn, given)
    if by_event:
        found += _LOTS_BY_EVENT[bounds.include_voided].all(conn, given)
    return found


def list_serials_of_lots(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, by_event: bool, rows: int
) -> list[SerialLot]:
    """As `list_lots_of_serials`: (lot, its serial, event)."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    given |= bounds.parameters
    found = _SERIALS_BY_IDENTIFIER[bounds.include_voided].all(conn, given)
    if by_event:
        found += _SERIALS_BY_EVENT[bounds.include_voided].all(conn, given)
    return [(lot, serial, event_id) for serial, lot, event_id in found]


def list_makers_of_lots(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[WalkEvent]:
    """The transformations that made serials of these lots, by their master data, as if they had made the lots."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    return _MAKERS[bounds.include_voided].all(conn, given | bounds.parameters)
