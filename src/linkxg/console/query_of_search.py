"""A search of the events page as a named query: the parameters of `GET /epcis/events` that find the same events."""

from typing import Any

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.clock import rfc3339
from linkxg.console.event_search import ERRORS, item_uris, read_search
from linkxg.console.event_words import TYPES, in_words
from linkxg.console.page_forms import PageForm
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.model import Item, Level
from linkxg.network.epcis.query.model import TimeIs

OBJECTS, LOTS = "objects", "lots"
LEVELS = {OBJECTS: "Single objects, by their serials", LOTS: "Lots, and quantities of a product"}
"""One condition of a query is about either."""
_PLACES = {"r": "EQ_readPoint", "l": "EQ_bizLocation"}


def query_of_search(form: PageForm, zone: str | None) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """(the query, the faults of the search); the field `level` says which kind of items is meant."""
    search = read_search(form, zone)
    query: dict[str, Any] = {}
    if text := form.text("q").strip():
        name = "MATCH_anyEPCClass" if chosen_level(form) == LOTS else "MATCH_anyEPC"
        try:
            query[name] = item_uris(text)
        except NotAnIdentifier:
            return {}, list(search.faults)
    if kind := form.text("type"):
        query |= {"EXISTS_errorDeclaration": True} if kind == ERRORS else {"eventType": [kind]}
    if step := form.text("step"):
        query["EQ_bizStep"] = [step]
    which, _, uri = form.text("place").partition(":")
    if which in _PLACES and uri:
        query[_PLACES[which]] = [uri]
    for one in search.query.conditions:
        if isinstance(one, TimeIs):
            query[f"{one.comparison}_eventTime"] = rfc3339(one.value)
    return query, list(search.faults)


def chosen_level(form: PageForm) -> str:
    """What was chosen; otherwise the level of the item, or "" if the identifier leaves it open."""
    if form.text("level") in LEVELS:
        return form.text("level")
    try:
        found = [identify(uri) for uri in item_uris(form.text("q").strip())]
    except NotAnIdentifier:
        return ""
    levels = {one.level for one in found if isinstance(one, Item)}
    return {Level.INSTANCE: OBJECTS, Level.LOT: LOTS}[levels.pop()] if levels in ({Level.INSTANCE}, {Level.LOT}) else ""


def search_in_words(form: PageForm, place: str) -> list[tuple[str, str]]:
    """The conditions of the search; `place` is the name of the chosen place."""
    kind, step = form.text("type"), form.text("step")
    said = [
        ("Item", form.text("q").strip()),
        ("What happened", "An event was declared wrong" if kind == ERRORS else TYPES.get(kind, kind)),
        ("Business step", in_words(step) if step else ""),
        ("Place", place),
        ("From day", form.text("from").strip()),
        ("To day", form.text("to").strip()),
    ]
    return [(title, text) for title, text in said if text]
