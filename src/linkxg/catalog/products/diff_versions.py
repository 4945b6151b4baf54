"""The difference between two versions of a product: a JSON Patch (RFC 6902), and a list of changed fields.

Every operation has a path, so a long name above a long list would multiply. A member is replaced as a whole when its
operations would take several times the size of its values, or when the diff already has very many operations: the size
of a diff is bounded by that of the contents.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from linkxg.catalog.products.changed_fields import ABSENT, changed_leaves
from linkxg.catalog.products.json_patch import encoded, json_patch, pointer
from linkxg.catalog.products.list_versions import read_version
from linkxg.catalog.products.versions.model import Diff, FieldChange, PatchOperation
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database

MAX_STEPS = 1_000
"""Operations, and fields, after which the remaining members are replaced as a whole."""
_FACTOR, _MIN_ALLOWANCE, _OVERHEAD = 4, 1_024, 40
_SPLIT = "attributes"
T = TypeVar("T", PatchOperation, FieldChange)


class _Member(NamedTuple):
    """A changed member, or a changed attribute; its operations may have `allowance` bytes."""

    pointer: str
    path: str
    old: Any
    new: Any
    allowance: int


async def diff_versions(database: Database, viewer: Viewer, product_id: str, older: int, newer: int) -> Diff:
    """The changes from version `older` to version `newer`, in either direction. Raises NotFound."""
    before = await read_version(database, viewer, product_id, older)
    after = await read_version(database, viewer, product_id, newer)
    # In a thread: comparing large contents takes milliseconds.
    return await asyncio.to_thread(
        diff, msgspec.json.decode(before.content), msgspec.json.decode(after.content), older, newer
    )


def diff(before: Any, after: Any, older: int = 0, newer: int = 0) -> Diff:
    """The changes between two contents as decoded JSON."""
    return Diff(older, newer, _patch(before, after), changed_fields(before, after))


def changed_fields(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    """The changed fields, sorted by path; a member whose fields exceed its allowance is one field."""
    fields: list[FieldChange] = []
    for member in _members(before, after):
        leaves = _bounded(changed_leaves(member.old, member.new, member.path), member, MAX_STEPS - len(fields))
        whole = FieldChange(member.path, _or_none(member.old), _or_none(member.new))
        fields += [whole] if leaves is None else leaves
    return sorted(fields, key=lambda change: change.field)


def _patch(before: dict[str, Any], after: dict[str, Any]) -> list[PatchOperation]:
    steps: list[PatchOperation] = []
    for member in _members(before, after):
        if member.new is ABSENT:
            steps.append(PatchOperation("remove", member.pointer))
        elif member.old is ABSENT:
            steps.append(PatchOperation("add", member.pointer, member.new))
        else:
            patch = _bounded(json_patch(member.old, member.new, member.pointer), member, MAX_STEPS - len(steps))
            steps += [PatchOperation("replace", member.pointer, member.new)] if patch is None else patch
    return steps


def _members(before: dict[str, Any], after: dict[str, Any], parent: str = "", path: str = "") -> Iterator[_Member]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if not parent and name == _SPLIT and _is_object(old) and _is_object(new):
            yield from _members(old, new, pointer("", name), f"{name}.")
            continue
        size = sum(len(encoded(value)) for value in (old, new) if value is not ABSENT)
        if old is ABSENT or new is ABSENT or encoded(old) != encoded(new):
            yield _Member(pointer(parent, name), path + name, old, new, _FACTOR * size + _MIN_ALLOWANCE)


def _bounded(changes: Iterable[T], member: _Member, limit: int) -> list[T] | None:
    """The changes; None if they exceed the member's allowance or are more than `limit`."""
    accepted: list[T] = []
    allowance = member.allowance
    for change in changes:
        allowance -= len(encoded(change)) + _OVERHEAD
        if allowance < 0 or len(accepted) >= limit:
            return None
        accepted.append(change)
    return accepted


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _or_none(value: Any) -> Any:
    return None if value is ABSENT else value
