"""Items of EPCs and EPC classes, and the patterns by which queries name them."""

from typing import NamedTuple

from linkxg.catalog.identifiers.epc_pattern import read_epc_pattern
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.model import Item, Level

# A class of these keys and its instances have a common beginning, since the serial is a part of the value.
_JOINED = ("/8003/", "/253/", "/255/")
_HOST = len("https://id.gs1.org")


class UriPattern(NamedTuple):
    """What the normal form of an item must be, or begin with; one of the two is set."""

    exact: str | None = None
    prefix: str | None = None


def read_item(uri: str) -> Item:
    """The item of an EPC: one thing. Raises NotAnIdentifier."""
    item = _read(uri)
    if item.level is not Level.INSTANCE:
        what = "a lot" if item.level is Level.LOT else "a class"
        raise NotAnIdentifier(f"This URI identifies {what}, not one object; put it into the quantity list.")
    return item


def read_class(uri: str) -> Item:
    """The item of an EPC class: a lot, or everything of a kind. Raises NotAnIdentifier.

    What a company's own URI stands for is unknown; it is treated as a lot.
    """
    item = _read(uri)
    if item.level is not Level.INSTANCE:
        return item
    if item.uri == uri and not uri.startswith("https://id.gs1.org/") and not uri.lower().startswith("urn:epc:"):
        return item._replace(level=Level.LOT)
    raise NotAnIdentifier("This URI identifies one object, not a class; put it into the list of EPCs.")


def normal_uri(uri: str) -> str:
    """The normal form of any URI: that of a GS1 key, or the URI byte for byte. Raises NotAnIdentifier."""
    return _read(uri).uri


def lenient_uri(uri: str) -> str:
    """The normal form where the URI has a valid GS1 key, otherwise the URI byte for byte."""
    found = identify(uri)
    return uri if isinstance(found, NotAnIdentifier) else found.uri


def item_patterns(text: str) -> tuple[UriPattern, ...]:
    """What a query parameter matches, which is any of these. Raises NotAnIdentifier.

    A class, or a pattern of all of its EPCs, matches itself and all of its lots and EPCs; a wider pattern matches what
    it describes; everything else matches itself.
    """
    if text[:14].lower() == "urn:epc:idpat:":
        return _of_pattern(text)
    item = _read(text)
    return _of_class(item.uri) if item.level is Level.CLASS else (UriPattern(exact=item.uri),)


def _of_pattern(text: str) -> tuple[UriPattern, ...]:
    found = identify(text)
    if isinstance(found, Item) and found.uri != text:
        return _of_class(found.uri)
    if isinstance(found, Item):
        # A scheme of no GS1 key: its EPCs are compared byte for byte.
        return (UriPattern(exact=text), UriPattern(prefix="urn:epc:id:" + text[14:].rstrip("*.") + "."))
    return tuple(UriPattern(prefix=start) for start in read_epc_pattern(text))


def _of_class(uri: str) -> tuple[UriPattern, ...]:
    if uri[_HOST:].startswith(_JOINED):
        return (UriPattern(prefix=uri),)
    return (UriPattern(exact=uri), UriPattern(prefix=uri + "/"))


def _read(uri: str) -> Item:
    found = identify(uri)
    if isinstance(found, NotAnIdentifier):
        # A new one: a cached exception would collect tracebacks.
        raise NotAnIdentifier(str(found), found.expected)
    return found
