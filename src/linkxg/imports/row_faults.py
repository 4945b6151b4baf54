"""The faults of what a row says: all of them in one round, each with the value that was sent."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from linkxg.jobs.lines import CONTROL
from linkxg.jobs.model import Fault
from linkxg.products.check_content import Fault as FaultDetail
from linkxg.products.check_content import check_content
from linkxg.products.content import MEMBERS
from linkxg.products.merge_content import merged_content
from linkxg.products.merge_patch import merge_patch

_SHOWN = 200
_ROUNDS = 20
"""The types are checked up to the first fault, so each round takes one away."""
_INDEX = re.compile(r"\[(\d{1,6}|\.\.\.)\]")
_WHOLE = {"name": "-"}
"""What every content needs; the product that the row is for may have it."""


def content_faults(content: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the content by itself, but for what it lacks: its product may have that."""
    found: list[FaultDetail] = []
    rest: dict[str, Any] = {**_WHOLE, **merge_patch({}, dict(content))}
    for _ in range(_ROUNDS):
        merged = merged_content(None, rest, at="")
        if not isinstance(merged, list):
            found += check_content(merged, at="")[0]
            break
        found += (wrong for wrong in merged if wrong["code"] != "missing")
        if not _without(rest, merged[0]["field"], is_missing=merged[0]["code"] == "missing"):
            break
        rest = {**_WHOLE, **rest}
    return told(found, content)


def told(details: Iterable[FaultDetail], said: Mapping[str, Any]) -> list[Fault]:
    """As an import tells them; `said` is what the fields are of."""
    return [Fault(one["field"], one["code"], one["message"], _value_at(said, one["field"])) for one in details]


def _without(content: dict[str, Any], field: str, *, is_missing: bool) -> bool:
    """Take the part out that a fault is about; false when there is none."""
    unknown = content.keys() - set(MEMBERS)
    if not field and unknown:
        for name in unknown:
            del content[name]
        return True
    names = _INDEX.sub("", field).split(".")
    holders: list[tuple[dict[str, Any], str]] = []
    at: Any = content
    for name in names:
        if not isinstance(at, dict) or name not in at:
            break
        holders.append((at, name))
        at = at[name]
    if not holders:
        return False
    if is_missing and names[-1] == "value" and isinstance(at, dict):
        # The number was not readable, and its unit is still to be checked.
        at["value"] = 1
        return True
    holder, name = holders[-1]
    del holder[name]
    return True


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
