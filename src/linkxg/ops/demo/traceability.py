"""Captures what happened at the companies of the demo, as a coherent chain from the cotton to the sold garment."""

from collections.abc import Sequence

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.network.epcis.documents.contexts import NO_CONTEXTS
from linkxg.network.epcis.documents.model import ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.events.insert_events import insert_events
from linkxg.ops.demo.account import DemoAccount
from linkxg.ops.demo.brand_events import brand_events
from linkxg.ops.demo.event_parts import Event
from linkxg.ops.demo.mill_events import mill_events
from linkxg.ops.demo.weaver_events import weaver_events

_BATCH = 500
"""Events of a transaction, within its time limit on a slow PostgreSQL server."""


async def create_demo_events(database: Database, brand: DemoAccount, weaver: DemoAccount, mill: DemoAccount) -> None:
    spun = mill_events()
    woven = weaver_events(spun.shipments)
    for account, events in ((mill, spun.events), (weaver, woven.events), (brand, brand_events(woven.shipments))):
        await _capture(database, account.account_id, events)


async def _capture(database: Database, account_id: str, events: Sequence[Event]) -> None:
    """In the order in which they happened."""
    parsed = [_parsed(one) for one in sorted(events, key=lambda one: str(one["eventTime"]))]
    for first in range(0, len(parsed), _BATCH):
        await database.write(_insert, account_id, parsed[first : first + _BATCH])


def _insert(conn: Connection, account_id: str, events: Sequence[ParsedEvent]) -> None:
    found = insert_events(conn, account_id, events, job_id=None)
    assert all(one.status == "CREATED" for one in found), [one for one in found if one.status != "CREATED"]


def _parsed(event: Event) -> ParsedEvent:
    found = parse_event(event, NO_CONTEXTS)
    assert isinstance(found, ParsedEvent), (event, found)
    return found
