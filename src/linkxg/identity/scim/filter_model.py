"""The tree of a filter (RFC 7644 §3.4.2.2)."""

from typing import NamedTuple

Value = str | bool | int | float | None


class Comparison(NamedTuple):
    """`attribute` is in lower case, without the URN of the core schema; `operator` is `pr` without a value."""

    attribute: str
    operator: str
    value: Value = None


class Both(NamedTuple):
    left: "Filter"
    right: "Filter"


class Either(NamedTuple):
    left: "Filter"
    right: "Filter"


class Negation(NamedTuple):
    inner: "Filter"


Filter = Comparison | Both | Either | Negation
