"""Inserts events with their items and values: bulk statements, none per event."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.network.epcis.documents.model import ItemRole, ParsedEvent
from linkxg.network.epcis.events import write_store as store
from linkxg.network.epcis.events.model import EventKey, Inserted, StoredEvent
from linkxg.network.epcis.events.store import DOWNSTREAM, UPSTREAM, WIDE

MAX_PAIRS = 1_000
"""Of inputs and outputs of one event, each of which is two rows."""


def insert_events(
    conn: Connection,
    account_id: str,
    events: Sequence[ParsedEvent],
    *,
    job_id: str | None,
    record_time: int | None = None,
) -> list[Inserted]:
    """Insert the events that are new, as captured now or at `record_time`; the outcome of each, in their order.

    Of events with the same key the first is inserted. Their ids rise in the order of commits: until this transaction
    ends no other inserts events of the account.
    """
    # Before the clock is read, so that the record times rise with the ids.
    store.lock_capture(conn, account_id)
    keys = [key_of(one) for one in events]
    first: dict[EventKey, ParsedEvent] = {}
    for key, one in zip(keys, events, strict=True):
        first.setdefault(key, one)
    # In the order of time, as most indexes have it: each row finds its places beside those of the last.
    new = sorted(first.values(), key=lambda one: one.event_time)
    if not new:
        return []
    if record_time is None:
        record_time = store.find_next_record_time(conn, account_id, now_ms())
    numbers, count = store.insert_event_rows(conn, account_id, new, record_time=record_time, job_id=job_id)
    mine = {key_of(one): number for number, one in zip(numbers, new, strict=True)}
    if count == len(events):
        _insert_contents(conn, account_id, list(zip(numbers, new, strict=True)))
        return [Inserted("CREATED", mine[key]) for key in keys]
    if count == len(new):
        stored = {key: StoredEvent(number, first[key].content_hash) for key, number in mine.items()}
    else:
        stored = store.find_events(conn, account_id, [one.event_id for one in new])
    created = {key for key, number in mine.items() if stored[key].id == number}
    _insert_contents(conn, account_id, [(number, first[key]) for key, number in mine.items() if key in created])
    outcomes = []
    for key, one in zip(keys, events, strict=True):
        outcomes.append(_outcome(one, stored[key], is_new=key in created))
        created.discard(key)
    return outcomes


def key_of(event: ParsedEvent) -> EventKey:
    return event.event_id, event.declaration_time


def _outcome(event: ParsedEvent, stored: StoredEvent, *, is_new: bool) -> Inserted:
    if is_new:
        return Inserted("CREATED", stored.id)
    return Inserted("UNCHANGED" if stored.content_hash == event.content_hash else "CONFLICT", stored.id)


def _insert_contents(conn: Connection, account_id: str, created: Sequence[tuple[int, ParsedEvent]]) -> None:
    items = {use.item.uri: use.item for _, event in created for use in event.items}
    ids = store.find_items(conn, account_id, list(items))
    unknown = sorted(item for uri, item in items.items() if uri not in ids)
    if unknown:
        ids.update(store.insert_items(conn, account_id, unknown))
    # In the order of the key, so that SQLite finds the place of each row beside that of the last.
    store.insert_uses(conn, account_id, sorted(_uses(created, ids)))
    made = [one for one in created if one[1].type == "TransformationEvent"]
    pairs = (row for number, event in made for row in pairs_of(number, *_sides(event, ids)))
    store.insert_genealogy(conn, account_id, sorted(pairs))
    values = [(number, place, *value) for number, event in created for place, value in enumerate(event.values)]
    store.insert_values(conn, account_id, values)


def _sides(event: ParsedEvent, ids: dict[str, int]) -> tuple[set[int], set[int]]:
    """The inputs and the outputs."""
    inputs, outputs = (
        {ids[use.item.uri] for use in event.items if use.role is role} for role in (ItemRole.INPUT, ItemRole.OUTPUT)
    )
    return inputs, outputs


def pairs_of(number: int, inputs: Collection[int], outputs: Collection[int]) -> Iterator[tuple[int, int, int, int]]:
    """The rows of the genealogy that an event adds."""
    is_wide = len(inputs) * len(outputs) > MAX_PAIRS
    for output in outputs:
        for other in (WIDE,) if is_wide else inputs:
            yield UPSTREAM, output, other, number
    for item in inputs:
        for other in (WIDE,) if is_wide else outputs:
            yield DOWNSTREAM, item, other, number


def _uses(created: Sequence[tuple[int, ParsedEvent]], ids: dict[str, int]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for number, event in created:
        seen: dict[tuple[int, int], int] = {}
        for role, item, is_class, quantity, uom in event.items:
            place = ids[item.uri], int(role)
            position = seen.get(place, 0)
            seen[place] = position + 1
            rows.append((*place, event.event_time, number, position, int(is_class), quantity, uom))
    return rows
