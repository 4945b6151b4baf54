"""Evicts the oldest entries of a bounded dictionary."""

from itertools import islice
from typing import Any

_AT_ONCE = 64


def evict_oldest(kept: dict[Any, Any], most: int) -> None:
    """Drop the oldest of `kept` if there are `most` already.

    A share of them at once: to find its first key, a dictionary walks past the places of all that were deleted before.
    """
    if len(kept) >= most:
        for oldest in list(islice(kept, most // _AT_ONCE + 1)):
            del kept[oldest]
