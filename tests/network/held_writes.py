"""Holds writers back, as a slow transaction of another node does."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

import asyncpg

from harness.databases import SqliteDatabase
from harness.world import World
from linkxg.clock import now_ms

T = TypeVar("T")


def held_back(world: World, table: str, call: Callable[[], T], *, seconds: float = 0.8) -> tuple[T, int]:
    """(the result of a call that had to wait so long for this table, the time at which it could go on)."""

    async def meanwhile() -> tuple[asyncio.Task[T], int]:
        waiting = asyncio.create_task(asyncio.to_thread(call))
        await asyncio.sleep(seconds)
        assert not waiting.done()
        return waiting, now_ms()

    async def run() -> tuple[T, int]:
        database = world.server.database
        if isinstance(database, SqliteDatabase):
            with closing(sqlite3.connect(database.path, isolation_level=None, timeout=30)) as connection:
                connection.execute("begin immediate")
                waiting, released = await meanwhile()
                connection.execute("rollback")
        else:
            other = await asyncpg.connect(database.url)
            async with other.transaction():
                await other.execute(f"lock table {table} in exclusive mode")
                waiting, released = await meanwhile()
            await other.close()
        return await waiting, released

    return asyncio.run(run())
