"""The names of items, places and parties of an event, as its page writes them."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from linkxg.catalog.identifiers.digital_link import RESOLVER, read_digital_link
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.console.event_words import amount
from linkxg.console.trace_view import item_address
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.items import lenient_uri
from linkxg.network.epcis.documents.model import Item, Level
from linkxg.network.traceability.find_names import ItemNames

LONGEST = 60
_LISTS = (
    ("items", "epcList", "quantityList"),
    ("contents", "childEPCs", "childQuantityList"),
    ("inputs", "inputEPCList", "inputQuantityList"),
    ("outputs", "outputEPCList", "outputQuantityList"),
)
PLACE_NAME = "cbvmda:name"


class ItemLine(NamedTuple):
    """An item of an event: `amount` is its quantity with the unit, `href` its page, `product_id` that of the account's
    own product.
    """

    uri: str
    name: str
    amount: str
    level: Level
    href: str
    product_id: str | None


def event_path(event_id: str) -> str:
    """The address of the page of an event.

    The id is percent-encoded twice: a slash that is encoded once separates segments of a path.
    """
    return "/events/" + quote(quote(event_id, safe=":;=,.~@!$&'()*+"), safe=":;=,.~@!$&'()*+")


def uris_of(event: dict[str, Any]) -> Iterator[str]:
    """The identifiers of the items of an event."""
    if "parentID" in event:
        yield event["parentID"]
    for _, epcs, classes in _LISTS:
        yield from event.get(epcs, ())
        for one in event.get(classes, ()):
            yield one["epcClass"]


def gtins_of(event: dict[str, Any], most: int) -> set[str]:
    """The GTINs of the first items."""
    found = (identify(uri) for _, uri in zip(range(most), uris_of(event), strict=False))
    return {one.gtin14 for one in found if isinstance(one, Item) and one.gtin14}


def lines_of(event: dict[str, Any], names: ItemNames, most: int) -> dict[str, tuple[list[ItemLine], int]]:
    """The items of each list that is not empty: the first ones, and how many there are."""
    found: dict[str, tuple[list[ItemLine], int]] = {}
    if "parentID" in event:
        found["parent"] = [item_line(event["parentID"], names)], 1
    for name, epcs, classes in _LISTS:
        singles, lots = event.get(epcs, []), event.get(classes, [])
        shown = [item_line(uri, names) for uri in singles[:most]]
        shown += [item_line(one["epcClass"], names, one) for one in lots[: most - len(shown)]]
        if singles or lots:
            found[name] = shown, len(singles) + len(lots)
    return found


def item_line(uri: str, names: ItemNames, quantity: dict[str, Any] | None = None) -> ItemLine:
    item = identify(uri)
    how_much = (
        "" if quantity is None or "quantity" not in quantity else amount(quantity["quantity"], quantity.get("uom"))
    )
    if isinstance(item, NotAnIdentifier):
        return ItemLine(uri, short(uri), how_much, Level.INSTANCE, "", None)
    product = names.products.get(item.gtin14 or "")
    return ItemLine(uri, item_name(item, names), how_much, item.level, item_address(item.uri), product and product.id)


def item_name(item: Item, names: ItemNames) -> str:
    """`Twill 280 g/m², lot T-12`, `logistic unit 395…`, or the end of a URI that is nobody's key."""
    if item.gtin14:
        product = names.products.get(item.gtin14)
        name = short(product.name) if product and product.name else f"GTIN {item.gtin14}"
        if item.serial:
            return f"{name}, serial {item.serial}"
        return f"{name}, lot {item.lot}" if item.lot else name
    if not item.uri.startswith(f"{RESOLVER}/"):
        return short(item.uri)
    key, value, qualifiers = read_digital_link(item.uri)
    named = "logistic unit" if key.ai == "00" else key.name
    return " ".join([named, value, *(f"({ai}) {text}" for ai, text in qualifiers)])


def place_name(place: dict[str, Any] | str | None, names: ItemNames) -> str:
    """The name that the event gives the place, that of a company, or its GLN."""
    if not place:
        return ""
    if isinstance(place, dict):
        given = place.get(PLACE_NAME)
        return short(given) if isinstance(given, str) and given.strip() else place_name(place["id"], names)
    if given := names.places.get(lenient_uri(place)):
        return short(given)
    found = identify(place)
    if isinstance(found, NotAnIdentifier) or not found.uri.startswith((f"{RESOLVER}/414/", f"{RESOLVER}/417/")):
        return short(place)
    _, gln, qualifiers = read_digital_link(found.uri)
    name = names.companies.get(gln, f"GLN {gln}")
    return f"{name}, {qualifiers[0][1]}" if qualifiers else name


def places_of(events: Iterable[dict[str, Any]]) -> set[str]:
    """The URIs of the places of events, as they are stored."""
    return {
        lenient_uri(place["id"])
        for event in events
        for place in (event.get("bizLocation"), event.get("readPoint"))
        if place
    }


def uri_name(uri: str, names: ItemNames) -> str:
    """As `item_name`, also of what is no identifier."""
    item = identify(uri)
    return short(uri) if isinstance(item, NotAnIdentifier) else item_name(item, names)


def short(text: str) -> str:
    """The end of a long URI, the beginning of any other long text."""
    if len(text) <= LONGEST:
        return text
    return "…" + text[-LONGEST:] if "://" in text or text.startswith("urn:") else text[:LONGEST] + "…"
