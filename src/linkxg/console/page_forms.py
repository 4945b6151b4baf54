"""How is the form of a page read?

Like every other body: strictly, bounded in size and count. Unlike OAuth's forms it may hold several lines and a name
more than once (check boxes).
"""

import re
from urllib.parse import parse_qsl

from linkxg.errors import InvalidRequest
from linkxg.web.exchange import Exchange
from linkxg.web.forms import is_form, refuse_form_coding

FORM_LIMIT = 256 * 1024
MAX_FIELDS = 64
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class PageForm:
    """What a person filled in."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def text(self, name: str) -> str:
        """The value, empty when absent."""
        return next((value for key, value in self.pairs if key == name), "")

    def has(self, name: str) -> bool:
        """Whether the form has this field, filled in or not."""
        return any(key == name for key, _ in self.pairs)

    def all(self, name: str) -> list[str]:
        """Every value of a name, as check boxes send them."""
        return [value for key, value in self.pairs if key == name]

    def lines(self, name: str) -> list[str]:
        """The words of a text of several lines."""
        return self.text(name).replace(",", " ").split()


def read_pairs(raw: bytes) -> list[tuple[str, str]]:
    """The fields of a form or query. Raises InvalidRequest for what no browser sends."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidRequest("The form is malformed.") from None
    if any(_CONTROL.search(part) for pair in pairs for part in pair):
        raise InvalidRequest("A field contains a control character.")
    # Browsers send line ends as CR LF whatever was typed.
    return [(name, value.replace("\r\n", "\n")) for name, value in pairs]


async def read_page_form(exchange: Exchange, limit: int = FORM_LIMIT) -> PageForm:
    """Raises InvalidRequest, UnsupportedMediaType or PayloadTooLarge."""
    if not is_form(exchange.header(b"content-type")):
        raise InvalidRequest("Send the form as application/x-www-form-urlencoded.")
    refuse_form_coding(exchange.header(b"content-encoding"))
    return PageForm(read_pairs(await exchange.body(limit)))
