"""The recent revocations of accounts in memory: bounded, and the same version for the same content."""

from __future__ import annotations

import time

import pytest

from linkxg.clock import now_ms
from linkxg.db.invalidation_feed import CLIENT, TOKEN, Invalidation, InvalidationFeed
from linkxg.identity.tokens import account_revocations
from linkxg.identity.tokens.account_revocations import MAX_ENTRIES, AccountRevocations


def made() -> tuple[InvalidationFeed, AccountRevocations, list[str | None]]:
    feed, changed = InvalidationFeed(), list[str | None]()
    return feed, AccountRevocations(feed, changed.append), changed


def token(number: int, at: int | None = None, account: str | None = "a") -> Invalidation:
    return Invalidation(TOKEN, f"t{number}", 0, at or now_ms(), account)


def test_the_version_depends_on_the_content_alone() -> None:
    (first, one, _), (second, other, _) = made(), made()
    assert one.snapshot("a").version == other.snapshot("a").version
    changes = [token(1), token(2), Invalidation(CLIENT, "c", 3, now_ms(), "a")]
    first.apply(changes)
    second.apply(reversed(changes))
    second.apply(changes)
    assert one.snapshot("a") == other.snapshot("a")
    assert one.snapshot("b").entries == []
    second.apply([Invalidation(CLIENT, "c", 2, now_ms(), "a")])
    assert one.snapshot("a") == other.snapshot("a"), "an earlier epoch takes nothing back"


def test_a_change_without_an_account_concerns_all_of_them() -> None:
    """A node of the release before writes none."""
    feed, revocations, changed = made()
    feed.apply([token(1, account=None)])
    assert [entry.id for entry in revocations.snapshot("a").entries] == ["t1"]
    assert [entry.id for entry in revocations.snapshot("b").entries] == ["t1"]
    assert changed == [None]


def test_of_very_many_revocations_the_time_of_the_oldest_remains() -> None:
    feed, revocations, _ = made()
    start = now_ms() - 60_000
    feed.apply(token(number, start + number) for number in range(MAX_ENTRIES + 10))
    found = revocations.snapshot("a")
    assert len(found.entries) == MAX_ENTRIES
    assert found.not_before > (start + 9) / 1_000


def test_of_very_many_revocations_of_all_accounts_the_time_of_the_oldest_remains_too() -> None:
    feed, revocations, _ = made()
    start = now_ms() - 60_000
    feed.apply(token(number, start + number, account=None) for number in range(MAX_ENTRIES + 10))
    feed.apply([token(-1)])
    for account in ("a", "b"):
        assert revocations.snapshot(account).not_before > (start + 9) / 1_000, account


def test_memory_is_bounded_by_what_may_still_live(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, revocations, _ = made()
    monkeypatch.setattr(account_revocations, "_PRUNE_EVERY", 10)
    long_ago = now_ms() - 2_000_000
    for number in range(1_000):
        feed.apply([token(number, long_ago, account=f"account {number}")])
    assert len(revocations._accounts) <= 10


def test_entries_end_with_the_tokens_that_they_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, revocations, _ = made()
    feed.apply([token(1), Invalidation(CLIENT, "new", 0, now_ms(), "a")])
    assert [entry.id for entry in revocations.snapshot("a").entries] == ["t1"], "a new client revokes nothing"
    empty = revocations.snapshot("nobody").version
    later = time.time() * 1_000 + 900_000
    monkeypatch.setattr(account_revocations, "now_ms", lambda: int(later))
    assert len(revocations.snapshot("a").entries) == 1, "a token of then may still live"
    monkeypatch.setattr(account_revocations, "now_ms", lambda: int(later) + 61_000)
    assert revocations.snapshot("a").version == empty
