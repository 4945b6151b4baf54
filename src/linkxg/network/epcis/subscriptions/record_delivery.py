"""Records what becomes of a delivery, in the transaction that moves the subscription on.

An attempt is counted before it is made, and begins only while the caller on whose behalf it is made may read events.
"""

import random
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.identity.authorization.job_rights import is_in_epoch, job_is_authorised
from linkxg.identity.tokens.scopes import ROLE_SCOPES
from linkxg.network.epcis.scopes import SCOPE
from linkxg.network.epcis.subscriptions import delivery_store
from linkxg.network.epcis.subscriptions.manage_subscriptions import host_of
from linkxg.network.epcis.subscriptions.model import (
    FIRST_PAUSE_MS,
    LONGEST_PAUSE_MS,
    MAX_ATTEMPTS,
    MAX_BATCH,
    Delivery,
    EventPosition,
    Lease,
    Schedule,
    SubscriptionRow,
)
from linkxg.network.epcis.subscriptions.schedule import read_schedule
from linkxg.network.epcis.subscriptions.store import find_subscription

LEASE_MS = 60_000
"""Several times what an attempt takes at most."""
UNAUTHORISED = "Whoever this subscription runs for may no longer read events; somebody who may can resume it."
ACCESS_ENDED = (
    "All sessions and tokens of whoever this subscription runs for were ended, such as by a new password; check the "
    "address of the receiver before you resume it."
)
_ROLES = frozenset(role for role, scopes in ROLE_SCOPES.items() if SCOPE in scopes)
_NO_DELIVERY: dict[str, Any] = {"delivery_id": None, "attempts": 0, "last_error": None}


class BegunAttempt(NamedTuple):
    """`number` is None if there is to be no attempt; `has_stopped` then says that the subscription has."""

    number: int | None
    has_stopped: bool = False


def begin_attempt(conn: Connection, lease: Lease, row: SubscriptionRow, delivery: Delivery) -> BegunAttempt:
    if (reason := _lost_rights(conn, lease.account_id, _actor_of(row))) is not None:
        return BegunAttempt(None, _stop(conn, lease, row, "PAUSED", reason, attempts=row.attempts))
    if row.attempts >= MAX_ATTEMPTS:
        # The process has died with the last one.
        reason = row.last_error or "The last attempt was interrupted."
        return BegunAttempt(None, _stop(conn, lease, row, "FAILED", reason, attempts=row.attempts))
    attempt = row.attempts + 1
    values: dict[str, Any] = {"attempts": attempt, "lease_until": now_ms() + LEASE_MS}
    if row.delivery_id is None:
        values |= {
            "delivery_id": delivery.id,
            "delivery_end_time": delivery.end.record_time,
            "delivery_end": delivery.end.number,
            "delivery_events": delivery.events,
            "delivery_at": delivery.at,
            "delivery_is_last": int(delivery.is_last),
        }
    return BegunAttempt(attempt if delivery_store.update_held(conn, lease.account_id, lease, values) else None)


def find_held(conn: Connection, lease: Lease) -> SubscriptionRow | None:
    """The subscription, if it is still this worker's."""
    row = find_subscription(conn, lease.account_id, lease.id)
    return row if row is not None and row.worker == lease.worker else None


def record_success(conn: Connection, lease: Lease, row: SubscriptionRow, delivery: Delivery) -> bool:
    """Move the position behind the delivery; false if it is no longer this worker's."""
    now = now_ms()
    values = {
        **_NO_DELIVERY,
        **_position(delivery.end),
        # A receiver that refused large deliveries once may take them again; if not, one more 413 halves them.
        "batch_size": min(MAX_BATCH, row.batch_size * 2),
        "last_notified_at": now,
        "min_record_time": delivery.at,
        "has_reported": int(not delivery.is_last),
        "lease_until": now + LEASE_MS,
        **_pause(row, now, is_complete=delivery.is_last),
    }
    return delivery_store.update_held(conn, lease.account_id, lease, values, delivery_id=delivery.id)


