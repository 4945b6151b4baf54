"""Forms of pages, read like every other body: strictly, bounded in size and count.

Unlike OAuth's forms they may hold several lines and a name more than once (check boxes). Text pasted from a word
processor brings control characters, such as the vertical tab that Word has for a line break. They are replaced, and the
next page says so: a refusal would lose everything else that was typed.
"""

import re
from urllib.parse import parse_qsl

from linkxg.errors import InvalidRequest
from linkxg.http.forms import is_form, refuse_form_coding
from linkxg.http.request_context import RequestContext
from linkxg.http.strict_json import CONTROL

FORM_LIMIT = 256 * 1024
MAX_FIELDS = 64
SECRET_FIELDS = frozenset({"password", "current_password", "new_password", "client_secret"})
_UNCHANGED = SECRET_FIELDS | {"confirm_password"}
"""Fields of which no character is replaced: what they hold is compared, or refused by the rules for passwords."""
_MULTILINE = frozenset({"description", "ranges"})
_LINE_BREAK = re.compile(r"\r\n|[\x0b\x0c]")


class PageForm:
    """What a person filled in; `replaced` says whether control characters of it were replaced."""

    def __init__(self, pairs: list[tuple[str, str]], *, replaced: bool = False) -> None:
        self.pairs = pairs
        self.replaced = replaced

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


def read_fields(raw: bytes) -> PageForm:
    """The fields of a form or query. Raises InvalidRequest for what no browser sends."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidRequest("The form is malformed.") from None
    if any(CONTROL.search(name) for name, _ in pairs):
        raise InvalidRequest("The name of a field contains a control character.")
    replaced = any(CONTROL.search(value) for name, value in pairs if name not in _UNCHANGED)
    return PageForm([(name, _printable(name, value)) for name, value in pairs], replaced=replaced)


def _printable(name: str, value: str) -> str:
    """Browsers send line ends as CR LF whatever was typed."""
    if name in _UNCHANGED:
        return value.replace("\r\n", "\n")
    text = _LINE_BREAK.sub("\n", value) if name in _MULTILINE else value.replace("\r\n", "\n")
    return CONTROL.sub(" ", text)


async def read_page_form(context: RequestContext, limit: int = FORM_LIMIT) -> PageForm:
    """Raises InvalidRequest, UnsupportedMediaType or PayloadTooLarge."""
    if not is_form(context.header(b"content-type")):
        raise InvalidRequest("Send the form as application/x-www-form-urlencoded.")
    refuse_form_coding(context.header(b"content-encoding"))
    return read_fields(await context.body(limit))
