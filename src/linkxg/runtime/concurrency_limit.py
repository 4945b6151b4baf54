"""A bound on how many of one kind of request this process works on at the same time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class ConcurrencyLimit:
    """At most `per_account` for each account and, if it is set, `total` for all."""

    def __init__(self, per_account: int, total: int | None = None) -> None:
        self._per_account, self._total = per_account, total
        self._held: Counter[str] = Counter()

    @contextmanager
    def slot(self, account_id: str) -> Iterator[bool]:
        """Holds a slot within this context; false if there is none."""
        is_full = self._total is not None and self._held.total() >= self._total
        if is_full or self._held[account_id] >= self._per_account:
            yield False
            return
        self._held[account_id] += 1
        try:
            yield True
        finally:
            self._held[account_id] -= 1
            if not self._held[account_id]:
                del self._held[account_id]
