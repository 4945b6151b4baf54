"""Inserts events with their items and values: bulk statements, none per event."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from linkxg.network.epcis.documents.model import ParsedEvent
from linkxg.network.epcis.events import write_store as store
from linkxg.network.epcis.events.model import EventKey, Inserted, StoredEvent


def insert_events(
    conn: Connection, account_id: str, events: Sequence[ParsedEvent], *, record_time: int, job_id: str | None
) -> list[Inserted]:
    """Insert the events that are new; the outcome of each, in their order.

    Of events with the same key the first is inserted. Their ids rise in the order of commits: until this transaction
    ends no other inserts events of the account.
    """
    store.lock_capture(conn, account_id)
    first: dict[EventKey, ParsedEvent] = {}
    for one in events:
        first.setdefault(key_of(one), one)
    new = list(first.values())
    if not new:
        return []
    numbers, count = store.insert_event_rows(conn, account_id, new, record_time=record_time, job_id=job_id)
    mine = {key_of(one): number for one, number in zip(new, numbers, strict=True)}
    if count == len(new):
        stored = {key: StoredEvent(number, first[key].content_hash) for key, number in mine.items()}
    else:
        stored = store.find_events(conn, account_id, [one.event_id for one in new])
    created = {key for key, number in mine.items() if stored[key].id == number}
    _insert_contents(conn, account_id, [(mine[key], one) for one in new if (key := key_of(one)) in created])
    outcomes = []
    for one in events:
        key = key_of(one)
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
    unknown = [item for uri, item in items.items() if uri not in ids]
    if unknown:
        ids.update(store.insert_items(conn, account_id, unknown))
    # In the order of the key, so that SQLite finds the place of each row beside that of the last.
    store.insert_uses(conn, account_id, sorted(row for number, event in created for row in _uses(number, event, ids)))
    values = [(number, place, *value) for number, event in created for place, value in enumerate(event.values)]
    store.insert_values(conn, account_id, values)


def _uses(number: int, event: ParsedEvent, ids: dict[str, int]) -> Iterator[tuple[object, ...]]:
    seen: dict[tuple[int, int], int] = {}
    for role, item, is_class, quantity, uom in event.items:
        place = ids[item.uri], int(role)
        position = seen.get(place, 0)
        seen[place] = position + 1
        yield *place, event.event_time, number, position, int(is_class), quantity, uom
