"""A dictionary that is bounded by the sizes of its values: the oldest are evicted."""

from itertools import islice
from typing import Any, Generic, TypeVar

V = TypeVar("V")
_SHARE = 64
OVERHEAD = 1_024
"""Counted for each entry besides its size: key, tuples, and what a value refers to."""


class SizedCache(Generic[V]):
    """`most` are the bytes of all values together. One that takes more than a 64th of them is not kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Any, tuple[V, int]] = {}
        self._bytes = 0

    def get(self, key: Any) -> V | None:
        found = self._kept.get(key)
        return None if found is None else found[0]

    def put(self, key: Any, value: V, size: int) -> None:
        self._bytes -= self._kept.pop(key, (None, 0))[1]
        size += OVERHEAD
        if size > self._most // _SHARE:
            return
        self._kept[key] = (value, size)
        self._bytes += size
        while self._bytes > self._most:
            # A share of them at once, as `evict_oldest` does.
            for oldest in list(islice(self._kept, len(self._kept) // _SHARE + 1)):
                self._bytes -= self._kept.pop(oldest)[1]
