"""The options of an import as fields of a form, with the names of the query parameters."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Literal, get_args

import msgspec

from linkxg.catalog.product_imports.model import EmptyAs, KeyField, Mode, Options
from linkxg.errors import InvalidRequest
from linkxg.jobs.model import FileFormat, OnError

FIELDS: dict[str, tuple[str, Any]] = {
    "resource": ("resource", Literal["products"]),
    "format": ("format", FileFormat),
    "mode": ("mode", Mode),
    "key": ("key", KeyField),
    "onError": ("on_error", OnError),
    "emptyAs": ("empty_as", EmptyAs),
    "dryRun": ("dry_run", bool),
    "publish": ("publish", bool),
}
"""Name of the field → member of `Options`, and its type; `resource` is not a member."""
_DECISIVE = ("format", "mode", "key")
"""The fields that decide whether the first block of a file is accepted."""
_SHOWN = 64


class FormOptions:
    """The options from the query and from the fields of a form, some of which may follow the file.

    `defaults` are the options from the query, `query` its raw parameters, and `fields` grows as the form is read.
    `format_of_file` returns the format if neither query nor form has one.
    """

    def __init__(
        self,
        defaults: Options,
        query: Mapping[str, str],
        fields: list[tuple[str, str]],
        format_of_file: Callable[[], FileFormat],
    ) -> None:
        self._defaults = defaults
        self._query = query
        self._fields = fields
        self._format_of_file = format_of_file

    def current(self) -> Options:
        """The options with the fields that have been read. Raises InvalidRequest."""
        found = read_option_fields(self._fields, self._query)
        if "format" not in found and "format" not in self._query:
            found["format"] = self._format_of_file()
        return msgspec.structs.replace(self._defaults, **found)

    def possible(self) -> Iterator[Options]:
        """Every combination of format, mode and key that the remaining fields may set."""
        decided = {name for name, _ in self._fields} | self._query.keys()
        undecided = {FIELDS[name][0]: get_args(FIELDS[name][1]) for name in _DECISIVE if name not in decided}
        current = self.current()
        for values in product(*undecided.values()):
            yield msgspec.structs.replace(current, **dict(zip(undecided, values, strict=True)))


def read_option_fields(fields: Iterable[tuple[str, str]], query: Mapping[str, str]) -> dict[str, Any]:
    """Members of `Options` that the fields set; `query` holds the parameters of the address.

    Raises InvalidRequest for a field that is unknown, repeated, not valid, or contradicts a parameter.
    """
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for name, text in fields:
        if name not in FIELDS:
            raise InvalidRequest(f"Unknown form field {_shown(name)}; accepted: file, {', '.join(FIELDS)}.")
        if name in seen:
            raise InvalidRequest(f"The form field {name} is repeated.")
        if query.get(name, text) != text:
            raise InvalidRequest(f"The form field {name} and the parameter {name} differ.")
        seen.add(name)
        member, kind = FIELDS[name]
        try:
            found[member] = msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError:
            values = get_args(kind) or ("true", "false")
            raise InvalidRequest(f"The form field {name} must be one of {', '.join(values)}.") from None
    found.pop("resource", None)
    return found


def _shown(name: str) -> str:
    """A name from the request, reduced to characters that an error may repeat."""
    return "".join(letter for letter in name[:_SHOWN] if (letter.isalnum() and letter.isascii()) or letter in "_-.")
