"""Reads for queries whose cost their callers choose: with a deadline, and in turns by account."""

from linkxg.db import Database
from linkxg.db.database import P, T, Unit
from linkxg.runtime.account_turns import AccountTurns

SECONDS = 2.0
"""That a query may take; the client can ask for less."""
TURNS = 2
"""As many as there are bounded reads."""
WAIT_S = 6.0
"""For the queries of the account before it, and those of others."""
_turns = AccountTurns(TURNS, "query")


async def read_bounded_query(
    database: Database, account_id: str, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Raises ReadTooLong, and TemporarilyUnavailable if the turn does not come in time."""
    async with _turns.turn(database, account_id, WAIT_S):
        return await database.read_bounded(unit, SECONDS, *args, **kwargs)
