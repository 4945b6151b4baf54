"""A named query for people: its conditions in the words of the search, and the search that finds the same events."""

from collections.abc import Callable
from typing import Any

from linkxg.console.event_search import ERRORS
from linkxg.console.event_words import TYPES, in_words
from linkxg.console.trace_words import short_uri
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.model import Item, Level

_ITEMS, _CLASSES = "MATCH_anyEPC", "MATCH_anyEPCClass"
_WORDS: dict[str, tuple[str, Callable[[str], str]]] = {
    _ITEMS: ("Single objects", short_uri),
    _CLASSES: ("Lots or products", short_uri),
    "eventType": ("What happened", lambda text: TYPES.get(text, text)),
    "EQ_bizStep": ("Business step", in_words),
    "EQ_disposition": ("Disposition", in_words),
    "EQ_readPoint": ("Where it happened", short_uri),
    "EQ_bizLocation": ("Where the items were then", short_uri),
    "GE_eventTime": ("Since", str),
    "LT_eventTime": ("Before", str),
}
_PLACES = {"EQ_readPoint": "r", "EQ_bizLocation": "l"}
_LEVELS = {_ITEMS: Level.INSTANCE, _CLASSES: Level.LOT}


def query_in_words(query: dict[str, Any]) -> list[tuple[str, str]]:
    """(title, text) of each condition; one that no search has is named as clients name it."""
    said = []
    for name, value in query.items():
        if name == "EXISTS_errorDeclaration" and value is True:
            said.append(("What happened", "An event was declared wrong"))
            continue
        title, shown = _WORDS.get(name, (name, str))
        said.append((title, " or ".join(shown(str(one)) for one in (value if isinstance(value, list) else [value]))))
    return said


def search_of_query(query: dict[str, Any]) -> dict[str, str] | None:
    """The fields of the events page that find exactly the events of the query; None if no search does."""
    search: dict[str, str] = {}
    for name, value in query.items():
        if name == "EXISTS_errorDeclaration" and value is True and "type" not in search:
            search["type"] = ERRORS
            continue
        if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
            return None
        (text,) = value
        if name in _LEVELS and _has_level(text, _LEVELS[name]) and "q" not in search:
            search["q"] = text
        elif name == "eventType" and text in TYPES and "type" not in search:
            search["type"] = text
        elif name == "EQ_bizStep":
            search["step"] = text
        elif name in _PLACES and "place" not in search:
            search["place"] = f"{_PLACES[name]}:{text}"
        else:
            return None
    return search


def _has_level(uri: str, level: Level) -> bool:
    """A search finds an item at every level, a query at one: they agree where the identifier has this one alone."""
    found = identify(uri)
    return isinstance(found, Item) and found.level is level
