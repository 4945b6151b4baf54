"""Finds the events of a query, page by page."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.db.database import P, ReadTooLong, T, Unit
from linkxg.errors import NotFound
from linkxg.network.epcis.errors import QueryTooComplexException, QueryTooLargeException
from linkxg.network.epcis.query import store
from linkxg.network.epcis.query.bounded_query import read_bounded_query
from linkxg.network.epcis.query.model import EventQuery
from linkxg.network.epcis.query.store import FoundEvent


class EventPage(NamedTuple):
    """`position` is where the next page begins; None after the last."""

    found: list[FoundEvent]
    position: list[Any] | None


class _TooMany(NamedTuple):
    most: int


async def find_events(
    database: Database, account_id: str, query: EventQuery, *, at: Sequence[Any] | None, limit: int
) -> EventPage:
    """A page of the account's events. A position is the number of events before it, and a place in the order.

    Raises QueryTooLargeException for more events than `query.most`, and QueryTooComplexException if it takes too long.
    """
    before, place = (0, None) if at is None else (at[0], at[1:])
    size = limit if query.limit is None else min(limit, query.limit - before)
    if size <= 0:
        return EventPage([], None)

    def unit(conn: Connection) -> tuple[list[FoundEvent], int] | _TooMany:
        if query.most is not None and at is None:
            counted = store.count_events(conn, account_id, query, most=query.most)
            if counted > query.most:
                return _TooMany(query.most)
        return store.list_events(conn, account_id, query, at=place, limit=size + 1)

    is_quick = query.most is None and store.is_quick(query)
    outcome = await (database.read(unit) if is_quick else read_bounded(database, account_id, unit))
    if isinstance(outcome, _TooMany):
        raise QueryTooLargeException(f"More than {outcome.most} events match (maxEventCount).")
    found, total = outcome
    page = found[:size]
    ends = total <= len(page) or (query.limit is not None and before + len(page) >= query.limit)
    return EventPage(page, None if ends else [before + len(page), *page[-1].position])


async def read_event(
    database: Database, account_id: str, event_id: str, *, at: Sequence[Any] | None = None, limit: int
) -> EventPage:
    """A page of an event and its error declarations. Raises NotFound."""
    found, total = await database.read(store.list_by_event_id, account_id, event_id, at=at, limit=limit + 1)
    if not found and at is None:
        raise NotFound("There is no event with this id.")
    page = found[:limit]
    return EventPage(page, None if total <= len(page) else list(page[-1].position))


async def read_bounded(database: Database, account_id: str, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Raises QueryTooComplexException if it takes too long."""
    try:
        return await read_bounded_query(database, account_id, unit, *args, **kwargs)
    except ReadTooLong:
        raise QueryTooComplexException from None
