"""Items of a recall with their product, lot and serial."""

from collections.abc import Iterable, Mapping

import msgspec

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.recalls.model import NoticeItem
from linkxg.network.traceability.model import AffectedProduct


def product_names(products: str) -> dict[str, str]:
    """By GTIN, of the column of a recall."""
    found = msgspec.json.decode(products, type=list[AffectedProduct])
    return {one.gtin: one.product_name for one in found if one.product_name}


def item_details(uris: Iterable[str], names: Mapping[str, str]) -> list[NoticeItem]:
    """Only the names of these items: the products of a recall are more than one recipient may know of."""
    return [_details(uri, names) for uri in uris]


def _details(uri: str, names: Mapping[str, str]) -> NoticeItem:
    item = identify(uri)
    if isinstance(item, NotAnIdentifier):
        return NoticeItem(uri, None, None, None, None)
    return NoticeItem(uri, item.gtin14, item.lot, item.serial, names.get(item.gtin14 or ""))
