"""The SQL of a walk: from items to the events that made or used them, and from events to the items on the other side.

One or two statements per level, however many items it has: the genealogy of transformations tells what was made of what
in one; an event of a thousand inputs and a thousand outputs is read as two thousand rows in two.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    String,
    TextClause,
    and_,
    bindparam,
    case,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    union,
    union_all,
)

from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number, prepare_each_number
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.documents.model import ItemRole, Level
from linkxg.network.epcis.events.store import (
    DOWNSTREAM,
    UPSTREAM,
    WIDE,
    event_items,
    event_values,
    events,
    genealogy,
    items,
)
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds

WalkDirection = Literal["upstream", "downstream"]
DIRECTIONS: tuple[WalkDirection, ...] = ("upstream", "downstream")
_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_ei, _e, _v = event_items.c, events.c, event_values.c
# Of transformations and of associations, on the side of a node and on the side of its neighbours.
_NEAR = {"upstream": (ItemRole.OUTPUT, ItemRole.PARENT), "downstream": (ItemRole.INPUT, ItemRole.CHILD)}
_FAR = {"upstream": (ItemRole.INPUT, ItemRole.CHILD), "downstream": (ItemRole.OUTPUT, ItemRole.PARENT)}
_DIRECTION = {"upstream": UPSTREAM, "downstream": DOWNSTREAM}
_declared = events.alias("declared")
# As in the index of declarations, without a parameter.
_IS_DECLARATION = text("declared.declaration_time <> ''")
MAX_EXCLUDED, MAX_CLASSES = 1_000, 10_000
ROWS_PER_ITEM, FEW_ROWS = 8, 1_000
_LOT_LEVEL, _CLASS_LEVEL = int(Level.LOT), int(Level.CLASS)
LOT_NUMBER = "ILMD_urn:epcglobal:cbv:mda#lotNumber"
"""The name of the value that has the number of a lot."""


WalkEvent = tuple[int, int, int, str | None]
"""Item, its role, event, transformationID: an event that made the item, for the way upstream, or that used it."""
Step = tuple[int, int, int]
"""Item, event, item on the other side of the event."""
Neighbour = tuple[int, int, int]
"""Event, item on its other side, level of the item."""


class Profile(NamedTuple):
    """What the events of an account have in common, so that a walk need not read each event and item.

    `excluded` are the events that do not count, None if that depends on each event; `classes` are the items that are
    not expanded. Either is None if there are many.
    """

    excluded: frozenset[int] | None
    classes: frozenset[int] | None
    has_transformation_ids: bool
    has_associations: bool
    has_lot_numbers: bool
    """Whether an event has the number of a lot in its master data."""
    has_serials_of_lots: bool
    """Whether the identifier of a serial contains its lot."""

    @property
    def reads_events(self) -> bool:
        return self.excluded is None or self.has_transformation_ids

    @property
    def reads_items(self) -> bool:
        return self.classes is None or self.joins_lots

    @property
    def is_plain(self) -> bool:
        """Whether rows of events and items alone tell what was made of what."""
        return not (self.reads_events or self.reads_items or self.has_associations)

    @property
    def joins_lots(self) -> bool:
        return self.has_lot_numbers or self.has_serials_of_lots


def counts(include_voided: bool) -> ColumnElement[bool]:
    """The condition that an event is one of those of the parameters of `Bounds`."""
    within = and_(
        _e.record_time <= bindparam("as_of", type_=BigInteger),
        _e.event_time >= bindparam("since", type_=BigInteger),
        _e.event_time < bindparam("until", type_=BigInteger),
    )
    return within if include_voided else and_(within, _e.declaration_time == "", ~is_voided())


def is_voided() -> ColumnElement[bool]:
    """By a declaration with the same eventID."""
    c = _declared.c
    same = and_(c.account_id == _e.account_id, c.event_id == _e.event_id, c.declaration_time > "")
    # A sum, or SQLite would look through all events that were recorded by then.
    return select(c.id).where(same, c.record_time + literal(0) <= bindparam("as_of", type_=BigInteger)).exists()


def _is_genealogy(direction: WalkDirection) -> ColumnElement[bool]:
    made, _ = _NEAR[direction]
    return or_(_ei.role == literal(int(made)), _is_association())


def _is_association() -> ColumnElement[bool]:
    return and_(_e.type == literal("AssociationEvent"), _e.action != literal("DELETE"))


def _events_of_items(direction: WalkDirection, include_voided: bool) -> CompiledStatement:
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    query = select(_ei.item_id, _ei.role, _ei.event_id, _e.transformation_id).select_from(joined)
    query = query.where(_ei.account_id == _ACCOUNT, _ei.role.in_([literal(int(role)) for role in _NEAR[direction]]))
    query = query.where(_is_genealogy(direction), counts(include_voided)).limit(_ROWS)
    return prepare_any_number(_ei.item_id, "items", query.where)


def _plain_events_of_items(direction: WalkDirection, associations: bool) -> CompiledStatement:
    """Without a look at each transformation."""
    made, associated = _NEAR[direction]
    of_account = _ei.account_id == _ACCOUNT
    by_role = select(_ei.item_id, _ei.role, _ei.event_id, null().cast(String)).where(of_account)
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    by_type = select(_ei.item_id, _ei.role, _ei.event_id, null().cast(String)).select_from(joined).where(of_account)

    def both(condition: ColumnElement[bool]) -> Executable:
        if not associations:
            return by_role.where(_ei.role == literal(int(made)), condition).limit(_ROWS)
        return union_all(
            by_role.where(_ei.role == literal(int(made)), condition),
            by_type.where(_ei.role == literal(int(associated)), condition, _is_association()),
        ).limit(_ROWS)

    return prepare_any_number(_ei.item_id, "items", both)


def _neighbours(direction: WalkDirection) -> CompiledStatement:
    joined = OrderedJoin(event_items, items, items.c.id == _ei.item_id)
    query = select(_ei.event_id, _ei.item_id, items.c.level).select_from(joined)
    far = [literal(int(role)) for role in _FAR[direction]]
    query = query.where(_ei.account_id == _ACCOUNT, _ei.role.in_(far)).limit(_ROWS)
    return prepare_any_number(_ei.event_id, "events", query.where)


def _bare_neighbours(direction: WalkDirection) -> CompiledStatement:
    """From an index alone."""
    query = select(_ei.event_id, _ei.item_id, literal(_LOT_LEVEL)).where(_ei.account_id == _ACCOUNT)
    far = [literal(int(role)) for role in _FAR[direction]]
    return prepare_any_number(_ei.event_id, "events", query.where(_ei.role.in_(far)).limit(_ROWS).where)


def _steps(direction: WalkDirection) -> CompiledStatement:
    c = genealogy.c
    query = select(c.item_id, c.event_id, c.other_id).where(c.direction == literal(_DIRECTION[direction])).limit(_ROWS)
    return prepare_each_number(c.item_id, "items", lambda source, found: query.select_from(source).where(found))


_EVENTS_OF_ITEMS = {(way, voided): _events_of_items(way, voided) for way in DIRECTIONS for voided in (False, True)}
_PLAIN_EVENTS_OF_ITEMS = {
    (way, associations): _plain_events_of_items(way, associations)
    for way in DIRECTIONS
    for associations in (False, True)
}
_NEIGHBOURS = {way: _neighbours(way) for way in DIRECTIONS}
_STEPS = {way: _steps(way) for way in DIRECTIONS}
_BARE_NEIGHBOURS = {way: _bare_neighbours(way) for way in DIRECTIONS}
_EXCLUDED = CompiledStatement(
    select(_e.id)
    .select_from(
        OrderedJoin(
            _declared, events, and_(_e.account_id == _declared.c.account_id, _e.event_id == _declared.c.event_id)
        )
    )
    # With a time, for which SQLite has the index of declarations alone.
    .where(_declared.c.account_id == _ACCOUNT, _IS_DECLARATION, _declared.c.event_time >= literal(EARLIEST_MS))
    .limit(literal(MAX_EXCLUDED + 1))
)
_CLASSES = CompiledStatement(
    select(items.c.id).where(items.c.account_id == _ACCOUNT, text("level = 3")).limit(literal(MAX_CLASSES + 1))
)


def _has(*conditions: ColumnElement[bool] | TextClause) -> ColumnElement[int]:
    return case((select(literal(1)).where(*conditions).correlate(None).exists(), 1), else_=0)


# Without parameters: not knowing the type, PostgreSQL would expect the first event to be of it, and read all of them.
_HAS = CompiledStatement(
    select(
        _has(_declared.c.account_id == _ACCOUNT, _IS_DECLARATION, _declared.c.event_time >= literal(EARLIEST_MS)),
        _has(items.c.account_id == _ACCOUNT, text("level = 3")),
        _has(_e.account_id == _ACCOUNT, _e.transformation_id > literal_column("''")),
        _has(_e.account_id == _ACCOUNT, _e.type == literal_column("'AssociationEvent'")),
        _has(_v.account_id == _ACCOUNT, _v.name == literal_column(f"'{LOT_NUMBER}'"), _v.text > literal_column("''")),
        _has(items.c.account_id == _ACCOUNT, text("level = 1 and lot is not null")),
    )
)


def read_profile(conn: Connection, account_id: str, bounds: Bounds) -> Profile:
    given = {"account": account_id}
    has_declarations, has_classes, *has = map(bool, _HAS.first(conn, given))
    excluded: frozenset[int] | None = None
    if bounds == Bounds(include_voided=True):
        excluded = frozenset()
    elif bounds == Bounds():
        found = _EXCLUDED.all(conn, given) if has_declarations else []
        excluded = frozenset(row[0] for row in found) if len(found) <= MAX_EXCLUDED else None
    classes = _CLASSES.all(conn, given) if has_classes else []
    return Profile(excluded, frozenset(row[0] for row in classes) if len(classes) <= MAX_CLASSES else None, *has)


def list_events_of_items(
    conn: Connection,
    account_id: str,
    direction: WalkDirection,
    item_ids: Iterable[int],
    bounds: Bounds,
    profile: Profile,
    *,
    rows: int,
) -> list[WalkEvent]:
    """Up to `rows` of them."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    if profile.reads_events:
        return _EVENTS_OF_ITEMS[direction, bounds.include_voided].all(conn, given | bounds.parameters)
    found: list[WalkEvent] = _PLAIN_EVENTS_OF_ITEMS[direction, profile.has_associations].all(conn, given)
    if excluded := profile.excluded:
        found = [row for row in found if row[2] not in excluded]
    return found


