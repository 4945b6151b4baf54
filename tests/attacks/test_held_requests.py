"""Requests that wait are bounded per account and per worker (security bar §20)."""

from __future__ import annotations

from contextlib import ExitStack

from linkxg.http.held_requests import HeldRequests


def test_an_account_holds_no_more_requests_than_its_bound() -> None:
    held = HeldRequests(most=4, most_of_account=2)
    with ExitStack() as stack:
        assert [stack.enter_context(held.hold("a")) for _ in range(3)] == [True, True, False]
        assert stack.enter_context(held.hold("b"))
    with held.hold("a") as may_wait:
        assert may_wait


def test_a_worker_holds_no_more_requests_than_its_bound() -> None:
    held = HeldRequests(most=3, most_of_account=2)
    with ExitStack() as stack:
        assert [stack.enter_context(held.hold(account)) for account in "aabbc"] == [True, True, True, False, False]
