"""The options of an import as fields of a form, under the names of the parameters in the address."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from linkxg.errors import InvalidRequest
from linkxg.imports.model import EmptyAs, Format, Key, Mode, OnError

FIELDS: dict[str, tuple[str, Any]] = {
    "resource": ("resource", Literal["products"]),
    "format": ("format", Format),
    "mode": ("mode", Mode),
    "key": ("key", Key),
    "onError": ("on_error", OnError),
    "emptyAs": ("empty_as", EmptyAs),
    "dryRun": ("dry_run", bool),
    "publish": ("publish", bool),
}
"""Name as it is sent → member of `Options`, and its type; `resource` is no member."""
_SHOWN = 64


def read_option_fields(fields: Iterable[tuple[str, str]], query: Mapping[str, str]) -> dict[str, Any]:
    """Members of `Options` that the fields set; `query` holds the parameters of the address.

    Raises InvalidRequest for a field that is unknown, repeated, not valid, or contradicts a parameter.
    """
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for name, text in fields:
        if name not in FIELDS:
            raise InvalidRequest(
                f"The form field {_shown(name)} is not known; the fields are file, {', '.join(FIELDS)}."
            )
        if name in seen:
            raise InvalidRequest(f"The form field {name} is repeated.")
        if query.get(name, text) != text:
            raise InvalidRequest(f"The form field {name} and the parameter {name} disagree.")
        seen.add(name)
        member, kind = FIELDS[name]
        try:
            found[member] = msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError:
            values = get_args(kind) or ("true", "false")
            raise InvalidRequest(f"The form field {name} is one of {', '.join(values)}.") from None
    found.pop("resource", None)
    return found


def _shown(name: str) -> str:
    """A name that was sent, as far as it can be repeated."""
    return "".join(letter for letter in name[:_SHOWN] if (letter.isalnum() and letter.isascii()) or letter in "_-.")
