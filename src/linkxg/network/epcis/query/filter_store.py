"""The conditions of a query as clauses over one row of the table of events."""

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import singledispatch
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, exists, false, literal, literal_column, or_, select
from sqlalchemy.sql.selectable import FromClause

from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.events.store import event_items, event_values, events, items
from linkxg.network.epcis.query.model import (
    ColumnIn,
    ComparisonOperator,
    Condition,
    DeclarationTimeIs,
    IsDeclaration,
    ItemsMatch,
    Match,
    QuantityIs,
    TimeIs,
    ValueExists,
    ValueIn,
    ValueIs,
)

_AFTER_ALL = "\U0010ffff"
_OPERATORS: dict[ComparisonOperator, Callable[[Any, Any], Any]] = {
    "EQ": operator.eq,
    "GT": operator.gt,
    "GE": operator.ge,
    "LT": operator.lt,
    "LE": operator.le,
}
_uses, _values = event_items.c, event_values.c
# The other is SQLite's name of the primary key.
_BY_EVENT = {
    "epcis_event_items": "ix_epcis_event_items_event_id",
    "epcis_event_values": "sqlite_autoindex_epcis_event_values_1",
}


def clauses(account_id: str, conditions: Iterable[Condition]) -> list[ColumnElement[bool]]:
    """The account's events that meet all of the conditions."""
    return [events.c.account_id == account_id, *(clause(one, account_id) for one in conditions)]


@singledispatch
def clause(condition: Any, account_id: str) -> ColumnElement[bool]:
    raise NotImplementedError(type(condition).__name__)


@clause.register
def _(condition: ColumnIn, account_id: str) -> ColumnElement[bool]:
    return matches(events.c[condition.column], condition.match)


@clause.register
def _(condition: TimeIs, account_id: str) -> ColumnElement[bool]:
    return compared(events.c[condition.column], condition.comparison, condition.value)


@clause.register
def _(condition: IsDeclaration, account_id: str) -> ColumnElement[bool]:
    # Not a parameter: the partial index is only used for the same text.
    return events.c.declaration_time != literal_column("''")


@clause.register
def _(condition: DeclarationTimeIs, account_id: str) -> ColumnElement[bool]:
    column = events.c.declaration_time
    return and_(clause(IsDeclaration(), account_id), compared(column, condition.comparison, condition.value))


@clause.register
def _(condition: ItemsMatch, account_id: str) -> ColumnElement[bool]:
    joined = OrderedJoin(event_items, items, and_(items.c.account_id == account_id, items.c.id == _uses.item_id))
    return _of_event(joined, _uses.event_id, account_id, *use_clauses(condition), matches(items.c.uri, condition.match))


def use_clauses(condition: ItemsMatch) -> list[ColumnElement[bool]]:
    """What the use of an item must be, apart from which item it is."""
    found: list[ColumnElement[bool]] = [_uses.role.in_([int(role) for role in condition.roles])]
    if condition.is_class is not None:
        found.append(_uses.is_class == int(condition.is_class))
    return found


@clause.register
def _(condition: QuantityIs, account_id: str) -> ColumnElement[bool]:
    found = [_compares_any(_uses.quantity, condition.comparison, condition.values)]
    if condition.uom is not None:
        found.append(_uses.uom == condition.uom)
    return _of_event(event_items, _uses.event_id, account_id, *found)


@clause.register
def _(condition: ValueIn, account_id: str) -> ColumnElement[bool]:
    return _of_event(event_values, _values.event_id, account_id, value_clause(condition))


@clause.register
def _(condition: ValueIs, account_id: str) -> ColumnElement[bool]:
    return _of_event(event_values, _values.event_id, account_id, value_clause(condition))


@clause.register
def _(condition: ValueExists, account_id: str) -> ColumnElement[bool]:
    return _of_event(event_values, _values.event_id, account_id, value_clause(condition))


def value_clause(condition: ValueIn | ValueIs | ValueExists) -> ColumnElement[bool]:
    """Which rows of the indexed values meet the condition."""
    named = _values.name == condition.name
    if isinstance(condition, ValueIs):
        return and_(named, compared(_values.number, condition.comparison, condition.number))
    if isinstance(condition, ValueIn):
        either: list[ColumnElement[bool]] = [_values.text.in_(condition.texts)] if condition.texts else []
        if condition.numbers:
            # So that SQLite uses the index of numbers for several of them.
            either.append(and_(_values.number.is_not(None), _compares_any(_values.number, "EQ", condition.numbers)))
        return and_(named, or_(*either)) if either else false()
    return named


def matches(column: Column[Any], match: Match) -> ColumnElement[bool]:
    either = alternatives(column, match)
    if len(either) < 2:
        return either[0] if either else false()
    # SQLite does not see that each of them implies it, and would not use an index of the rows with a value.
    return and_(column.is_not(None), or_(*either)) if column.nullable else or_(*either)


def alternatives(column: Column[Any], match: Match) -> list[ColumnElement[bool]]:
    """Each is one range of an index that sorts by code point; together they are no range."""
    either: list[ColumnElement[bool]] = [column.in_(match.exact)] if match.exact else []
    return either + [and_(column >= prefix, column < prefix + _AFTER_ALL) for prefix in match.prefixes]


def compared(column: ColumnElement[Any], comparison: ComparisonOperator, value: Any) -> ColumnElement[bool]:
    if comparison == "EQ" and isinstance(value, float):
        return _close(column, value)
    found: ColumnElement[bool] = _OPERATORS[comparison](column, value)
    return found


def _compares_any(
    column: ColumnElement[Any], comparison: ComparisonOperator, values: Sequence[float]
) -> ColumnElement[bool]:
    return or_(*(compared(column, comparison, float(value)) for value in values))


def _close(column: ColumnElement[Any], value: float) -> ColumnElement[bool]:
    """Equal up to what is lost where a value is converted to its base unit."""
    margin = abs(value) * 1e-12
    return column == value if margin == 0 or math.isinf(margin) else column.between(value - margin, value + margin)


def _of_event(
    source: FromClause, event_id: Column[Any], account_id: str, *found: ColumnElement[bool]
) -> ColumnElement[bool]:
    """An event has few rows in `source`; without statistics SQLite would take an index over those of the account."""
    table = event_id.table
    assert isinstance(table, Table)
    of_event = select(literal(1)).select_from(source).where(table.c.account_id == account_id, event_id == events.c.id)
    return exists(of_event.where(*found).with_hint(table, f"INDEXED BY {_BY_EVENT[table.name]}", "sqlite"))
