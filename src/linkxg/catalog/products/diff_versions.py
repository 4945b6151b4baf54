"""The difference between two versions of a product.

For programs as a JSON Patch (RFC 6902), for people field by field with the old and the new value. Each step carries a
path, and so a long name above a long list would multiply: a member whose steps take several times what its values take
is replaced as a whole, and so is every member once there are very many steps. A diff is bounded by the sum of what it
compares (security bar L5).
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from linkxg.catalog.products.changed_fields import ABSENT, changed_leaves
from linkxg.catalog.products.json_patch import json_patch, pointer, written
from linkxg.catalog.products.list_versions import read_version
from linkxg.catalog.products.versions.model import Diff, FieldChange, PatchOperation
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database

MAX_STEPS = 1_000
"""How many steps, and how many fields, a diff names before it replaces what remains member by member."""
_FACTOR, _SPARE, _AROUND = 4, 1_024, 40
_SPLIT = "attributes"
T = TypeVar("T", PatchOperation, FieldChange)


class _Member(NamedTuple):
    """A member that differs, and what its steps may take; of the attributes each is one."""

    pointer: str
    path: str
    old: Any
    new: Any
    allowance: int


async def diff_versions(database: Database, viewer: Viewer, product_id: str, older: int, newer: int) -> Diff:
    """What makes version `older` into version `newer`, whichever came first. Raises NotFound."""
    before = await read_version(database, viewer, product_id, older)
    after = await read_version(database, viewer, product_id, newer)
    # Comparing large contents takes milliseconds, in which the event loop serves others.
    return await asyncio.to_thread(
        diff, msgspec.json.decode(before.content), msgspec.json.decode(after.content), older, newer
    )


def diff(before: Any, after: Any, older: int = 0, newer: int = 0) -> Diff:
    """Of two contents as JSON values."""
    return Diff(older, newer, _patch(before, after), changed_fields(before, after))


def changed_fields(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    """The fields that differ, sorted by their paths; a member that is too long for that as a whole."""
    fields: list[FieldChange] = []
    for member in _members(before, after):
        found = _within(changed_leaves(member.old, member.new, member.path), member, MAX_STEPS - len(fields))
        whole = FieldChange(member.path, _or_none(member.old), _or_none(member.new))
        fields += [whole] if found is None else found
    return sorted(fields, key=lambda one: one.field)


def _patch(before: dict[str, Any], after: dict[str, Any]) -> list[PatchOperation]:
    steps: list[PatchOperation] = []
    for member in _members(before, after):
        if member.new is ABSENT:
            steps.append(PatchOperation("remove", member.pointer))
        elif member.old is ABSENT:
            steps.append(PatchOperation("add", member.pointer, member.new))
        else:
            found = _within(json_patch(member.old, member.new, member.pointer), member, MAX_STEPS - len(steps))
            steps += [PatchOperation("replace", member.pointer, member.new)] if found is None else found
    return steps


def _members(before: dict[str, Any], after: dict[str, Any], parent: str = "", path: str = "") -> Iterator[_Member]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if not parent and name == _SPLIT and _is_object(old) and _is_object(new):
            yield from _members(old, new, pointer("", name), f"{name}.")
            continue
        size = sum(len(written(value)) for value in (old, new) if value is not ABSENT)
        if old is ABSENT or new is ABSENT or written(old) != written(new):
            yield _Member(pointer(parent, name), path + name, old, new, _FACTOR * size + _SPARE)


def _within(found: Iterable[T], member: _Member, most: int) -> list[T] | None:
    """All that is found, unless it is longer than the member is worth or more than `most`: then None."""
    taken: list[T] = []
    left = member.allowance
    for one in found:
        left -= len(written(one)) + _AROUND
        if left < 0 or len(taken) >= most:
            return None
        taken.append(one)
    return taken


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _or_none(value: Any) -> Any:
    return None if value is ABSENT else value
