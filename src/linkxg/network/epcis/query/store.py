"""The SQL of queries: one page of events, their number, the values that events have, and events by their id."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    union_all,
)

from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.documents.model import Level
from linkxg.network.epcis.events.store import event_values, events, items
from linkxg.network.epcis.query import shown_store
from linkxg.network.epcis.query.filter_store import clause, clauses, compared
from linkxg.network.epcis.query.model import Condition, EventQuery, ItemsMatch, TextColumn, TimeIs
from linkxg.network.epcis.query.source_store import (
    FEW,
    Source,
    after,
    has_many_items,
    has_order,
    rank,
    resolve_items,
    source_of,
)

AnySelect = Select[*tuple[Any, ...]]
WALKED = 1_000
"""Events that are looked at before anything is counted: fewer look-ups than the count takes."""
Position = Sequence[Any]
"""The sort key of the last event of a page, and its number."""
SHOWN = [events.c[name] for name in shown_store.ShownEvent._fields]
_TIMES = {"eventTime": events.c.event_time, "recordTime": events.c.record_time}
# Lower than any number that a query finds.
_LOWEST = -1.7e308


class FoundEvent(NamedTuple):
    """`position` is its place in the order of the query."""

    position: tuple[Any, ...]
    event_id: str
    record_time: int
    content: bytes
    context: str


def is_quick(query: EventQuery) -> bool:
    """Whether an index has the page in its order, whatever it contains."""
    others = [one for one in query.conditions if not isinstance(one, TimeIs)]
    columns = {one.column for one in query.conditions if isinstance(one, TimeIs)}
    if query.order_by not in _TIMES or columns - {_TIMES[query.order_by].name}:
        return False
    return not others or (query.order_by == "eventTime" and len(others) == 1 and has_order(others[0]))


def list_events(
    conn: Connection, account_id: str, query: EventQuery, *, at: Position | None, limit: int
) -> tuple[list[FoundEvent], int]:
    """(events in the order of the query, from the first or behind the position `at`; how many of `limit` there are).

    The list is shorter where the events together have more than `shown_store.MAX_BYTES`.
    """
    places = _walked(conn, account_id, query, at, limit)
    if places is None:
        page = _page(conn, account_id, query, at, limit)
        if page is None:
            return [], 0
        places = [tuple(row) for row in conn.execute(page)]
    # The id is the last of its sort key.
    rows = shown_store.list_shown(conn, account_id, [place[-1] for place in places])
    return [FoundEvent(place, *row) for place, row in zip(places, rows, strict=False)], len(places)


def _walked(
    conn: Connection, account_id: str, query: EventQuery, at: Position | None, limit: int
) -> list[tuple[Any, ...]] | None:
    """The sort keys of a page of which the next WALKED events of the account are enough; None for any other.

    Most events may have an item of a pattern that stands for many: they are met sooner than its uses are counted.
    """
    items_of = (one for one in query.conditions if isinstance(one, ItemsMatch))
    if query.order_by not in _TIMES or not any(has_many_items(conn, account_id, one) for one in items_of):
        return None
    time = _TIMES[query.order_by]
    times = tuple(one for one in query.conditions if isinstance(one, TimeIs) and one.column == time.name)
    last = _scanned(account_id, query._replace(conditions=times), at, 1).offset(WALKED)
    bound = conn.execute(last).first()
    page = _scanned(account_id, query, at, limit)
    if bound is not None:
        page = page.where(compared(time, "GT" if query.descending else "LT", bound[0]))
    places = [tuple(row) for row in conn.execute(page)]
    return places if bound is None or len(places) == limit else None


def count_events(conn: Connection, account_id: str, query: EventQuery, *, most: int) -> int:
    """How many there are, up to `most` and one more."""
    page = _page(conn, account_id, query._replace(order_by="eventTime"), None, most + 1)
    if page is None:
        return 0
    return int(conn.execute(select(func.count()).select_from(page.subquery())).scalar_one())


def _page(conn: Connection, account_id: str, query: EventQuery, at: Position | None, limit: int) -> AnySelect | None:
    """The sort key and `id` of a page; None if no event can match."""
    sources: list[Source] = []
    times = [one for one in query.conditions if isinstance(one, TimeIs)]
    for condition in query.conditions:
        numbers = None
        if isinstance(condition, ItemsMatch):
            numbers = resolve_items(conn, account_id, condition)
            if numbers == []:
                return None
        source = source_of(account_id, condition, times, numbers)
        if source is not None:
            sources.append(source)
    sources.sort(key=rank)
    in_time = query.order_by == "eventTime"
    if in_time and len(sources) == 1 and sources[0].branches:
        return _merged(account_id, query, sources[0], at, limit)
    counted = [(source.count_candidates(conn), source) for source in sources]
    fewest, best = min(counted, key=lambda one: one[0], default=(FEW, None))
    if best is not None and fewest < FEW:
        return _sorted(account_id, query, best, at, limit)
    ordered = next((source for source in sources if source.branches), None)
    if in_time and ordered is not None:
        return _merged(account_id, query, ordered, at, limit)
    return _scanned(account_id, query, at, limit)


def _merged(account_id: str, query: EventQuery, source: Source, at: Position | None, limit: int) -> AnySelect:
    """The first of every branch, merged: each is read in its order and ends after `limit` rows."""
    others = [one for one in query.conditions if one is not source.condition]
    parts: list[AnySelect] = []
    for branch in source.branches:
        time, id = branch.time.label("event_time"), branch.id.label("id")
        part: AnySelect = select(time, id).where(*branch.where)
        if branch.id is events.c.id:
            part = part.where(*(clause(one, account_id) for one in others))
            part = part.with_hint(events, f"INDEXED BY {branch.index_name}", "sqlite")
        else:
            # An item may be in one list several times.
            part = _with_events(part.distinct(), account_id, branch.time, branch.id, others)
        if at is not None:
            part = part.where(after(branch.time, branch.id, at, descending=query.descending))
        parts.append(part.order_by(*_ordered([branch.time, branch.id], query)).limit(limit))
    if len(parts) == 1:
        return parts[0]
    merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
    keys = [merged.c.event_time, merged.c.id]
    return select(*keys).distinct().order_by(*_ordered(keys, query)).limit(limit)


def _with_events(
    part: AnySelect, account_id: str, time: ColumnElement[Any], id: ColumnElement[Any], others: list[Condition]
) -> AnySelect:
    """The conditions that a use of an item has not itself are looked up in its event."""
    rest = []
    for one in others:
        if isinstance(one, TimeIs) and one.column == "event_time":
            part = part.where(compared(time, one.comparison, one.value))
        else:
            rest.append(one)
    if not rest:
        return part
    return part.where(select(literal(1)).where(events.c.id == id, *clauses(account_id, rest)).exists())


def _sorted(account_id: str, query: EventQuery, source: Source, at: Position | None, limit: int) -> AnySelect:
    """All of the few candidates, sorted."""
    listed: CTE = source.candidates().cte("candidates").prefix_with("MATERIALIZED")
    # Only then: for the sake of order, SQLite would read another index of all events.
    ids = select(next(iter(listed.c)).label("event_id")).distinct().subquery("ids")
    others = [one for one in query.conditions if one is not source.condition]
    found = _keyed(query).select_from(OrderedJoin(ids, events, events.c.id == ids.c.event_id))
    return _behind(found.where(*clauses(account_id, others)), query, at, limit)


def _scanned(account_id: str, query: EventQuery, at: Position | None, limit: int) -> AnySelect:
    """Every event of the account in order, until the page is full."""
    found = _keyed(query).where(*clauses(account_id, query.conditions))
    if query.order_by in _TIMES:
        # Without statistics it may prefer an index that has neither few events nor their order.
        found = found.with_hint(events, f"INDEXED BY ix_epcis_events_{_TIMES[query.order_by].name}", "sqlite")
    return _behind(found, query, at, limit)


def _keyed(query: EventQuery) -> AnySelect:
    if query.order_by in _TIMES:
        return select(_TIMES[query.order_by], events.c.id)
    return select(
        *(key.label(name) for key, name in zip(_value_keys(query), ("number", "text"), strict=True)), events.c.id
    )


def _value_keys(query: EventQuery) -> list[ColumnElement[Any]]:
    """Events without the value come last."""
    values = event_values.c
    mine = and_(values.account_id == events.c.account_id, values.event_id == events.c.id, values.name == query.order_by)
    lowest = literal(_LOWEST if query.descending else -_LOWEST)
    last = "" if query.descending else "\U0010ffff"
    number = select(func.min(values.number)).where(mine).scalar_subquery()
    text = select(func.min(values.text)).where(mine).scalar_subquery()
    return [func.coalesce(number, lowest), func.coalesce(text, literal(last))]


def _behind(found: AnySelect, query: EventQuery, at: Position | None, limit: int) -> AnySelect:
    if query.order_by in _TIMES:
        keys: list[ColumnElement[Any]] = [_TIMES[query.order_by], events.c.id]
        if at is not None:
            found = found.where(after(keys[0], events.c.id, at, descending=query.descending))
    else:
        keys = [*_value_keys(query), events.c.id]
        if at is not None:
            found = found.where(_lexically_after(keys, at, descending=query.descending))
    return found.order_by(*_ordered(keys, query)).limit(limit)


def _lexically_after(keys: Sequence[ColumnElement[Any]], at: Position, *, descending: bool) -> ColumnElement[bool]:
    either: list[ColumnElement[bool]] = []
    for place, (key, value) in enumerate(zip(keys, at, strict=True)):
        same = [one == given for one, given in zip(keys[:place], at[:place], strict=True)]
        either.append(and_(*same, key < value if descending else key > value))
    return or_(*either)


def _ordered(keys: Sequence[ColumnElement[Any]], query: EventQuery) -> list[ColumnElement[Any]]:
    return [key.desc() if query.descending else key.asc() for key in keys]


def list_by_event_id(
    conn: Connection, account_id: str, event_id: str, *, at: Position | None, limit: int
) -> tuple[list[FoundEvent], int]:
    """As `list_events`: the event, then its error declarations in the order of their times."""
    c = events.c
    mine = select(c.declaration_time, c.id).where(c.account_id == account_id, c.event_id == event_id)
    if at is not None:
        mine = mine.where(c.declaration_time > at[0])
    places = [tuple(row) for row in conn.execute(mine.order_by(c.declaration_time).limit(limit))]
    rows = shown_store.list_shown(conn, account_id, [place[-1] for place in places])
    return [FoundEvent(place, *row) for place, row in zip(places, rows, strict=False)], len(places)


def list_values(conn: Connection, account_id: str, column: TextColumn, *, after: str, limit: int) -> list[str]:
    """The values that the account's events have in a column, in order, behind `after`: each costs one look-up."""
    values: Column[Any] = events.c[column]
    first = select(func.min(values).label("value")).where(events.c.account_id == account_id, values > after)
    found = first.cte("found", recursive=True)
    following = select(func.min(values)).where(events.c.account_id == account_id, values > found.c.value)
    found = found.union_all(select(following.scalar_subquery()).where(found.c.value.is_not(None)))
    listed = select(found.c.value).where(found.c.value.is_not(None)).limit(limit)
    return list(conn.execute(listed).scalars())


def list_epcs(conn: Connection, account_id: str, *, after: str, limit: int) -> list[str]:
    """The EPCs of the account's events, in order, behind `after`."""
    mine = (items.c.account_id == account_id, items.c.level == int(Level.INSTANCE), items.c.uri > after)
    return list(conn.execute(select(items.c.uri).where(*mine).order_by(items.c.uri).limit(limit)).scalars())


def has_event(conn: Connection, account_id: str, condition: Condition) -> bool:
    """Whether an event of the account meets a condition that an index answers."""
    numbers = resolve_items(conn, account_id, condition) if isinstance(condition, ItemsMatch) else None
    if numbers == []:
        return False
    source = source_of(account_id, condition, (), numbers)
    assert source is not None
    return conn.execute(source.candidates().limit(1)).first() is not None
