"""Sparse fieldsets: the parameter `fields`, such as `fields=sku,content.name`.

Members of the content follow after a dot, to any depth and in each object of a list. The value is walked once for all
names, so that many names and a long list do not multiply.
"""

from typing import Any

import msgspec

from linkxg.catalog.products.content import MEMBERS
from linkxg.errors import InvalidRequest

MAX_FIELDS = 50
Selection = dict[str, "Selection | None"]
"""Name → the selection within that member, None for all of it."""


def read_fields(text: str, shape: type[msgspec.Struct]) -> Selection:
    """The selected members of `shape`. Raises InvalidRequest."""
    known = [field.encode_name for field in msgspec.structs.fields(shape)]
    paths = [name.split(".") for name in text.split(",")]
    selection: Selection = {}
    for path in paths:
        inside = path[0] == "content" and len(path) > 1 and path[1] in MEMBERS
        if len(paths) > MAX_FIELDS or path[0] not in known or not (inside or len(path) == 1):
            raise InvalidRequest(f"The parameter fields must list names of members, such as {_example(known)}.")
        add_path(selection, path)
    return selection


def _example(known: list[str]) -> str:
    return f"{known[0]},{'content.name' if 'content' in known else known[1]}"


def add_path(selection: Selection, path: list[str]) -> None:
    """Select the member at `path` too."""
    for name in path[:-1]:
        inner = selection.setdefault(name, {})
        if inner is None:
            # All of it is selected already: `content,content.name`.
            return
        selection = inner
    selection[path[-1]] = None


def select_fields(resource: msgspec.Struct | msgspec.Raw, selection: Selection) -> dict[str, Any]:
    """The selected members that the resource has."""
    return select_members(msgspec.json.decode(msgspec.json.encode(resource)), selection)


def select_from_each(page: list[msgspec.Struct], selection: Selection) -> list[dict[str, Any]]:
    """Call it in a thread: two hundred large contents would block the event loop."""
    return [select_fields(resource, selection) for resource in page]


def select_members(value: dict[str, Any], selection: Selection) -> dict[str, Any]:
    """The selected members that `value` has."""
    selected: dict[str, Any] = {}
    for name in selection if len(selection) <= len(value) else value:
        if name not in value or name not in selection:
            continue
        member, inner = value[name], selection[name]
        if inner is None:
            selected[name] = member
        elif isinstance(member, dict):
            selected[name] = select_members(member, inner)
        elif isinstance(member, list) and all(isinstance(element, dict) for element in member):
            selected[name] = [select_members(element, inner) for element in member]
    return selected
