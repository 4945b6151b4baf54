"""The SQL of what a query shows of events that have been found."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.events.store import events

MAX_BYTES = 8 * 1024 * 1024
"""Of the events of a page; it has at least one."""
_ACCOUNT = bindparam("account", type_=String)


class ShownEvent(NamedTuple):
    event_id: str
    record_time: int
    content: bytes
    context: str


def _shown(given: FromClause, place: ColumnElement[Any], number: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """The first of the events, as long as those before them have less than MAX_BYTES; sizes are read first."""
    mine = and_(events.c.id == number, events.c.account_id + literal("") == _ACCOUNT)
    size = func.length(events.c.content) + func.length(events.c.context)
    before = (func.sum(size).over(order_by=place) - size).label("before")
    sizes = select(place.label("place"), events.c.id, before).select_from(OrderedJoin(given, events, mine))
    sized = sizes.cte("sizes").prefix_with("MATERIALIZED")
    fits = and_(events.c.id == sized.c.id, sized.c.before < literal(MAX_BYTES))
    shown = [events.c[name] for name in ShownEvent._fields]
    return select(*shown).select_from(OrderedJoin(sized, events, fits)).order_by(sized.c.place)


def _on_sqlite() -> Select[*tuple[Any, ...]]:
    given = func.json_each(bindparam("events")).table_valued("key", "value")
    return _shown(given, given.c.key, given.c.value)


def _on_postgres() -> Select[*tuple[Any, ...]]:
    ids = cast(func.string_to_array(bindparam("events", type_=Text), ","), ARRAY(BigInteger))
    given = func.unnest(ids).table_valued("value", with_ordinality="key").render_derived()
    return _shown(given, given.c.key, given.c.value)


_SHOWN = CompiledStatement(_on_sqlite(), _on_postgres())


def list_shown(conn: Connection, account_id: str, numbers: Sequence[int]) -> list[ShownEvent]:
    """The account's events with these numbers, in their order; fewer where they have more than MAX_BYTES."""
    if not numbers:
        return []
    rows = _SHOWN.all(conn, {"account": account_id, "events": numbered(conn, numbers)})
    return [ShownEvent(row[0], row[1], bytes(row[2]), row[3]) for row in rows]
