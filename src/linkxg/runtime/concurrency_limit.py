"""A bound on how many of one kind of request this process works on at the same time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class ConcurrencyLimit:
    """At most `per_account` for each account and, if it is set, `total` for all.

    Beyond `total`, `reserve` more are for accounts that hold none: a few that hold all they may shut nobody out.
    """

    def __init__(self, per_account: int, total: int | None = None, *, reserve: int = 0) -> None:
        self._per_account, self._total, self._reserve = per_account, total, reserve
        self._held: Counter[str] = Counter()

    @contextmanager
    def slot(self, account_id: str) -> Iterator[bool]:
        """Holds a slot within this context; false if there is none."""
        mine = self._held.get(account_id, 0)
        bound = None if self._total is None else self._total + (0 if mine else self._reserve)
        is_full = bound is not None and self._held.total() >= bound
        if is_full or mine >= self._per_account:
            yield False
            return
        self._held[account_id] += 1
        try:
            yield True
        finally:
            self._held[account_id] -= 1
            if not self._held[account_id]:
                del self._held[account_id]
