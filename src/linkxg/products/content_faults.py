"""Every fault of a content that its types refuse; msgspec names only the first.

Each member at fault is taken out, or filled with a placeholder where it is required, and the rest is read again, until
what remains has the right types and can be checked for the rest. Only for what is refused anyway: it takes a few reads.
"""

import re
from copy import deepcopy
from typing import Any

import msgspec

from linkxg.products.check_content import Fault, check_content
from linkxg.products.content import Content
from linkxg.web.json_body import fault_of

MAX_READS = 20
"""A form has fewer fields; a program that sends more wrong types is told the rest when these are mended."""
_PLACEHOLDER = "-"


def content_faults(content: dict[str, Any], at: str) -> list[Fault]:
    """What is wrong with a content; fields are named with `at` before them."""
    rest, found, at_fault = deepcopy(content), list[Fault](), set[str]()
    for _ in range(MAX_READS):
        try:
            checked = check_content(msgspec.convert(rest, Content), at)
        except msgspec.ValidationError as error:
            wrong = fault_of(str(error), Content)
            field, missing = wrong["field"], wrong["code"] == "missing"
            known = field in at_fault
            if not known:
                at_fault.add(field)
                found.append(wrong | {"field": (at + field).rstrip(".")})
            if wrong["code"] == "unknown_field":
                break
            if (known and not missing) or not _mend(rest, field, missing):
                # Within a list, or a required member that is no text: what else is in the same member comes later.
                rest.pop(re.split(r"[.\[]", field, maxsplit=1)[0], None)
        else:
            return found + [one for one in checked.faults if one["field"].removeprefix(at) not in at_fault]
    return found


def _mend(content: dict[str, Any], field: str, missing: bool) -> bool:
    """Take out the member at a path such as `facility.gln`, or fill in a missing one; false if it cannot."""
    *path, name = field.split(".")
    holder: Any = content
    for part in path:
        holder = holder.get(part) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not (missing or name in holder):
        return False
    if missing:
        holder[name] = _PLACEHOLDER
    else:
        del holder[name]
    return True
