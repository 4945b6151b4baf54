"""The members of an answer that the caller asks for.

`fields=sku,content.name`: names of members, with those of the content after a dot, to any depth and of each object in
a list. All of them are looked for in one walk, so that many names and a long list do not multiply.
"""

from typing import Any

import msgspec

from linkxg.catalog.products.content import MEMBERS
from linkxg.errors import InvalidRequest

MAX_FIELDS = 50
Selection = dict[str, "Selection | None"]
"""Name → what is wanted of that member, None for all of it."""


def read_fields(text: str, shape: type[msgspec.Struct]) -> Selection:
    """The members of `shape` that are asked for. Raises InvalidRequest."""
    known = [field.encode_name for field in msgspec.structs.fields(shape)]
    paths = [name.split(".") for name in text.split(",")]
    selection: Selection = {}
    for path in paths:
        inside = path[0] == "content" and len(path) > 1 and path[1] in MEMBERS
        if len(paths) > MAX_FIELDS or path[0] not in known or not (inside or len(path) == 1):
            raise InvalidRequest(f"The parameter fields must list names of members, such as {_example(known)}.")
        _want(selection, path)
    return selection


def _example(known: list[str]) -> str:
    return f"{known[0]},{'content.name' if 'content' in known else known[1]}"


def _want(selection: Selection, path: list[str]) -> None:
    for name in path[:-1]:
        inner = selection.setdefault(name, {})
        if inner is None:
            # Wanted whole already: `content,content.name`.
            return
        selection = inner
    selection[path[-1]] = None


def select_fields(whole: msgspec.Struct, selection: Selection) -> dict[str, Any]:
    """What is wanted of `whole`; what is not there is left out."""
    return _take(msgspec.json.decode(msgspec.json.encode(whole)), selection)


def select_from_each(page: list[msgspec.Struct], selection: Selection) -> list[dict[str, Any]]:
    """Of a page. In a thread: two hundred large contents take longer than others may wait for."""
    return [select_fields(one, selection) for one in page]


def _take(value: dict[str, Any], selection: Selection) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name in selection if len(selection) <= len(value) else value:
        if name not in value or name not in selection:
            continue
        whole, inner = value[name], selection[name]
        if inner is None:
            taken[name] = whole
        elif isinstance(whole, dict):
            taken[name] = _take(whole, inner)
        elif isinstance(whole, list) and all(isinstance(one, dict) for one in whole):
            taken[name] = [_take(one, inner) for one in whole]
    return taken
