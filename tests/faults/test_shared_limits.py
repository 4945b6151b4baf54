"""Budgets that nodes share in Valkey or Redis are counted exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from harness.redis import KeyValueServer
from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import Budget, SharedLimits

BUDGET = Budget("test", 2, 60)


def counted(server: KeyValueServer, use: Callable[[SharedLimits], Awaitable[None]]) -> None:
    async def run() -> None:
        limits = SharedLimits(server.url)
        try:
            await use(limits)
        finally:
            await limits.close()

    asyncio.run(run())


def test_a_hit_refunded_after_its_window_frees_nothing(key_value_server: KeyValueServer) -> None:
    async def use(limits: SharedLimits) -> None:
        await limits.give_back(BUDGET, "late")
        for _ in range(BUDGET.amount):
            await limits.spend(BUDGET, "late")
        with pytest.raises(RateLimitExceeded):
            await limits.spend(BUDGET, "late")

    counted(key_value_server, use)


def test_a_hit_refunded_within_its_window_is_free_again(key_value_server: KeyValueServer) -> None:
    async def use(limits: SharedLimits) -> None:
        for _ in range(3 * BUDGET.amount):
            await limits.spend(BUDGET, "early")
            await limits.give_back(BUDGET, "early")
        await limits.spend(BUDGET, "early")

    counted(key_value_server, use)


def test_any_of_several_budgets_that_is_used_up_refuses(key_value_server: KeyValueServer) -> None:
    other = Budget("other", 1, 60)

    async def use(limits: SharedLimits) -> None:
        await limits.spend(other, "key")
        for order in ((BUDGET, other), (other, BUDGET)):
            with pytest.raises(RateLimitExceeded, match="other"):
                await limits.require(*((budget, "key") for budget in order))
        await limits.require((BUDGET, "key"))

    counted(key_value_server, use)
