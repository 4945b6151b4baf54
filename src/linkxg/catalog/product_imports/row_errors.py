"""The errors of a row, each with the rejected value."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from linkxg.catalog.products.check_content import FieldError
from linkxg.catalog.products.content_errors import content_errors
from linkxg.catalog.products.merge_patch import merge_patch
from linkxg.http.strict_json import CONTROL
from linkxg.jobs.model import RowFault

_SHOWN = 200
_INDEX = re.compile(r"\[(\d{1,6}|\.\.\.)\]")
_REQUIRED = {"name": "-"}
"""The required members of a content, which the stored product may have."""


def content_row_errors(content: Mapping[str, Any]) -> list[RowFault]:
    """The errors of the content of a row, without missing members, which the stored product may have."""
    merged = {**_REQUIRED, **merge_patch({}, dict(content))}
    return row_errors((error for error in content_errors(merged, "") if error["code"] != "missing"), content)


def row_errors(details: Iterable[FieldError], values: Mapping[str, Any]) -> list[RowFault]:
    """The errors in the form of the job engine; `values` has the rejected values."""
    return [
        RowFault(found["field"], found["code"], found["message"], _value_at(values, found["field"]))
        for found in details
    ]


def _value_at(values: Mapping[str, Any], field: str) -> str:
    """The value of a field, shortened; empty for a missing value, an object or a list."""
    value: Any = values
    for name in _INDEX.sub(r".\1", field).split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return ""
    if isinstance(value, str):
        return CONTROL.sub("\ufffd", value[:_SHOWN]).encode("utf-8", "replace").decode()
    return msgspec.json.encode(value).decode()[:_SHOWN] if isinstance(value, bool | int | float) else ""
