"""Lists what the events of an account have in common."""

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.network.epcis.query import store
from linkxg.network.epcis.query.find_events import read_bounded
from linkxg.network.epcis.query.model import Condition, TextColumn


async def list_members(
    database: Database, account_id: str, members: TextColumn | None, *, after: str, limit: int
) -> tuple[list[str], bool]:
    """The values of a column, or EPCs, in order behind `after`, and whether more follow.

    Raises QueryTooComplexException.
    """

    def unit(conn: Connection) -> list[str]:
        if members is None:
            return store.list_epcs(conn, account_id, after=after, limit=limit + 1)
        return store.list_values(conn, account_id, members, after=after, limit=limit + 1)

    # Among EPCs all items are looked at, and most may be classes.
    found = await (read_bounded(database, account_id, unit) if members is None else database.read(unit))
    return found[:limit], len(found) > limit


async def has_member(database: Database, account_id: str, condition: Condition) -> bool:
    """Whether the account has an event that meets the condition. Raises QueryTooComplexException."""
    return await read_bounded(database, account_id, store.has_event, account_id, condition)
