"""The SQL of deliveries: which subscriptions are due, who delivers one, and how far it is.

A subscription belongs to the worker whose name stands in it, until `lease_until`. Whatever that worker writes for it
holds only while it is its own: so the position advances once with each delivery, and a worker that was thought dead and
is not changes nothing.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from linkxg.network.epcis.events.store import events
from linkxg.network.epcis.query.filter_store import clauses
from linkxg.network.epcis.query.model import Condition
from linkxg.network.epcis.query.store import SHOWN, FoundEvent
from linkxg.network.epcis.subscriptions.model import Lease
from linkxg.network.epcis.subscriptions.store import subscriptions

DeliveredEvent = FoundEvent
_s = subscriptions.c
_BY_ID = "INDEXED BY ix_epcis_events_account_id_id"


def list_due(conn: Connection, *, accounts: Collection[str] | None, now: int, limit: int) -> list[tuple[str, str]]:
    """(account, id) of subscriptions that nobody delivers and that may have something to deliver, those that waited
    longest first; of all accounts, or of these.
    """
    newer = select(events.c.id).where(events.c.account_id == _s.account_id, events.c.id > _s.position).exists()
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


def find_end_of_window(conn: Connection, account_id: str, *, position: int, size: int) -> int:
    """The number of the last of so many events behind `position`; `position` if there is none."""
    behind = (
        select(events.c.id)
        .where(events.c.account_id == account_id, events.c.id > position)
        .order_by(events.c.id)
        .limit(size)
        .with_hint(events, _BY_ID, "sqlite")
        .subquery()
    )
    return int(conn.execute(select(func.max(behind.c.id))).scalar() or position)


def list_matching(
    conn: Connection, account_id: str, conditions: Sequence[Condition], *, position: int, end: int, limit: int
) -> list[tuple[int, int]]:
    """(number, size) of the events behind `position` up to `end` that meet the conditions, in the order of capture."""
    within = (events.c.id > position, events.c.id <= end)
    query = (
        select(events.c.id, func.length(events.c.content))
        .where(*clauses(account_id, conditions), *within)
        .order_by(events.c.id)
        .limit(limit)
        .with_hint(events, _BY_ID, "sqlite")
    )
    return [(number, size) for number, size in conn.execute(query)]


def list_events(conn: Connection, account_id: str, numbers: Sequence[int]) -> list[FoundEvent]:
    """The events with these numbers, in the order of capture."""
    mine = select(events.c.id, *SHOWN).where(events.c.account_id == account_id, events.c.id.in_(numbers))
    rows = conn.execute(mine.order_by(events.c.id))
    return [FoundEvent((row.id,), row.event_id, row.record_time, bytes(row.content), row.context) for row in rows]
