"""No account evicts the entries of one that holds less. Security rule 305."""

from __future__ import annotations

import pytest

from linkxg.runtime.account_cache import AccountCache

pytestmark = pytest.mark.any_engine


def held(cache: AccountCache[int], account_id: str) -> list[int]:
    return [number for number in range(1_000) if cache.get(account_id, str(number)) == number]


def fill(cache: AccountCache[int], account_id: str, count: int, size: int = 1) -> None:
    for number in range(count):
        cache.put(account_id, str(number), number, size)


def test_rule_305_an_account_evicts_its_own_entries() -> None:
    cache: AccountCache[int] = AccountCache(per_account=20, total=100)
    fill(cache, "small", 3)
    fill(cache, "large", 1_000)
    assert held(cache, "large") == list(range(980, 1_000))
    assert held(cache, "small") == [0, 1, 2]


def test_rule_305_beyond_the_total_the_largest_account_makes_room() -> None:
    cache: AccountCache[int] = AccountCache(per_account=60, total=100)
    fill(cache, "small", 5)
    fill(cache, "large", 60)
    for number in range(35):
        fill(cache, f"other-{number}", 2)
        assert cache.size <= 100
    assert held(cache, "small") == [0, 1, 2, 3, 4]
    assert all(held(cache, f"other-{number}") == [0, 1] for number in range(35))
    assert held(cache, "large") == list(range(35, 60))


def test_an_entry_that_is_put_again_is_counted_once() -> None:
    cache: AccountCache[int] = AccountCache(per_account=10, total=20)
    for number in range(100):
        cache.put("one", "same", number, 5)
    cache.put("one", "other", 1, 5)
    assert (cache.get("one", "same"), cache.get("one", "other"), cache.size) == (99, 1, 10)


def test_an_entry_larger_than_the_bounds_is_kept_alone() -> None:
    cache: AccountCache[int] = AccountCache(per_account=10, total=20)
    fill(cache, "one", 5)
    cache.put("one", "7", 7, 50)
    assert held(cache, "one") == [7]
    fill(cache, "two", 2)
    assert held(cache, "one") == []
    assert cache.size == 2
