"""Reads the search of the events page: an item in any notation, a step, what happened, a place and days."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.catalog.identifiers.read_typed import typed_item
from linkxg.clock import time_zone
from linkxg.console.page_forms import PageForm
from linkxg.network.epcis.documents.model import ItemRole
from linkxg.network.epcis.query.model import ColumnIn, Condition, EventQuery, IsDeclaration, ItemsMatch, Match, TimeIs
from linkxg.network.epcis.query.parameter_values import BadValue, read_patterns

ERRORS = "errors"
"""Of the choice what happened: error declarations, of whatever type."""
FIELDS = ("q", "step", "type", "place", "from", "to")
NO_DAY = "Write the day as YYYY-MM-DD, such as 2026-11-28."
_LONGEST = 2_000
_PLACES = {"r": "read_point", "l": "biz_location"}
_HINT = (
    "This is no identifier of an item. Paste an EPC URN, a GS1 Digital Link or another URI, type an SSCC, or a GTIN, "
    "alone or followed by a space and the serial or lot."
)


class EventSearch(NamedTuple):
    """`faults` are (field, message); with any of them nothing is searched."""

    query: EventQuery
    faults: tuple[tuple[str, str], ...]


def read_search(form: PageForm, zone: str | None) -> EventSearch:
    """The conditions that the fields of the form state; days are those of the zone, or of UTC."""
    conditions: list[Condition] = []
    faults: list[tuple[str, str]] = []
    if text := form.text("q").strip():
        try:
            conditions.append(ItemsMatch(tuple(ItemRole), None, typed_items(text)))
        except NotAnIdentifier as error:
            faults.append(("q", str(error)))
    if step := form.text("step"):
        conditions.append(ColumnIn("biz_step", Match((step[:_LONGEST],))))
    kind = form.text("type")
    if kind:
        conditions.append(IsDeclaration() if kind == ERRORS else ColumnIn("type", Match((kind[:_LONGEST],))))
    which, _, uri = form.text("place").partition(":")
    if which in _PLACES and uri:
        conditions.append(ColumnIn("read_point" if which == "r" else "biz_location", Match((uri[:_LONGEST],))))
    for name, comparison, days in (("from", "GE", 0), ("to", "LT", 1)):
        if day := form.text(name).strip():
            at = start_of_day(day, zone, days)
            if at is None:
                faults.append((name, NO_DAY))
            else:
                conditions.append(TimeIs("event_time", "GE" if comparison == "GE" else "LT", at))
    return EventSearch(EventQuery(tuple(conditions)), tuple(faults))


def typed_items(text: str) -> Match:
    """What a person typed, pasted or scanned as an item. A GTIN alone stands for all of its lots and serials.

    Raises NotAnIdentifier.
    """
    uris = item_uris(text)
    # Which of the two it is, the number of a serial or lot does not say: either, and exactly that.
    return _patterns(uris[0]) if len(uris) == 1 else Match(tuple(uris))


def item_uris(text: str) -> list[str]:
    """The URIs or patterns that the text stands for: two of a GTIN with a serial or lot. Raises NotAnIdentifier."""
    found = typed_item(text)
    if found is None:
        raise NotAnIdentifier(_HINT)
    return [*found.uris]


def _patterns(uri: str) -> Match:
    try:
        return read_patterns([uri])
    except BadValue as error:
        raise NotAnIdentifier(str(error).partition("pattern. ")[2] or _HINT) from None


def start_of_day(text: str, zone: str | None, days: int = 0) -> int | None:
    """The beginning of the day, or of one after it, in milliseconds."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        if not 1 < day.year < 9_999:
            return None
        start = datetime.combine(day, time(), tzinfo=(time_zone(zone) if zone else None) or UTC)
    except (ValueError, OverflowError):
        return None
    return round(start.timestamp() * 1_000)
