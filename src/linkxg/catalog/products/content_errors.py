"""Every fault of a content that its types refuse, and of the rest what its rules refuse.

The members at fault are taken out, or filled with a placeholder where they are required, so that what remains has the
right types and can be checked.
"""

from copy import deepcopy
from typing import Any

import msgspec

from linkxg.catalog.products.check_content import Fault, check_content
from linkxg.catalog.products.content import MEMBERS, Content
from linkxg.http.schema_errors import MAX_FAULTS, shape_faults

_PLACEHOLDERS = {"name": "-", "value": 1}
"""By the name of a required member; the others are texts too."""


def content_faults(content: dict[str, Any], at: str) -> list[Fault]:
    """What is wrong with a content; fields are named with `at` before them."""
    wrong = shape_faults(content, Content, at)
    named = {one["field"] for one in wrong}
    checked = check_content(msgspec.convert(_without(content), Content), at)
    return [*wrong, *(one for one in checked.faults if one["field"] not in named)][:MAX_FAULTS]


def _without(content: dict[str, Any]) -> dict[str, Any]:
    """The content without what is at fault."""
    rest = deepcopy(content)
    for fault in shape_faults(rest, Content):
        if fault["code"] == "unknown_field" or not _mend(rest, fault["field"], fault["code"] == "missing"):
            _drop(rest, fault["field"])
    # A placeholder may not fit, and a member may be required where one was taken out.
    rest.setdefault("name", "-")
    while wrong := shape_faults(rest, Content):
        for fault in wrong:
            _drop(rest, fault["field"])
        rest.setdefault("name", "-")
    return rest


def _mend(content: dict[str, Any], field: str, missing: bool) -> bool:
    """Take out the member at a path such as `facility.gln`, or fill in a missing one; false if it cannot."""
    *path, name = field.split(".")
    holder: Any = content
    for part in path:
        holder = holder.get(part) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not (missing or name in holder):
        return False
    if missing:
        holder[name] = _PLACEHOLDERS.get(name, "-")
    else:
        del holder[name]
    return True


def _drop(content: dict[str, Any], field: str) -> None:
    """Take out the member that a fault is in, or all unknown ones."""
    if field:
        content.pop(field.partition(".")[0].partition("[")[0], None)
    else:
        for name in content.keys() - set(MEMBERS):
            del content[name]
