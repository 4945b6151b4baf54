"""Gives walks their turn: one of a database at a time in a process, and one of each account in the queue.

The other slots of bounded reads stay free for queries, and an account with many walks, such as those of a recall, keeps
others waiting for one of them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from linkxg.db import Database
from linkxg.runtime.account_turns import AccountTurns

WALKS = 1
WAIT_S = 20.0
"""For both turns together."""
_turns = AccountTurns(WALKS, "walk")


@asynccontextmanager
async def walk_turn(database: Database, account_id: str) -> AsyncIterator[None]:
    """Raises TemporarilyUnavailable if the turn does not come in time."""
    async with _turns.turn(database, account_id, WAIT_S):
        yield
