"""What has changed between two versions?

For programs as a JSON Patch (RFC 6902), for people field by field with the old and the new value.
"""

from typing import Any

import msgspec

from linkxg.db import Database
from linkxg.products.json_patch import json_patch, written
from linkxg.products.list_versions import read_version
from linkxg.products.versions.model import Diff, FieldChange


async def diff_versions(database: Database, account_id: str, product_id: str, older: int, newer: int) -> Diff:
    """What makes version `older` into version `newer`, whichever came first. Raises NotFound."""
    before = await read_version(database, account_id, product_id, older)
    after = await read_version(database, account_id, product_id, newer)
    return diff(msgspec.json.decode(before.content), msgspec.json.decode(after.content), older, newer)


def diff(before: Any, after: Any, older: int = 0, newer: int = 0) -> Diff:
    """Of two contents as JSON values."""
    return Diff(older, newer, list(json_patch(before, after)), changed_fields(before, after))


def changed_fields(before: Any, after: Any) -> list[FieldChange]:
    """The leaves that differ, sorted by their paths, such as `dimensions.netWeight.value` or `materials[0].name`."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    _leaves(before, "", old)
    _leaves(after, "", new)
    return [
        FieldChange(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if path not in old or path not in new or written(old[path]) != written(new[path])
    ]


def _leaves(value: Any, path: str, found: dict[str, Any]) -> None:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            _leaves(member, f"{path}.{name}" if path else name, found)
    elif isinstance(value, list) and value:
        for place, member in enumerate(value):
            _leaves(member, f"{path}[{place}]", found)
    else:
        found[path] = value
