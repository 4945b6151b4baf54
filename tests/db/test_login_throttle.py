"""A sign-in attempt whose check ends late does not shorten the delay of later attempts."""

from __future__ import annotations

import asyncio

import pytest

from conftest import DatabaseFactory
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.errors import RateLimitExceeded
from linkxg.identity.sessions import throttle, throttle_store
from linkxg.identity.sessions.throttle import FREE_FAILURES, throttle_of


def test_a_late_failure_does_not_shorten_a_longer_block(
    engine: str, new_database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(engine).url
    clock = 1_800_000_000_000
    monkeypatch.setattr(throttle, "now_ms", lambda: clock)

    async def guess() -> None:
        nonlocal clock
        database = open_database(url)
        await migrate(database)
        await database.open()
        try:
            tried = throttle_of("person@example.test", "203.0.113.9", 1.0)
            attempt: int | RateLimitExceeded = 0
            for _ in range(FREE_FAILURES):
                attempt = await database.write(tried.begin, None, "203.0.113.9")
            assert isinstance(attempt, int)
            for _ in range(3):
                clock = await database.read(throttle_store.blocked_until, tried.pair) + 1
                later = await database.write(tried.begin, None, "203.0.113.9")
                assert isinstance(later, int)
                await database.write(tried.fail, later)
            blocked = await database.read(throttle_store.blocked_until, tried.pair)
            assert blocked == clock + 8_000
            await database.write(tried.fail, attempt)
            assert await database.read(throttle_store.blocked_until, tried.pair) == blocked
        finally:
            await database.close()

    asyncio.run(guess())
