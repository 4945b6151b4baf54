"""Where the events of a query are read from: of several indexes the one with the fewest candidates.

A source is a condition that an index answers. Its candidates are counted up to a bound; few ones are all read, and
sorted afterwards. Otherwise the page is read in the order of time, from an index that has this order: its cost does
not depend on how many events follow.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, literal, or_, select, union_all

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.db.bulk import listed, prepare_any
from linkxg.db.join_order import OrderedJoin
from linkxg.http.strict_json import CONTROL
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.model import Item, ItemRole, Level
from linkxg.network.epcis.events.store import event_items, event_values, events, items
from linkxg.network.epcis.query.filter_store import alternatives, clause, compared, use_clauses, value_clause
from linkxg.network.epcis.query.model import ColumnIn, Condition, IsDeclaration, ItemsMatch, TimeIs, ValueIn

FEW = 1_000
"""Candidates that are all read."""
MAX_BRANCHES = 40
"""Values that are read in the order of time beside each other."""
MAX_ITEMS = 20
"""Items that are looked up before the query; a pattern may stand for more."""
_uses, _values = event_items.c, event_values.c
Candidates = Select[*tuple[Any, ...]]
# From the column with the most values to that with the fewest.
_ORDERED = ("read_point", "biz_location", "biz_step", "disposition", "type")
_IDS = ("event_id", "transformation_id")
_KEYS = f"{RESOLVER}/"


_ITEMS = prepare_any(
    items.c.uri,
    "uris",
    select(items.c.id).where(items.c.account_id == bindparam("account")).limit(literal(MAX_ITEMS + 1)).where,
)


class Ordered(NamedTuple):
    """Rows of an index with the columns `time` and `id`, in whose order it is read; `where` selects one value.

    `index_name` is that of an index of the table of events.
    """

    time: ColumnElement[int]
    id: ColumnElement[int]
    where: tuple[ColumnElement[bool], ...]
    index_name: str | None = None


class Source(NamedTuple):
    """`candidates` gives the ids of events that meet `condition`; `branches` are the same, each ordered by time."""

    condition: Condition
    candidates: Callable[[], Candidates]
    branches: tuple[Ordered, ...] = ()

    def count_candidates(self, conn: Connection) -> int:
        """How many there are, up to FEW."""
        found = self.candidates().limit(FEW).subquery()
        return int(conn.execute(select(func.count()).select_from(found)).scalar_one())


def resolve_items(conn: Connection, account_id: str, condition: ItemsMatch) -> list[int] | None:
    """The numbers of the items that match; None if they are too many."""
    match, found = condition.match, list[int]()
    # No stored URI is empty or has a control character.
    if exact := [uri for uri in match.exact if uri and not CONTROL.search(uri)]:
        given = {"account": account_id, "uris": listed(conn, exact)}
        found += [row[0] for row in _ITEMS.all(conn, given)]
    mine = select(items.c.id).where(items.c.account_id == account_id)
    for alternative in alternatives(items.c.uri, match._replace(exact=())):
        found += conn.execute(mine.where(alternative).limit(MAX_ITEMS + 1)).scalars()
    return None if len(found) > MAX_ITEMS else list(dict.fromkeys(found))


def has_many_items(conn: Connection, account_id: str, condition: ItemsMatch) -> bool:
    """Whether a pattern stands for FEW items or more, counted in the index of their URIs."""
    mine = select(literal(1)).where(items.c.account_id == account_id)
    for alternative in alternatives(items.c.uri, condition.match._replace(exact=())):
        found = mine.where(alternative).limit(FEW).subquery()
        if conn.execute(select(func.count()).select_from(found)).scalar_one() == FEW:
            return True
    return False


def source_of(
    account_id: str, condition: Condition, times: Sequence[TimeIs], item_ids: list[int] | None
) -> Source | None:
    """The source for a condition, if an index answers it; `times` bound the candidates where that is cheap."""
    if isinstance(condition, ItemsMatch):
        return _of_items(account_id, condition, times, item_ids)
    if isinstance(condition, ValueIn):
        return Source(condition, partial(_of_values, account_id, condition))
    if isinstance(condition, IsDeclaration):
        ordered = _in_events(account_id, clause(condition, account_id), "declared")
        return Source(condition, partial(_candidates, account_id, condition, times), (ordered,))
    if isinstance(condition, ColumnIn) and condition.column in (*_ORDERED, *_IDS):
        branches: tuple[Ordered, ...] = ()
        exact = condition.match.exact
        if condition.column in _ORDERED and not condition.match.prefixes and len(exact) <= MAX_BRANCHES:
            column = events.c[condition.column]
            branches = tuple(_in_events(account_id, column == value, condition.column) for value in exact)
        return Source(condition, partial(_candidates, account_id, condition, times), branches)
    return None


def has_order(condition: Condition) -> bool:
    """Whether an index has the events of the condition in the order of time, or has only few."""
    if isinstance(condition, ItemsMatch):
        # Which uses are of a class is not in the index: none of many may be.
        is_class, exact = condition.is_class, condition.match.exact
        if is_class is not None and not all(_has_only(uri, is_class=is_class) for uri in exact):
            return False
        few = min(MAX_ITEMS, MAX_BRANCHES // len(condition.roles))
        return not condition.match.prefixes and len(exact) <= few
    if isinstance(condition, ColumnIn):
        ordered = condition.column in _ORDERED and not condition.match.prefixes
        return (ordered or condition.column == "event_id") and len(condition.match.exact) <= MAX_BRANCHES
    return isinstance(condition, IsDeclaration)


def _has_only(uri: str, *, is_class: bool) -> bool:
    """Whether events can have the item as a class only, or as an EPC only. A company's own URI may be both."""
    found = identify(uri) if uri.startswith(_KEYS) else None
    return isinstance(found, Item) and (found.level is not Level.INSTANCE) is is_class


