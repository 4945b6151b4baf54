"""Captures one event, synchronously."""

import asyncio
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, RecordedId, Request
from linkxg.errors import PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.network.epcis.capture.clock_skew import STRICT, check_skew
from linkxg.network.epcis.capture.faults import EventExists, invalid_event
from linkxg.network.epcis.documents.contexts import CONTEXT, NO_CONTEXTS
from linkxg.network.epcis.documents.model import ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.events.insert_events import insert_events

ROUTE = "POST /epcis/events"


class CapturedEvent(NamedTuple):
    """`id` is the number of the stored event as text."""

    id: str
    event: ParsedEvent


async def capture_single_event(
    database: Database,
    actor: Actor,
    account_id: str,
    content: bytes,
    *,
    strict: bool = False,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[CapturedEvent]:
    """The stored event; `strict` rejects one from the future (`clock_skew`).

    Raises InvalidRequest with its faults, EventExists, or IdempotencyKeyReused.
    """
    # In a thread: an event of a megabyte would block every other request.
    event = await asyncio.to_thread(parse_event, content, NO_CONTEXTS)
    if not isinstance(event, ParsedEvent):
        raise invalid_event(event)
    if strict and (skewed := check_skew(event, now_ms())) is not None:
        raise invalid_event([skewed])

    def capture(conn: Connection) -> CapturedEvent | PublicError:
        [found] = insert_events(conn, account_id, [event], job_id=None)
        if found.status != "CREATED":
            return EventExists()
        audit.record(conn, account_id, actor, "event.captured", str(found.id), {"event_id": event.event_id})
        return CapturedEvent(str(found.id), event)

    def recall(conn: Connection, recorded: Recorded) -> CapturedEvent:
        return CapturedEvent(recorded.read(RecordedId).id, event)

    named = [actor.id, event.event_id, event.content_hash.hex(), *([STRICT] if strict else [])]
    request = Request(account_id, ROUTE, idempotency_key, named)
    return await write_once(database, actor, request, capture, recall, record=lambda made: RecordedId(made.id))


def view_event(event: ParsedEvent) -> bytes:
    """The event with its context and its id, as a JSON text."""
    foreign = msgspec.json.decode(event.context) if event.context else []
    members = msgspec.json.decode(event.content)
    return msgspec.json.encode({"@context": [CONTEXT, *foreign], "eventID": event.event_id, **members})
