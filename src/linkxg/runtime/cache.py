"""Evicts the oldest entries of a bounded dictionary."""

from itertools import islice
from typing import Any

_SHARE = 64


def evict_oldest(kept: dict[Any, Any], most: int) -> None:
    """Make room in `kept` if it has `most` entries.

    Evicts a share of them at once: to find its first key, a dictionary walks past the slots of all deleted ones.
    """
    if len(kept) >= most:
        for oldest in list(islice(kept, most // _SHARE + 1)):
            del kept[oldest]
