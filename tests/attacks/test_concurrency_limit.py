"""What a worker does at the same time is bounded per account and in all (security rule L4)."""

from __future__ import annotations

from contextlib import ExitStack

from linkxg.runtime.concurrency_limit import ConcurrencyLimit


def test_an_account_holds_no_more_requests_than_its_bound() -> None:
    held = ConcurrencyLimit(2, total=4)
    with ExitStack() as stack:
        assert [stack.enter_context(held.slot("a")) for _ in range(3)] == [True, True, False]
        assert stack.enter_context(held.slot("b"))
    with held.slot("a") as may_wait:
        assert may_wait


def test_a_worker_holds_no_more_requests_than_its_bound() -> None:
    held = ConcurrencyLimit(2, total=3)
    with ExitStack() as stack:
        assert [stack.enter_context(held.slot(account)) for account in "aabbc"] == [True, True, True, False, False]


def test_some_accounts_that_hold_all_they_may_leave_a_place_for_others() -> None:
    """Security rule 207."""
    held = ConcurrencyLimit(2, total=4, reserve=2)
    with ExitStack() as stack:
        assert [stack.enter_context(held.slot(account)) for account in "aabb"] == [True] * 4
        assert [stack.enter_context(held.slot(account)) for account in "cde"] == [True, True, False]
        # The reserve is for who has nothing in progress.
        assert not stack.enter_context(held.slot("c"))
