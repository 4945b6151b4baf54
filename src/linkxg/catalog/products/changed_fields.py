"""The fields that differ between two JSON values, one by one, as people read them."""

from collections.abc import Iterator
from typing import Any

from linkxg.catalog.products.json_patch import written
from linkxg.catalog.products.versions.model import FieldChange

ABSENT: Any = object()
"""In the place of a value that is not there."""


def changed_leaves(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    """The leaves that differ, by paths such as `dimensions.netWeight.value` or `materials[0].name`.

    An empty object or list is a leaf. What is alike is passed over before its path is written.
    """
    old_parts, new_parts = _parts(old), _parts(new)
    old_leaf = old is not ABSENT and old_parts is None
    new_leaf = new is not ABSENT and new_parts is None
    if (old_leaf or new_leaf) and not (old_leaf and new_leaf and written(old) == written(new)):
        yield FieldChange(path, old if old_leaf else None, new if new_leaf else None)
    before, after = old_parts or {}, new_parts or {}
    for suffix in {**before, **after}:
        was, is_now = before.get(suffix, ABSENT), after.get(suffix, ABSENT)
        if was is ABSENT or is_now is ABSENT or written(was) != written(is_now):
            yield from changed_leaves(was, is_now, path + suffix)


def _parts(value: Any) -> dict[str, Any] | None:
    """What a container holds, by what its path has in addition; None for a leaf."""
    if isinstance(value, dict) and value:
        return {f".{name}": member for name, member in value.items()}
    if isinstance(value, list) and value:
        return {f"[{place}]": member for place, member in enumerate(value)}
    return None
