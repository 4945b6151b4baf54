"""A cache that is bounded by bytes keeps the latest, whatever their sizes."""

from __future__ import annotations

import pytest

from linkxg.runtime.sized_cache import OVERHEAD, SizedCache

pytestmark = pytest.mark.any_engine
MOST = 64 * 4 * OVERHEAD


def test_the_oldest_make_room() -> None:
    cache: SizedCache[int] = SizedCache(MOST)
    for number in range(1_000):
        cache.put(number, number, OVERHEAD)
    kept = [number for number in range(1_000) if cache.get(number) == number]
    assert kept == list(range(kept[0], 1_000))
    assert MOST // (2 * OVERHEAD) * 0.9 <= len(kept) <= MOST // (2 * OVERHEAD)


def test_what_is_put_again_is_counted_once() -> None:
    cache: SizedCache[int] = SizedCache(MOST)
    cache.put("other", 1, 0)
    for number in range(1_000):
        cache.put("same", number, OVERHEAD)
    assert (cache.get("same"), cache.get("other")) == (999, 1)


def test_what_is_too_large_is_not_kept_and_takes_the_place_of_no_other() -> None:
    cache: SizedCache[int] = SizedCache(MOST)
    cache.put("small", 1, 10)
    cache.put("large", 2, 4 * OVERHEAD)
    assert (cache.get("small"), cache.get("large")) == (1, None)
    cache.put("small", 3, 4 * OVERHEAD)
    assert cache.get("small") is None, "the former value is old"
