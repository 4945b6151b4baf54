"""Reads what a page shows of an event: when it was captured and by which job, and whether it was declared wrong."""

from collections.abc import Sequence
from typing import NamedTuple

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.network.epcis.query import details_store


class EventDetails(NamedTuple):
    """Times in milliseconds; `job_id` is that of the capture, None for an event that was sent alone."""

    event_id: str
    declaration_time: str
    event_time: int
    record_time: int
    content: bytes
    context: str
    job_id: str | None


async def read_event_details(
    database: Database, account_id: str, event_id: str, *, limit: int
) -> tuple[list[EventDetails], bool]:
    """The event and its newest error declarations, by their times, and whether there are more. Raises NotFound."""
    found, has_more = await database.read(details_store.list_details, account_id, event_id, limit=limit)
    if not found:
        raise NotFound("There is no event with this id.")
    return [EventDetails._make(row)._replace(content=bytes(row[4])) for row in found], has_more


async def find_declared(database: Database, account_id: str, event_ids: Sequence[str]) -> frozenset[str]:
    """Those of the ids that have an error declaration."""
    if not event_ids:
        return frozenset()
    return frozenset(await database.read(details_store.list_declared, account_id, event_ids))
