"""The leaf fields that differ between two JSON values."""

from collections.abc import Iterator
from typing import Any

from linkxg.catalog.products.json_patch import encoded
from linkxg.catalog.products.versions.model import FieldChange

ABSENT: Any = object()
"""Stands for a missing value."""


def changed_leaves(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    """The leaves that differ, by paths such as `dimensions.netWeight.value` or `materials[0].name`.

    An empty object or list is a leaf. Equal values are skipped before their path is built.
    """
    old_children, new_children = _children(old), _children(new)
    old_leaf = old is not ABSENT and old_children is None
    new_leaf = new is not ABSENT and new_children is None
    if (old_leaf or new_leaf) and not (old_leaf and new_leaf and encoded(old) == encoded(new)):
        yield FieldChange(path, old if old_leaf else None, new if new_leaf else None)
    before, after = old_children or {}, new_children or {}
    for suffix in {**before, **after}:
        old_child, new_child = before.get(suffix, ABSENT), after.get(suffix, ABSENT)
        if old_child is ABSENT or new_child is ABSENT or encoded(old_child) != encoded(new_child):
            yield from changed_leaves(old_child, new_child, path + suffix)


def _children(value: Any) -> dict[str, Any] | None:
    """The members of an object or list by path suffix; None for a leaf."""
    if isinstance(value, dict) and value:
        return {f".{name}": member for name, member in value.items()}
    if isinstance(value, list) and value:
        return {f"[{index}]": member for index, member in enumerate(value)}
    return None
