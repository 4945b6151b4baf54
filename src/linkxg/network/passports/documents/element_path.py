"""Singular queries of JSONPath (RFC 9535 §2.3.5.1), which name one element of a passport.

Names and indexes alone: filters and descendants could cost any time, and name no single element.
"""

import re
from typing import Any

MAX_LENGTH = 500
MAX_STEPS = 20
_STEP = re.compile(
    r"\.(?P<name>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)"
    r"|\[(?P<index>0|[1-9][0-9]{0,8})\]"
    r"|\['(?P<single>(?:[^'\\\x00-\x1f]|\\['\\/])*)'\]"
    r'|\["(?P<double>(?:[^"\\\x00-\x1f]|\\["\\/])*)"\]'
)
_ESCAPE = re.compile(r"\\(.)")


class NotAnElementPath(ValueError):
    """The text is not a singular query."""


def read_element_path(text: str) -> list[str | int]:
    """The steps of a query such as `$.content.materials[0].name`; the `$` may be left out. Raises NotAnElementPath."""
    if len(text) > MAX_LENGTH:
        raise NotAnElementPath
    rest = text[1:] if text.startswith("$") else text if text.startswith("[") else f".{text}"
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None or len(steps) == MAX_STEPS:
            raise NotAnElementPath
        at = found.end()
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["name"] is not None:
            steps.append(found["name"])
        else:
            quoted = found["single"] if found["single"] is not None else found["double"]
            steps.append(_ESCAPE.sub(r"\1", quoted))
    return steps


def find_element(document: Any, steps: list[str | int]) -> Any:
    """The element. Raises LookupError if there is none."""
    for step in steps:
        match document, step:
            case (list(), int()) | (dict(), str()):
                document = document[step]
            case _:
                raise LookupError
    return document