def list_steps(
    conn: Connection, account_id: str, direction: WalkDirection, item_ids: Sequence[int], profile: Profile, *, rows: int
) -> list[Step] | None:
    """From these items of the account to those on the other side of their events, for a plain profile.

    None if it takes more than `rows`, or events have many items on both sides: each pair would be a row.
    """
    most = min(rows, ROWS_PER_ITEM * len(item_ids) + FEW_ROWS)
    found: list[Step] = _STEPS[direction].all(conn, {"items": numbered(conn, sorted({*item_ids})), "rows": most})
    if len(found) >= most or WIDE in [step[2] for step in found]:
        return None
    if excluded := profile.excluded:
        return [row for row in found if row[1] not in excluded]
    return found


def list_neighbours(
    conn: Connection,
    account_id: str,
    direction: WalkDirection,
    event_ids: Iterable[int],
    profile: Profile,
    *,
    rows: int,
) -> list[Neighbour]:
    """Up to `rows` items on the other side of these events. If no lots are joined, a serial has the level of a lot."""
    given = {"account": account_id, "events": numbered(conn, event_ids), "rows": rows}
    if profile.reads_items:
        return _NEIGHBOURS[direction].all(conn, given)
    found = _BARE_NEIGHBOURS[direction].all(conn, given)
    if classes := profile.classes:
        return [(event, item, _CLASS_LEVEL if item in classes else _LOT_LEVEL) for event, item, _ in found]
    return found


