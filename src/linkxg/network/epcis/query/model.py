"""A query for events: the conditions that an event meets, all of them, and the order of the result."""

from typing import Literal, NamedTuple

from linkxg.network.epcis.documents.model import ItemRole

ComparisonOperator = Literal["EQ", "GT", "GE", "LT", "LE"]
TextColumn = Literal[
    "type", "action", "biz_step", "disposition", "read_point", "biz_location", "event_id", "transformation_id",
    "error_reason",
]  # fmt: skip
TimeColumn = Literal["event_time", "record_time"]


class Refused(NamedTuple):
    """A parameter that cannot be read, or one of the standard that is not supported here."""

    name: str
    message: str
    is_unsupported: bool = False


class Match(NamedTuple):
    """What a URI must be, or begin with."""

    exact: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


class ColumnIn(NamedTuple):
    column: TextColumn
    match: Match


class TimeIs(NamedTuple):
    """The time in milliseconds."""

    column: TimeColumn
    comparison: ComparisonOperator
    value: int


class DeclarationTimeIs(NamedTuple):
    """The time of the error declaration, in the form in which it is stored."""

    comparison: ComparisonOperator
    value: str


class IsDeclaration(NamedTuple):
    """The event has an error declaration."""


class ItemsMatch(NamedTuple):
    """One of the items in these roles matches; `is_class` is None for both EPCs and classes."""

    roles: tuple[ItemRole, ...]
    is_class: bool | None
    match: Match


class QuantityIs(NamedTuple):
    """A quantity of one of the classes; in any unit without `uom`."""

    comparison: ComparisonOperator
    values: tuple[float, ...]
    uom: str | None = None


class ValueIn(NamedTuple):
    """One of the indexed values with this name is one of these."""

    name: str
    texts: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()


class ValueIs(NamedTuple):
    """One of the indexed values with this name compares so; `name` is that of one unit where values have units."""

    name: str
    comparison: ComparisonOperator
    number: float


class ValueExists(NamedTuple):
    name: str


Condition = (
    ColumnIn | TimeIs | DeclarationTimeIs | IsDeclaration | ItemsMatch | QuantityIs | ValueIn | ValueIs | ValueExists
)


class EventQuery(NamedTuple):
    """`order_by` is a time, or the name of an indexed value; `limit` ends the result, `most` makes a longer one an
    error.
    """

    conditions: tuple[Condition, ...] = ()
    order_by: str = "eventTime"
    descending: bool = True
    limit: int | None = None
    most: int | None = None
