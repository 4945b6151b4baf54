"""Which members of an answer does the caller want?

`fields=sku,content.name`: names of members, with those of the content after a dot, to any depth and of each object in
a list.
"""

from typing import Any

import msgspec

from linkxg.errors import InvalidRequest
from linkxg.products.content import MEMBERS

MAX_FIELDS = 50
Path = list[str]


def read_fields(text: str, shape: type[msgspec.Struct]) -> list[Path]:
    """The paths of members of `shape` that are asked for. Raises InvalidRequest."""
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    paths = [name.split(".") for name in text.split(",")]
    for path in paths:
        inside = path[0] == "content" and (len(path) == 1 or path[1] in MEMBERS)
        if len(paths) > MAX_FIELDS or not (inside or (len(path) == 1 and path[0] in known)):
            raise InvalidRequest("The parameter fields takes names of members, such as sku,content.name.")
    return paths


def select_fields(whole: msgspec.Struct, paths: list[Path]) -> dict[str, Any]:
    """What of `whole` the paths lead to; what is not there is left out."""
    value = msgspec.json.decode(msgspec.json.encode(whole))
    selected: dict[str, Any] = {}
    for path in paths:
        _take(value, path, selected)
    return selected


def _take(value: Any, path: Path, into: dict[str, Any]) -> None:
    name = path[0]
    if not isinstance(value, dict) or name not in value:
        return
    whole = value[name]
    if len(path) == 1:
        into[name] = whole
    elif into.get(name) is whole:
        # Taken whole already: `content,content.name`.
        return
    elif isinstance(whole, dict):
        _take(whole, path[1:], into.setdefault(name, {}))
    elif isinstance(whole, list) and all(isinstance(one, dict) for one in whole):
        for one, part in zip(whole, into.setdefault(name, [{} for _ in whole]), strict=True):
            _take(one, path[1:], part)
