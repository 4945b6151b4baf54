"""Reads which single item somebody means, as they type, paste or scan it on the pages of traceability and recalls."""

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.catalog.identifiers.read_typed import typed_item
from linkxg.errors import InvalidRequest
from linkxg.network.traceability.read_query import read_uri

EXAMPLE = "09520000002176 lot L1"


class NotAnItem(Exception):
    """The message says how to go on; `choices` are inputs that may be meant."""

    def __init__(self, message: str, choices: tuple[str, ...] = (), gtin14: str | None = None) -> None:
        super().__init__(message)
        self.message, self.choices, self.gtin14 = message, choices, gtin14


def read_typed_item(text: str) -> str:
    """The URI of the item in normal form. Raises NotAnItem."""
    if not text.strip():
        raise NotAnItem("Enter the identifier of an item.")
    try:
        found = typed_item(text)
    except NotAnIdentifier as error:
        raise NotAnItem(str(error)) from None
    if found is None:
        raise NotAnItem(
            f"This identifier cannot be traced. Enter a GTIN with a lot or serial, such as “{EXAMPLE}”, "
            "a GS1 Digital Link, an EPC URN or an SSCC."
        )
    if found.number:
        choices = (f"{found.gtin} lot {found.number}", f"{found.gtin} serial {found.number}")
        raise NotAnItem(f"Is {found.number} a lot or a serial?", choices)
    if found.gtin:
        message = f"{found.gtin} is a product, and a trace is of one lot or serial. Add it, as in “{EXAMPLE}”."
        raise NotAnItem(message, gtin14=found.gtin.rjust(14, "0"))
    try:
        return read_uri(found.uris[0], None, None, None)
    except InvalidRequest as error:
        raise NotAnItem(error.description.removeprefix("The parameter item is not valid. ")) from None
