"""Which events an answer is derived from."""

from typing import NamedTuple

from linkxg.clock import LATEST_MS

EARLIEST_MS = -LATEST_MS


class Bounds(NamedTuple):
    """Events that were recorded by `as_of` and happened from `since` until before `until`, in milliseconds.

    An event that an error declaration voids, and the declaration, are left out unless `include_voided`. A declaration
    that was recorded after `as_of` voids nothing: the same question gets the same answer later.
    """

    as_of: int = LATEST_MS
    since: int = EARLIEST_MS
    until: int = LATEST_MS
    include_voided: bool = False

    @property
    def parameters(self) -> dict[str, int]:
        return {"as_of": self.as_of, "since": self.since, "until": self.until}
