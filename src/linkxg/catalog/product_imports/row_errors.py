"""The faults of what a row says: all of them in one round, each with the value that was sent."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from linkxg.catalog.products.check_content import Fault as FaultDetail
from linkxg.catalog.products.content_errors import content_faults as faults_of_content
from linkxg.catalog.products.merge_patch import merge_patch
from linkxg.http.strict_json import CONTROL
from linkxg.jobs.model import RowFault

_SHOWN = 200
_INDEX = re.compile(r"\[(\d{1,6}|\.\.\.)\]")
_WHOLE = {"name": "-"}
"""What every content needs; the product that the row is for may have it."""


def content_faults(content: Mapping[str, Any]) -> list[RowFault]:
    """What is wrong with the content by itself, but for what it lacks: its product may have that."""
    rest = {**_WHOLE, **merge_patch({}, dict(content))}
    return row_error((one for one in faults_of_content(rest, "") if one["code"] != "missing"), content)


def row_error(details: Iterable[FaultDetail], said: Mapping[str, Any]) -> list[RowFault]:
    """As an import tells them; `said` is what the fields are of."""
    return [RowFault(one["field"], one["code"], one["message"], _value_at(said, one["field"])) for one in details]


def _value_at(said: Mapping[str, Any], field: str) -> str:
    """What was sent there, shortened; empty where nothing, or no single value, was."""
    at: Any = said
    for name in _INDEX.sub(r".\1", field).split("."):
        if isinstance(at, Mapping):
            at = at.get(name)
        elif isinstance(at, list) and name.isdecimal() and int(name) < len(at):
            at = at[int(name)]
        else:
            return ""
    if isinstance(at, str):
        return CONTROL.sub("\ufffd", at[:_SHOWN]).encode("utf-8", "replace").decode()
    return msgspec.json.encode(at).decode()[:_SHOWN] if isinstance(at, bool | int | float) else ""
