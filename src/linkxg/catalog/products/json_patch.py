"""JSON Patch (RFC 6902): the operations that turn one JSON document into another.

Only add, remove and replace are used. Lists are compared without their common prefix and suffix, in linear time.
Operations are generated lazily: `diff_versions` stops when they become longer than the value itself.
"""

from collections.abc import Iterator
from itertools import takewhile
from operator import eq
from typing import Any

import msgspec

from linkxg.catalog.products.versions.model import PatchOperation


def json_patch(old: Any, new: Any, path: str = "") -> Iterator[PatchOperation]:
    """The operations, in the order in which they apply."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _patch_objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _patch_lists(old, new, path)
    elif encoded(old) != encoded(new):
        yield PatchOperation("replace", path, new)


def pointer(path: str, name: str) -> str:
    """The JSON Pointer (RFC 6901) of a member."""
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def encoded(value: Any) -> bytes:
    """A value as JSON, for comparison: in Python 1 and true are equal."""
    return msgspec.json.encode(value)


def _patch_objects(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[PatchOperation]:
    for name in sorted(old.keys() | new.keys()):
        if name in old and name in new and encoded(old[name]) == encoded(new[name]):
            # Before the path is built: a thousand long paths of equal members would fill the memory.
            continue
        at = pointer(path, name)
        if name not in new:
            yield PatchOperation("remove", at)
        elif name not in old:
            yield PatchOperation("add", at, new[name])
        else:
            yield from json_patch(old[name], new[name], at)


def _patch_lists(old: list[Any], new: list[Any], path: str) -> Iterator[PatchOperation]:
    before, after = [*map(encoded, old)], [*map(encoded, new)]
    start = _common_prefix(before, after)
    end = _common_prefix(before[start:][::-1], after[start:][::-1])
    last_old, last_new = len(old) - end, len(new) - end
    both = min(last_old, last_new)
    for index in range(start, both):
        if before[index] != after[index]:
            yield from json_patch(old[index], new[index], f"{path}/{index}")
    # Backwards, so that the indexes of the remaining elements stay valid.
    for index in reversed(range(both, last_old)):
        yield PatchOperation("remove", f"{path}/{index}")
    for index in range(both, last_new):
        yield PatchOperation("add", f"{path}/{index}", new[index])


def _common_prefix(old: list[bytes], new: list[bytes]) -> int:
    """The number of equal elements at the start."""
    return sum(takewhile(bool, map(eq, old, new)))
