"""The SQL of timelines: the newest events of an item, and of containers while it was in them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.documents.model import ItemRole
from linkxg.network.epcis.events.store import event_items, event_values, events
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.walk_store import counts, is_voided

_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_ei, _e, _v = event_items.c, events.c, event_values.c
_SHOWN = (
    "id", "event_id", "type", "action", "event_time", "record_time", "biz_step", "disposition", "read_point",
    "biz_location",
)  # fmt: skip
SET, UNSET = "persistentDisposition_set", "persistentDisposition_unset"


class TimelineSource(NamedTuple):
    """An item whose events belong to a timeline from `since` to `until`, both included."""

    item_id: int
    since: int
    until: int


class TimelineRow(NamedTuple):
    id: int
    event_id: str
    type: str
    action: str | None
    event_time: int
    record_time: int
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    is_voided: int
    source: int
    """The position of the first source that the event belongs to; 0 is the item itself."""


def _timeline(sources: FromClause, position: Any, item: Any, since: Any, until: Any, include_voided: bool) -> Any:
    of_container = or_(
        position == 0,
        _ei.role != int(ItemRole.PARENT),
        _e.type != "AggregationEvent",
        and_(_e.action == "DELETE", _e.event_time == until),
    )
    joined = OrderedJoin(sources, event_items, and_(_ei.account_id == _ACCOUNT, _ei.item_id == item))
    voided = case((or_(_e.declaration_time != "", is_voided()), 1), else_=0) if include_voided else literal(0)
    shown = [_e[name] for name in _SHOWN]
    query = (
        select(*shown, voided.label("is_voided"), func.min(position).label("source"))
        .select_from(joined.then(events, _e.id == _ei.event_id))
        .where(_ei.event_time >= since, _ei.event_time <= until, of_container, counts(include_voided))
        .group_by(*shown, _e.declaration_time, _e.account_id)
        .order_by(_e.event_time.desc(), _e.id.desc())
    )
    return query.limit(_ROWS)


def _on_sqlite(include_voided: bool) -> Any:
    each = func.json_each(bindparam("sources")).table_valued("key", "value")
    item, since, until = (func.json_extract(each.c.value, literal(f"$[{n}]")) for n in range(3))
    return _timeline(each, each.c.key, item, since, until, include_voided)


def _on_postgres(include_voided: bool) -> Any:
    numbers = [
        cast(func.string_to_array(bindparam(name, type_=Text), ","), ARRAY(BigInteger))
        for name in ("positions", "item_ids", "sinces", "untils")
    ]
    each = func.unnest(*numbers).table_valued("position", "item", "since", "until").render_derived()
    c = each.c
    position = cast(c.position, Integer)
    item, since, until = (cast(column, BigInteger) for column in (c.item, c.since, c.until))
    return _timeline(each, position, item, since, until, include_voided)


_TIMELINE = {voided: CompiledStatement(_on_sqlite(voided), _on_postgres(voided)) for voided in (False, True)}


def list_timeline(
    conn: Connection, account_id: str, sources: Sequence[TimelineSource], bounds: Bounds, *, rows: int
) -> list[TimelineRow]:
    """Up to `rows` events, the newest first."""
    given: dict[str, Any] = {"account": account_id, "rows": rows} | bounds.parameters
    if conn.dialect.name == "sqlite":
        given["sources"] = "[" + ",".join(f"[{one.item_id},{one.since},{one.until}]" for one in sources) + "]"
    else:
        columns = zip(*sources, strict=True)
        given |= {name: numbered(conn, column) for name, column in zip(_COLUMNS, columns, strict=True)}
        given["positions"] = numbered(conn, range(len(sources)))
    return [*map(TimelineRow._make, _TIMELINE[bounds.include_voided].all(conn, given))]


_COLUMNS = ("item_ids", "sinces", "untils")


def _is_disposition() -> ColumnElement[bool]:
    return _v.name.in_([literal(SET), literal(UNSET)])


def _dispositions(include_voided: bool) -> CompiledStatement:
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id).then(
        event_values, and_(_v.account_id == _ACCOUNT, _v.event_id == _ei.event_id, _is_disposition())
    )
    query = select(_e.event_time, _e.id, _v.name, _v.text).select_from(joined).distinct()
    query = query.where(_ei.account_id == _ACCOUNT, _ei.item_id == bindparam("item", type_=BigInteger))
    query = query.where(counts(include_voided)).order_by(_e.event_time.desc(), _e.id.desc()).limit(_ROWS)
    return CompiledStatement(query)


_DISPOSITIONS = {voided: _dispositions(voided) for voided in (False, True)}


def list_persistent_dispositions(
    conn: Connection, account_id: str, item_id: int, bounds: Bounds, *, rows: int
) -> Iterable[tuple[int, int, str, str]]:
    """Up to `rows` (time, event, SET or UNSET, disposition), the newest first."""
    given: dict[str, Any] = {"account": account_id, "item": item_id, "rows": rows} | bounds.parameters
    found: list[tuple[int, int, str, str]] = _DISPOSITIONS[bounds.include_voided].all(conn, given)
    return found
