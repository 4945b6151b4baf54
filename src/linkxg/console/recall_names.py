"""The names of recalled items and of places on the pages of recalls."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.console.event_items import item_name, place_name, short
from linkxg.console.guard import PageRequest
from linkxg.console.trace_view import item_address
from linkxg.console.trace_words import short_uri
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.recalls.model import NoticeItem
from linkxg.network.traceability.find_names import ItemNames, find_names


class NamedItem(NamedTuple):
    """`name` is what its product is called, `keys` are its GTIN, lot and serial; `own` is another name here."""

    name: str
    keys: str
    own: str
    href: str


class RecallNames(NamedTuple):
    """`given` are the names of products by whoever recalls; `names` those of the account, and of companies."""

    given: Mapping[str, str]
    names: ItemNames

    def item(self, uri: str) -> NamedItem:
        item = identify(uri)
        if isinstance(item, NotAnIdentifier) or not item.gtin14:
            name = short(short_uri(uri)) if isinstance(item, NotAnIdentifier) else item_name(item, self.names)
            return NamedItem(name, "", "", item_address(uri))
        product = self.names.products.get(item.gtin14)
        own = product.name if product and product.name else ""
        given = self.given.get(item.gtin14, "")
        words = [f"lot {item.lot}" if item.lot else "", f"serial {item.serial}" if item.serial else ""]
        keys = ", ".join(word for word in (f"GTIN {item.gtin14}", *words) if word)
        name = given or own
        if not name:
            return NamedItem(keys, "", "", item_address(uri))
        return NamedItem(name, keys, own if own != name else "", item_address(uri))

    def place(self, uri: str | None) -> str:
        return place_name(uri, self.names) if uri else "no event says where"


async def recall_names(
    page: PageRequest, gtins: Iterable[str], given: Mapping[str, str], places: Iterable[str | None] = ()
) -> RecallNames:
    known = {one for one in places if one}
    return RecallNames(given, await find_names(page.database, page.account_id, gtins, known))


def gtins_of_items(uris: Iterable[str]) -> set[str]:
    found = (identify(uri) for uri in uris)
    return {one.gtin14 for one in found if not isinstance(one, NotAnIdentifier) and one.gtin14}


def names_of(details: Iterable[NoticeItem]) -> dict[str, str]:
    """By GTIN."""
    return {one.gtin: one.product_name for one in details if one.gtin and one.product_name}
