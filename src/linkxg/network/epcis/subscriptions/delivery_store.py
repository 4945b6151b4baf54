"""The SQL of deliveries: which subscriptions are due, who delivers one, and how far it is.

A subscription belongs to the worker whose name stands in it, until `lease_until`. Whatever that worker writes for it
holds only while it is its own: so the position advances once with each delivery, and a worker that was thought dead and
is not changes nothing.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from linkxg.network.epcis.events.store import events
from linkxg.network.epcis.query.filter_store import clauses
from linkxg.network.epcis.query.model import Condition
from linkxg.network.epcis.query.source_store import after
from linkxg.network.epcis.query.store import SHOWN, FoundEvent
from linkxg.network.epcis.subscriptions.model import EventPosition, Lease
from linkxg.network.epcis.subscriptions.store import subscriptions

DeliveredEvent = FoundEvent
_s = subscriptions.c
_BY_TIME = "INDEXED BY ix_epcis_events_record_time"
_IN_ORDER = (events.c.record_time, events.c.id)


def list_due(conn: Connection, *, accounts: Collection[str] | None, now: int, limit: int) -> list[tuple[str, str]]:
    """(account, id) of subscriptions that nobody delivers and that may have something to deliver, those that waited
    longest first; of all accounts, or of these.
    """
    newer = _behind((_s.position_time, _s.position)).where(events.c.account_id == _s.account_id).exists()
    query = select(_s.account_id, _s.id).where(
        _s.state == "ACTIVE",
        _s.lease_until < now,
        _s.due_at <= now,
        or_(_s.schedule.is_not(None), _s.delivery_id.is_not(None), newer),
    )
    if accounts is not None:
        query = query.where(_s.account_id.in_(list(accounts)))
    return [(row.account_id, row.id) for row in conn.execute(query.order_by(_s.lease_until).limit(limit))]


def claim(conn: Connection, account_id: str, lease: Lease, *, now: int, until: int) -> bool:
    """Lease the subscription to a worker; false if another was faster."""
    free = and_(_s.state == "ACTIVE", _s.lease_until < now, _s.due_at <= now)
    mine = subscriptions.update().where(_s.account_id == account_id, _s.id == lease.id, free)
    return conn.execute(mine.values(worker=lease.worker, lease_until=until)).rowcount == 1


def update_held(
    conn: Connection, account_id: str, lease: Lease, values: dict[str, Any], *, delivery_id: str | None = None
) -> bool:
    """Write for a subscription; false if it is no longer this worker's, or the delivery is another one."""
    held = subscriptions.update().where(
        _s.account_id == account_id, _s.id == lease.id, _s.worker == lease.worker, _s.state == "ACTIVE"
    )
    if delivery_id is not None:
        held = held.where(_s.delivery_id == delivery_id)
    return conn.execute(held.values(values)).rowcount == 1


def find_end_of_window(conn: Connection, account_id: str, *, place: EventPosition, size: int) -> EventPosition:
    """The place of the last of so many events behind `place`; `place` if there is none."""
    within = _behind(place).where(events.c.account_id == account_id).order_by(*_IN_ORDER).limit(size).subquery()
    last = select(within.c.record_time, within.c.id).order_by(within.c.record_time.desc(), within.c.id.desc())
    row = conn.execute(last.limit(1)).first()
    return place if row is None else EventPosition(row.record_time, row.id)


def list_matching(
    conn: Connection,
    account_id: str,
    conditions: Sequence[Condition],
    *,
    place: EventPosition,
    end: EventPosition,
    limit: int,
) -> list[tuple[EventPosition, int]]:
    """(place, size) of the events behind `place` up to `end` that meet the conditions, in the order of capture."""
    until = (
        events.c.record_time <= end.record_time,
        or_(events.c.record_time < end.record_time, events.c.id <= end.number),
    )
    query = _behind(place).add_columns((func.length(events.c.content) + func.length(events.c.context)).label("size"))
    query = query.where(*clauses(account_id, conditions), *until).order_by(*_IN_ORDER).limit(limit)
    return [(EventPosition(row.record_time, row.id), row.size) for row in conn.execute(query)]


def list_behind(conn: Connection, account_id: str, place: EventPosition) -> list[int]:
    """The number of the next event behind `place`, if there is one."""
    query = _behind(place).where(events.c.account_id == account_id).limit(1)
    return [row.id for row in conn.execute(query)]


def _behind(place: Sequence[Any]) -> Select[int, int]:
    """Events that were captured after the one at this place: a range of the index."""
    query = select(events.c.record_time, events.c.id)
    return query.where(after(*_IN_ORDER, place, descending=False)).with_hint(events, _BY_TIME, "sqlite")


def list_events(conn: Connection, account_id: str, numbers: Sequence[int]) -> list[FoundEvent]:
    """The events with these numbers, in the order of capture."""
    mine = select(events.c.id, *SHOWN).where(events.c.account_id == account_id, events.c.id.in_(numbers))
    rows = conn.execute(mine.order_by(*_IN_ORDER))
    return [FoundEvent((row.id,), row.event_id, row.record_time, bytes(row.content), row.context) for row in rows]
