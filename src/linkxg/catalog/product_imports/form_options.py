"""The options of an import as fields of a form, under the names of the parameters in the address."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Literal, get_args

import msgspec

from linkxg.catalog.product_imports.model import EmptyAs, Key, Mode, Options
from linkxg.errors import InvalidRequest
from linkxg.jobs.model import Format, OnError

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
_DECIDE_HEAD = ("format", "mode", "key")
"""The fields by which the head of a file can be imported or not."""
_SHOWN = 64


class FormOptions:
    """The options of an import by the address and by the fields of its form, of which some may follow the file.

    `asked` are those of the address, `query` its parameters as they were sent, and `fields` grows as the form is read.
    `format_of_file` is the format where neither names one.
    """

    def __init__(
        self,
        asked: Options,
        query: Mapping[str, str],
        fields: list[tuple[str, str]],
        format_of_file: Callable[[], Format],
    ) -> None:
        self._asked = asked
        self._query = query
        self._fields = fields
        self._format_of_file = format_of_file

    def so_far(self) -> Options:
        """The options by the fields that have been read. Raises InvalidRequest."""
        found = read_option_fields(self._fields, self._query)
        if "format" not in found and "format" not in self._query:
            found["format"] = self._format_of_file()
        return msgspec.structs.replace(self._asked, **found)

    def still_possible(self) -> Iterator[Options]:
        """Every combination of format, mode and key that fields still to come may lead to."""
        decided = {name for name, _ in self._fields} | self._query.keys()
        undecided = {FIELDS[name][0]: get_args(FIELDS[name][1]) for name in _DECIDE_HEAD if name not in decided}
        current = self.so_far()
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
    """A name that was sent, as far as it can be repeated."""
    return "".join(letter for letter in name[:_SHOWN] if (letter.isalnum() and letter.isascii()) or letter in "_-.")
