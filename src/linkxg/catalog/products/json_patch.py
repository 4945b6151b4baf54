"""JSON Patch (RFC 6902): the steps that make one JSON document into another.

Tests, moves and copies are not among them: each step stands for itself. Lists are compared between what they begin and
end with alike, in time that grows with their length. The steps come one by one: `diff_versions` stops where they become
longer than the value itself.
"""

from collections.abc import Iterator
from itertools import takewhile
from operator import eq
from typing import Any

import msgspec

from linkxg.catalog.products.versions.model import PatchOperation


def json_patch(old: Any, new: Any, path: str = "") -> Iterator[PatchOperation]:
    """The steps, in an order in which they can be done."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, path)
    elif written(old) != written(new):
        yield PatchOperation("replace", path, new)


def pointer(path: str, name: str) -> str:
    """The JSON Pointer (RFC 6901) of a member."""
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def written(value: Any) -> bytes:
    """A value as it is compared: in Python 1 and true are equal."""
    return msgspec.json.encode(value)


def _of_objects(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[PatchOperation]:
    for name in sorted(old.keys() | new.keys()):
        if name in old and name in new and written(old[name]) == written(new[name]):
            # Before its path is written: a thousand long paths of what is alike would fill the memory.
            continue
        at = pointer(path, name)
        if name not in new:
            yield PatchOperation("remove", at)
        elif name not in old:
            yield PatchOperation("add", at, new[name])
        else:
            yield from json_patch(old[name], new[name], at)


def _of_lists(old: list[Any], new: list[Any], path: str) -> Iterator[PatchOperation]:
    before, after = [*map(written, old)], [*map(written, new)]
    begin = _alike(before, after)
    end = _alike(before[begin:][::-1], after[begin:][::-1])
    last_old, last_new = len(old) - end, len(new) - end
    both = min(last_old, last_new)
    for place in range(begin, both):
        if before[place] != after[place]:
            yield from json_patch(old[place], new[place], f"{path}/{place}")
    # From behind: what stands before it keeps its place.
    for place in reversed(range(both, last_old)):
        yield PatchOperation("remove", f"{path}/{place}")
    for place in range(both, last_new):
        yield PatchOperation("add", f"{path}/{place}", new[place])


def _alike(old: list[bytes], new: list[bytes]) -> int:
    """How many they begin with are the same."""
    return sum(takewhile(bool, map(eq, old, new)))
