"""The recent revocations of each account, for its resource servers: from the invalidation feed, in memory.

A revocation is kept for as long as a token lives that it may concern. Of an account with very many the oldest ones are
replaced by one time: every token issued before it is to be treated as revoked.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from linkxg.clock import now_ms
from linkxg.db.invalidation_feed import CLIENT, SESSION, TOKEN, USER, Invalidation, InvalidationFeed
from linkxg.identity.tokens.model import LEEWAY_S, LIFETIME_S

MAX_ENTRIES = 5_000
MARGIN_S = 30
"""The leeway and the clock skew that a resource server may have."""
_STEP_MS = 30_000
"""Entries expire at multiples of this time, on every node at the same one."""
_LIFE_MS = (LIFETIME_S + MARGIN_S) * 1_000
_KINDS = (TOKEN, SESSION, CLIENT, USER)
_PRUNE_EVERY = 4_096


class Entry(msgspec.Struct, omit_defaults=True, gc=False, frozen=True):
    """`kind` and `id` of what is revoked; of a client or a person (`user`), tokens of epochs before `epoch`."""

    kind: str
    id: str
    epoch: int = 0


class Snapshot(NamedTuple):
    """What is revoked for an account; the same content has the same version on every node."""

    version: str
    entries: list[Entry]
    not_before: int
    """Tokens issued before this time are revoked; in seconds."""


class _Account:
    __slots__ = ("entries", "not_before_ms", "snapshot")

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[Entry, int]] = {}
        self.not_before_ms = 0
        self.snapshot: tuple[int, Snapshot] | None = None


_EMPTY = _Account()


class AccountRevocations:
    """`on_change` is called with the account of each new revocation, None if it may concern all of them."""

    def __init__(self, feed: InvalidationFeed, on_change: Callable[[str | None], None]) -> None:
        self._on_change = on_change
        self._accounts: dict[str | None, _Account] = {}
        self._since_pruned = 0
        for kind in _KINDS:
            feed.subscribe(kind, self._add)

    def snapshot(self, account_id: str) -> Snapshot:
        cutoff = _cutoff()
        own, common = self._accounts.get(account_id, _EMPTY), self._accounts.get(None)
        if own.snapshot is not None and own.snapshot[0] == cutoff and common is None:
            return own.snapshot[1]
        entries = _live(own, cutoff) + (_live(common, cutoff) if common else [])
        not_before_ms = max(own.not_before_ms, common.not_before_ms if common else 0)
        if not_before_ms <= cutoff:
            not_before_ms = 0
        made = _snapshot(entries, not_before_ms)
        if own is not _EMPTY:
            own.snapshot = (cutoff, made)
        return made

    def _add(self, change: Invalidation) -> None:
        if change.kind in (CLIENT, USER) and not change.epoch:
            # Of a new client: no token has an earlier epoch.
            return
        account = self._accounts.setdefault(change.account_id, _Account())
        key = (change.kind, change.subject)
        known = account.entries.pop(key, None)
        if known is not None and known[0].epoch > change.epoch:
            change = change._replace(epoch=known[0].epoch)
        account.entries[key] = (Entry(change.kind, change.subject, change.epoch), change.at)
        account.snapshot = None
        if len(account.entries) > MAX_ENTRIES:
            _, dropped_at = account.entries.pop(next(iter(account.entries)))
            account.not_before_ms = max(account.not_before_ms, dropped_at)
        self._prune()
        self._on_change(change.account_id)

    def _prune(self) -> None:
        self._since_pruned += 1
        if self._since_pruned < _PRUNE_EVERY:
            return
        self._since_pruned = 0
        cutoff = _cutoff()
        for account_id, account in list(self._accounts.items()):
            account.entries = {key: found for key, found in account.entries.items() if found[1] > cutoff}
            if not account.entries and account.not_before_ms <= cutoff:
                del self._accounts[account_id]


def _cutoff() -> int:
    return (now_ms() - _LIFE_MS) // _STEP_MS * _STEP_MS


def _live(account: _Account, cutoff: int) -> list[Entry]:
    return [entry for entry, at in account.entries.values() if at > cutoff]


def _snapshot(entries: list[Entry], not_before_ms: int) -> Snapshot:
    # Rounded up, with leeway: the nodes' clocks differ.
    not_before = not_before_ms // 1_000 + 1 + LEEWAY_S if not_before_ms else 0
    entries.sort(key=lambda entry: (entry.kind, entry.id))
    content = msgspec.json.encode((not_before, entries))
    return Snapshot(version_of(content), entries, not_before)


def version_of(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()[:15]).decode()