def record_nothing(conn: Connection, lease: Lease, row: SubscriptionRow, end: EventPosition, *, has_more: bool) -> bool:
    """Move the position behind events that do not match. The read has succeeded, which ends a row of failures."""
    now = now_ms()
    values = {**_NO_DELIVERY, **_position(end), "min_record_time": now, "lease_until": now + LEASE_MS}
    if not has_more:
        values |= {"has_reported": 0, **_pause(row, now, is_complete=True)}
    return delivery_store.update_held(conn, lease.account_id, lease, values)


def record_failure(
    conn: Connection, lease: Lease, row: SubscriptionRow, delivery_id: str | None, error: str, attempt: int
) -> bool:
    """Try again later, or end the subscription after the last attempt: whether this has failed it."""
    if attempt >= MAX_ATTEMPTS:
        return _stop(conn, lease, row, "FAILED", error, attempts=attempt)
    now = now_ms()
    pause = min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS)
    # So that what failed together is not tried again together.
    due_at = now + int(pause * random.uniform(0.75, 1.25))  # noqa: S311  no secret depends on it
    values = {"attempts": attempt, "last_error": error, "due_at": due_at, "worker": None, "lease_until": now - 1}
    delivery_store.update_held(conn, lease.account_id, lease, values, delivery_id=delivery_id)
    return False


def record_gone(conn: Connection, lease: Lease, row: SubscriptionRow, error: str, attempt: int) -> bool:
    """The receiver wants no more (410): whether this has failed the subscription."""
    return _stop(conn, lease, row, "FAILED", error, attempts=attempt)


def record_too_large(conn: Connection, lease: Lease, delivery: Delivery) -> bool:
    """Deliver the same events in smaller parts, since the receiver has refused them (413)."""
    values = {**_NO_DELIVERY, "batch_size": max(1, delivery.events // 2), "lease_until": now_ms() + LEASE_MS}
    return delivery_store.update_held(conn, lease.account_id, lease, values, delivery_id=delivery.id)


def release(conn: Connection, lease: Lease) -> None:
    """Let any worker go on."""
    values = {"worker": None, "lease_until": now_ms() - 1}
    delivery_store.update_held(conn, lease.account_id, lease, values)


def _lost_rights(conn: Connection, account_id: str, actor: Actor) -> str | None:
    """Why nothing may be delivered on behalf of the actor; None if it may."""
    caller = account_id, actor.kind, actor.id or ""
    if not job_is_authorised(conn, *caller, scope=SCOPE, roles=_ROLES):
        return UNAUTHORISED
    return None if is_in_epoch(conn, *caller, actor.epoch) else ACCESS_ENDED


def _position(end: EventPosition) -> dict[str, int]:
    return {"position_time": end.record_time, "position": end.number}


def _pause(row: SubscriptionRow, now: int, *, is_complete: bool) -> dict[str, Any]:
    """When it is due next; after the last delivery nobody holds it."""
    if not is_complete:
        return {}
    due_at = 0
    if row.schedule is not None:
        due_at = read_schedule(msgspec.json.decode(row.schedule, type=Schedule)).next_after(now) or now
    return {"due_at": due_at, "worker": None, "lease_until": now - 1}


def _stop(
    conn: Connection,
    lease: Lease,
    row: SubscriptionRow,
    state: Literal["FAILED", "PAUSED"],
    error: str,
    *,
    attempts: int,
) -> bool:
    """False if it is no longer this worker's."""
    values = {"state": state, "last_error": error, "attempts": attempts, "worker": None, "lease_until": now_ms() - 1}
    if not delivery_store.update_held(conn, lease.account_id, lease, values):
        return False
    details = {"query": row.query_name, "host": host_of(row.dest), "attempts": attempts, "reason": error}
    action = "subscription.failed" if state == "FAILED" else "subscription.paused"
    audit.record(conn, lease.account_id, _actor_of(row), action, row.id, details)
    return True


def _actor_of(row: SubscriptionRow) -> Actor:
    return Actor(*msgspec.json.decode(row.actor))
