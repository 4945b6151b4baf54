"""Parses the forms of pages strictly, bounded in size and number of fields.

Unlike OAuth forms they may hold several lines and repeat a name (check boxes). Text pasted from a word processor brings
control characters, such as Word's vertical tab for a line break. They are replaced, and the next page says so:
rejecting the form would lose the rest of the input.
"""

import re
import secrets
from urllib.parse import parse_qsl

from linkxg.db.idempotency import check_key
from linkxg.errors import InvalidRequest
from linkxg.http.forms import is_form, refuse_form_coding
from linkxg.http.request_context import RequestContext
from linkxg.http.strict_json import CONTROL

FORM_LIMIT = 256 * 1024
MAX_FIELDS = 600
"""A recall may notify 500 partners, each with a check box."""
SECRET_FIELDS = frozenset({"password", "current_password", "new_password", "client_secret", "code", "mfa_token"})
_UNCHANGED = SECRET_FIELDS | {"confirm_password", "confirm_code"}
"""Fields that are never altered: their values are compared, or checked by the rules for passwords."""
_MULTILINE = frozenset(
    {
        "certificate",
        "claims",
        "description",
        "instructions",
        "items",
        "mapping",
        "message",
        "paths",
        "public_key",
        "purpose",
        "ranges",
        "serials",
    }
)
_LINE_BREAK = re.compile(r"\r\n|[\x0b\x0c]")


class PageForm:
    """The fields of a form or query; `replaced` says whether control characters were replaced in them."""

    def __init__(self, pairs: list[tuple[str, str]], *, replaced: bool = False) -> None:
        self.pairs = pairs
        self.replaced = replaced

    def text(self, name: str) -> str:
        """The value, empty when absent."""
        return next((value for key, value in self.pairs if key == name), "")

    def has(self, name: str) -> bool:
        """Whether the form has this field, empty or not."""
        return any(key == name for key, _ in self.pairs)

    def all(self, name: str) -> list[str]:
        """Every value of a repeated name (check boxes)."""
        return [value for key, value in self.pairs if key == name]

    @property
    def idempotency_key(self) -> str | None:
        """The hidden field `key`: a form that is sent twice acts once. Raises InvalidRequest if it is malformed."""
        return check_key(self.text("key") or None)

    def key_or_new(self) -> str:
        """The field `key` of the next page: a form that comes back with errors keeps its own."""
        return self.text("key") or secrets.token_hex(16)

    def items(self, name: str) -> list[str]:
        """The items of a text area, separated by white space or commas."""
        return self.text(name).replace(",", " ").split()


def read_fields(raw: bytes) -> PageForm:
    """Parse a form or query. Raises InvalidRequest if it is malformed."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidRequest("The form is malformed.") from None
    if any(CONTROL.search(name) for name, _ in pairs):
        raise InvalidRequest("The name of a field contains a control character.")
    replaced = any(CONTROL.search(value) for name, value in pairs if name not in _UNCHANGED)
    return PageForm([(name, _printable(name, value)) for name, value in pairs], replaced=replaced)


def _printable(name: str, value: str) -> str:
    """The value without control characters; browsers send every line break as CR LF."""
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
