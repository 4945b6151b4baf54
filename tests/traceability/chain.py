"""Events of a supply chain, in a few words each, and their rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import Connection

from linkxg.clock import rfc3339
from linkxg.network.epcis.documents.model import IndexedValue, Item, ItemRole, ItemUse, Level, ParsedEvent
from linkxg.network.epcis.events.insert_events import insert_events
from linkxg.network.traceability.walk_store import LOT_NUMBER

GTIN, OTHER_GTIN = "09520000002176", "09520000010010"
T0 = 1_790_000_000_000
_ids = count(1)
GS1 = "https://id.gs1.org"


def lot(number: str, gtin: str = GTIN) -> Item:
    return Item(f"{GS1}/01/{gtin}/10/{number}", Level.LOT, gtin, number)


def serial(number: str, gtin: str = GTIN, of_lot: str | None = None) -> Item:
    middle = f"/10/{of_lot}" if of_lot else ""
    return Item(f"{GS1}/01/{gtin}{middle}/21/{number}", Level.INSTANCE, gtin, of_lot, number)


def class_of(gtin: str) -> Item:
    return Item(f"{GS1}/01/{gtin}", Level.CLASS, gtin)


def crate(name: str) -> Item:
    return Item(f"urn:test:crate:{name}", Level.INSTANCE)


def party(gln: str) -> str:
    return f"{GS1}/417/{gln}"


def event(
    type: str,
    uses: Sequence[tuple[ItemRole, Item]],
    *,
    at: int = 0,
    action: str | None = None,
    id: str | None = None,
    declared: int | None = None,
    transformation: str | None = None,
    lot_number: str | None = None,
    values: Sequence[tuple[str, str]] = (),
    quantities: dict[str, tuple[float, str | None]] | None = None,
    step: str | None = None,
    disposition: str | None = None,
    read_point: str | None = None,
    location: str | None = None,
) -> ParsedEvent:
    """`at` is in seconds after T0; `declared` is the time of an error declaration."""
    event_id = id or f"urn:uuid:{next(_ids)}"
    content: dict[str, Any] = {"type": type, "eventID": event_id, "eventTime": rfc3339(T0 + at * 1_000)}
    # What the pages of events need; of items they know the rows alone.
    content |= {"eventTimeZoneOffset": "+00:00"} | ({"action": action} if action else {})
    content |= {"bizStep": step} if step else {}
    indexed = [IndexedValue(name, text) for name, text in values]
    if lot_number is not None:
        indexed.append(IndexedValue(LOT_NUMBER, lot_number))
    found = []
    for role, item in uses:
        quantity, uom = (quantities or {}).get(item.uri, (None, None))
        found.append(ItemUse(role, item, item.level != Level.INSTANCE, quantity, uom))
    encoded = json.dumps(content).encode()
    return ParsedEvent(
        event_id,
        "" if declared is None else rfc3339(T0 + declared * 1_000),
        type,  # type: ignore[arg-type]
        action,  # type: ignore[arg-type]
        T0 + at * 1_000,
        step,
        disposition,
        read_point,
        location,
        transformation,
        None if declared is None else "incorrect_data",
        hashlib.sha256(encoded).digest(),
        encoded,
        "",
        tuple(found),
        tuple(indexed),
    )


def made(inputs: Sequence[Item], outputs: Sequence[Item], **options: Any) -> ParsedEvent:
    uses = [(ItemRole.INPUT, one) for one in inputs] + [(ItemRole.OUTPUT, one) for one in outputs]
    return event("TransformationEvent", uses, **{"step": "commissioning"} | options)


def packed(children: Sequence[Item], parent: Item, action: str = "ADD", **options: Any) -> ParsedEvent:
    uses = [(ItemRole.PARENT, parent), *((ItemRole.CHILD, one) for one in children)]
    return event("AggregationEvent", uses, action=action, step="packing", **options)


def assembled(parts: Sequence[Item], asset: Item, action: str = "ADD", **options: Any) -> ParsedEvent:
    uses = [(ItemRole.PARENT, asset), *((ItemRole.CHILD, one) for one in parts)]
    return event("AssociationEvent", uses, action=action, **options)


def seen(found: Sequence[Item], action: str = "OBSERVE", **options: Any) -> ParsedEvent:
    return event("ObjectEvent", [(ItemRole.OBSERVED, one) for one in found], action=action, **options)


def insert(conn: Connection, account_id: str, found: Sequence[ParsedEvent], *, record_time: int = T0) -> None:
    """As a capture inserts them."""
    insert_events(conn, account_id, found, record_time=record_time, job_id=None)
