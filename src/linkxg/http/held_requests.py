"""A bound on the requests of this worker that wait for something to happen."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

MAX_HELD, MAX_HELD_OF_ACCOUNT = 1_000, 16


class HeldRequests:
    """Counts them; one too many is answered at once instead of waiting."""

    def __init__(self, most: int = MAX_HELD, most_of_account: int = MAX_HELD_OF_ACCOUNT) -> None:
        self._most, self._most_of_account = most, most_of_account
        self._held: Counter[str] = Counter()

    @contextmanager
    def hold(self, account_id: str) -> Iterator[bool]:
        """Whether a request of this account may wait, which it does within this context."""
        if self._held.total() >= self._most or self._held[account_id] >= self._most_of_account:
            yield False
            return
        self._held[account_id] += 1
        try:
            yield True
        finally:
            self._held[account_id] -= 1
            if not self._held[account_id]:
                del self._held[account_id]
