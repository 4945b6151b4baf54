"""Every error of a content of the wrong types, including those that `check_content` finds in the rest of it.

Members of the wrong type are removed, or replaced by a placeholder if they are required, so that the rest can be
converted and checked.
"""

from copy import deepcopy
from typing import Any

import msgspec

from linkxg.catalog.products.check_content import FieldError, check_content
from linkxg.catalog.products.content import MEMBERS, Content
from linkxg.http.schema_errors import MAX_FAULTS, shape_faults

_PLACEHOLDERS = {"name": "-", "value": 1}
"""By the name of a required member; all others are texts."""


def content_errors(content: dict[str, Any], at: str) -> list[FieldError]:
    """The errors of a content; names of fields get the prefix `at`."""
    type_errors = shape_faults(content, Content, at)
    invalid = {error["field"] for error in type_errors}
    checked = check_content(msgspec.convert(_without_invalid(content), Content), at)
    return [*type_errors, *(error for error in checked.errors if error["field"] not in invalid)][:MAX_FAULTS]


def _without_invalid(content: dict[str, Any]) -> dict[str, Any]:
    rest = deepcopy(content)
    for error in shape_faults(rest, Content):
        if error["code"] == "unknown_field" or not _repair(rest, error["field"], error["code"] == "missing"):
            _remove_member(rest, error["field"])
    # A placeholder may have the wrong type, and a removed member may have been required.
    rest.setdefault("name", "-")
    while errors := shape_faults(rest, Content):
        for error in errors:
            _remove_member(rest, error["field"])
        rest.setdefault("name", "-")
    return rest


def _repair(content: dict[str, Any], field: str, missing: bool) -> bool:
    """Remove the member at a path such as `facility.gln`, or add a missing one; false if neither is possible."""
    *path, name = field.split(".")
    parent: Any = content
    for part in path:
        parent = parent.get(part) if isinstance(parent, dict) else None
    if not isinstance(parent, dict) or not (missing or name in parent):
        return False
    if missing:
        parent[name] = _PLACEHOLDERS.get(name, "-")
    else:
        del parent[name]
    return True


def _remove_member(content: dict[str, Any], field: str) -> None:
    """Remove the top-level member of a path, or all unknown members if the path is empty."""
    if field:
        content.pop(field.partition(".")[0].partition("[")[0], None)
    else:
        for name in content.keys() - set(MEMBERS):
            del content[name]
