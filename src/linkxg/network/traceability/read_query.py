"""Reads the parameters that say about which item, and of which events, something is asked."""

from linkxg.catalog.identifiers.digital_link import build_identifier
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.clock import LATEST_MS, read_rfc3339
from linkxg.errors import InvalidRequest
from linkxg.network.epcis.documents import times
from linkxg.network.epcis.documents.items import normal_uri
from linkxg.network.epcis.documents.model import MAX_URI
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds

UNKNOWN_ITEM = "No event of yours is about this item."
UNSEEN_ITEM = "No event that you see is about this item. Of a product, trace a lot or serial: add lot or serial."


def read_uri(item: str | None, gtin: str | None, lot: str | None, serial: str | None) -> str:
    """The normal form of an item's identifier. Raises InvalidRequest."""
    if (item is None) == (gtin is None) or (item is not None and (lot or serial)):
        raise InvalidRequest("Give either item, or gtin with lot or serial.")
    try:
        if gtin is not None:
            qualifiers = tuple((ai, value) for ai, value in (("10", lot), ("21", serial)) if value)
            return build_identifier("01", read_gtin(gtin).digits14, qualifiers).uri
        assert item is not None
        return _read_item(item)
    except NotAGtin:
        raise InvalidRequest("The parameter gtin must be a valid GTIN.") from None
    except NotAnIdentifier as error:
        name = "item" if gtin is None else "lot" if lot else "serial"
        raise InvalidRequest(f"The parameter {name} is not valid. {error}") from None


def _read_item(text: str) -> str:
    if not 0 < len(text) <= MAX_URI or ":" not in text or not text.isprintable():
        raise NotAnIdentifier("It must be a GS1 Digital Link, an EPC URN or another URI.")
    return normal_uri(text)


def read_bounds(as_of: str | None, since: str | None, until: str | None, *, include_voided: bool) -> Bounds:
    """Raises InvalidRequest."""
    return Bounds(
        _read_time("asOf", as_of, LATEST_MS),
        _read_time("from", since, EARLIEST_MS),
        _read_time("to", until, LATEST_MS),
        include_voided,
    )


def _read_time(name: str, text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    at = read_rfc3339(text)
    if at is None or not times.EARLIEST_MS <= at <= times.LATEST_MS:
        raise InvalidRequest(f"The parameter {name} must be a time of RFC 3339, such as 2026-11-27T10:00:00Z.")
    return at
