"""A cache of bounded size in which no account can evict the entries of an account that holds less."""

from collections import Counter
from typing import Generic, TypeVar

V = TypeVar("V")


class AccountCache(Generic[V]):
    """Sizes are in whatever unit the caller chooses, such as bytes; an entry is in the cache whatever its size."""

    def __init__(self, per_account: int, total: int) -> None:
        self._per_account, self._total = per_account, total
        self._entries: dict[str, dict[str, tuple[V, int]]] = {}
        self._held: Counter[str] = Counter()
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    def get(self, account_id: str, name: str) -> V | None:
        entry = self._entries.get(account_id, {}).get(name)
        return None if entry is None else entry[0]

    def put(self, account_id: str, name: str, value: V, size: int = 1) -> None:
        """Evicts the oldest entries: of the account beyond its bound, then of the account that holds most."""
        self._drop(account_id, name)
        while self._held[account_id] and self._held[account_id] + size > self._per_account:
            self._drop_oldest(account_id)
        while self._size and self._size + size > self._total:
            ((largest, _),) = self._held.most_common(1)
            self._drop_oldest(largest)
        self._entries.setdefault(account_id, {})[name] = (value, size)
        self._held[account_id] += size
        self._size += size

    def _drop_oldest(self, account_id: str) -> None:
        self._drop(account_id, next(iter(self._entries[account_id])))

    def _drop(self, account_id: str, name: str) -> None:
        entries = self._entries.get(account_id, {})
        if name not in entries:
            return
        size = entries.pop(name)[1]
        self._size -= size
        self._held[account_id] -= size
        if not entries:
            del self._entries[account_id], self._held[account_id]