def rank(source: Source) -> int:
    """The order in which sources are preferred that all have many candidates."""
    if isinstance(source.condition, ColumnIn) and source.condition.column in _ORDERED:
        return 1 + _ORDERED.index(source.condition.column)
    return 0


def _candidates(account_id: str, condition: Condition, times: Sequence[TimeIs]) -> Candidates:
    bounds = (clause(one, account_id) for one in times)
    return select(events.c.id).where(events.c.account_id == account_id, clause(condition, account_id), *bounds)


def _of_values(account_id: str, condition: ValueIn) -> Candidates:
    """Texts and numbers have an index each."""
    either = [condition]
    if condition.texts and condition.numbers:
        either = [condition._replace(numbers=()), condition._replace(texts=())]
    of_account = select(_values.event_id).where(_values.account_id == account_id)
    parts = [of_account.where(value_clause(one)) for one in either]
    return parts[0] if len(parts) == 1 else select(union_all(*parts).subquery().c.event_id)


def _in_events(account_id: str, found: ColumnElement[bool], index: str) -> Ordered:
    where = (events.c.account_id == account_id, found)
    return Ordered(events.c.event_time, events.c.id, where, f"ix_epcis_events_{index}")


def _of_items(
    account_id: str, condition: ItemsMatch, times: Sequence[TimeIs], item_ids: list[int] | None
) -> Source | None:
    found = partial(_uses_of_items, account_id, condition, times, item_ids)
    if item_ids is None or len(item_ids) * len(condition.roles) > MAX_BRANCHES:
        return Source(condition, found)
    branches = [(item_id, role) for item_id in item_ids for role in condition.roles]
    return Source(condition, found, tuple(_of_item(account_id, condition, *branch) for branch in branches))


def _uses_of_items(
    account_id: str, condition: ItemsMatch, times: Sequence[TimeIs], item_ids: list[int] | None
) -> Candidates:
    own, kind = _uses.account_id == account_id, use_clauses(condition)
    bounds = [compared(_uses.event_time, one.comparison, one.value) for one in times if one.column == "event_time"]
    if item_ids is not None:
        return select(_uses.event_id).where(own, _uses.item_id.in_(item_ids), *kind, *bounds)
    # The items of the pattern first, each alternative by its range.
    joined = OrderedJoin(items, event_items, and_(own, _uses.item_id == items.c.id))
    of_items = select(_uses.event_id).select_from(joined).where(items.c.account_id == account_id, *kind, *bounds)
    parts = [of_items.where(one) for one in alternatives(items.c.uri, condition.match)]
    return select(union_all(*parts).subquery().c.event_id)


def _of_item(account_id: str, condition: ItemsMatch, item_id: int, role: ItemRole) -> Ordered:
    where = [_uses.account_id == account_id, _uses.item_id == item_id, _uses.role == int(role)]
    if condition.is_class is not None:
        where.append(_uses.is_class == int(condition.is_class))
    return Ordered(_uses.event_time, _uses.event_id, tuple(where))


def after(time: ColumnElement[Any], id: ColumnElement[Any], position: Sequence[Any], *, descending: bool) -> Any:
    """Rows behind `position` in this order. The first bound alone is the range of the index."""
    at, last = position
    if descending:
        return and_(time <= at, or_(time < at, id < last))
    return and_(time >= at, or_(time > at, id > last))