def _expandable(direction: WalkDirection, include_voided: bool) -> CompiledStatement:
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    query = select(_ei.item_id).select_from(joined).distinct()
    query = query.where(_ei.account_id == _ACCOUNT, _ei.role.in_([literal(int(role)) for role in _NEAR[direction]]))
    return prepare_any_number(_ei.item_id, "items", query.where(_is_genealogy(direction), counts(include_voided)).where)


_EXPANDABLE = {(way, voided): _expandable(way, voided) for way in DIRECTIONS for voided in (False, True)}


def _plain_expandable(direction: WalkDirection, associations: bool) -> CompiledStatement:
    made, associated = _NEAR[direction]
    by_role = select(_ei.item_id).where(_ei.account_id == _ACCOUNT, _ei.role == literal(int(made)))
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    by_type = select(_ei.item_id).select_from(joined).where(_ei.account_id == _ACCOUNT, _is_association())
    by_type = by_type.where(_ei.role == literal(int(associated)))

    def both(condition: ColumnElement[bool]) -> Executable:
        found = by_role.where(condition)
        return union(found, by_type.where(condition)) if associations else found.distinct()

    return prepare_any_number(_ei.item_id, "items", both)


_PLAIN_EXPANDABLE = {
    (way, associations): _plain_expandable(way, associations) for way in DIRECTIONS for associations in (False, True)
}


def list_expandable(
    conn: Connection,
    account_id: str,
    direction: WalkDirection,
    item_ids: Iterable[int],
    bounds: Bounds,
    profile: Profile,
) -> list[int]:
    """Those of the items that some event leads on from."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids)}
    if profile.excluded is not None and not profile.excluded:
        return [row[0] for row in _PLAIN_EXPANDABLE[direction, profile.has_associations].all(conn, given)]
    return [row[0] for row in _EXPANDABLE[direction, bounds.include_voided].all(conn, given | bounds.parameters)]


def _transformation_events(include_voided: bool) -> CompiledStatement:
    query = select(_e.id, _e.transformation_id).where(_e.account_id == _ACCOUNT, counts(include_voided))
    query = query.limit(_ROWS)
    return prepare_any(_e.transformation_id, "names", query.where)


_TRANSFORMATION_EVENTS = {voided: _transformation_events(voided) for voided in (False, True)}


def list_transformation_events(
    conn: Connection, account_id: str, names: Iterable[str], bounds: Bounds, *, rows: int
) -> list[tuple[int, str]]:
    """Up to `rows` (event, its transformationID) of these transformations."""
    given: dict[str, Any] = {"account": account_id, "names": listed(conn, [*names]), "rows": rows}
    return _TRANSFORMATION_EVENTS[bounds.include_voided].all(conn, given | bounds.parameters)
