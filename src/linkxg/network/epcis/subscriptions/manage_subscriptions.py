"""Reads, resumes and deletes subscriptions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import NotFound, PublicError
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.authorization.write_as import write_as, write_once_by_id
from linkxg.jobs.model import as_json
from linkxg.network.epcis.errors import NoSuchNameException
from linkxg.network.epcis.page_tokens import PageTokens
from linkxg.network.epcis.query.named_query_store import find_query
from linkxg.network.epcis.subscriptions import store
from linkxg.network.epcis.subscriptions.model import MAX_BATCH, Delivery, Schedule, Subscription, SubscriptionRow
from linkxg.network.epcis.subscriptions.receivers import Receivers

NO_SUBSCRIPTION = "There is no such subscription."


@dataclass(frozen=True, slots=True)
class SubscriptionServices:
    """`wake` says whose events are to be delivered."""

    database: Database
    tokens: PageTokens
    public_url: str
    server_key: bytes = field(repr=False)
    receivers: Receivers
    wake: Callable[[str], None]
    notices: SecurityNotices


async def read_subscription(database: Database, account_id: str, query_name: str, id: str) -> Subscription:
    """Raises NoSuchNameException or NotFound."""
    found = await database.read(find_view, account_id, query_name, id)
    if isinstance(found, PublicError):
        raise found
    return found


async def list_subscriptions(
    database: Database, account_id: str, query_name: str, *, after: str, limit: int
) -> tuple[list[Subscription], bool]:
    """Those of a query, the oldest first, and whether more follow. Raises NoSuchNameException."""

    def unit(conn: Connection) -> list[SubscriptionRow] | None:
        if find_query(conn, account_id, query_name) is None:
            return None
        return store.list_subscriptions(conn, account_id, query_name, after=after, limit=limit + 1)

    found = await database.read(unit)
    if found is None:
        raise NoSuchNameException
    return list(map(view, found[:limit])), len(found) > limit


async def list_all_subscriptions(database: Database, account_id: str) -> list[Subscription]:
    """Those of every query, by query, the oldest first."""
    return list(map(view, await database.read_single(store.list_all_subscriptions, account_id)))


async def find_subscription(database: Database, account_id: str, id: str) -> tuple[Subscription, Delivery | None]:
    """A subscription of whatever query, and the delivery that is under way or has failed. Raises NotFound."""
    row = await database.read_single(store.find_subscription, account_id, id)
    if row is None:
        raise NotFound(NO_SUBSCRIPTION)
    return view(row), row.delivery


async def resume_subscription(
    services: SubscriptionServices,
    actor: Actor,
    account_id: str,
    query_name: str,
    id: str,
    idempotency_key: str | None,
) -> IdempotentOutcome[Subscription]:
    """Deliver again, from the event at which it stopped, on behalf of the actor. Raises as `read_subscription` does."""

    def make(conn: Connection) -> Subscription | PublicError:
        found = find_view(conn, account_id, query_name, id)
        if isinstance(found, PublicError):
            return found
        values = {"state": "ACTIVE", "actor": as_json(actor.standing), "attempts": 0, "batch_size": MAX_BATCH}
        if found.state != "ACTIVE" or found.failed_attempts:
            values["due_at"] = now_ms()
        store.update_subscription(conn, account_id, id, values)
        audit.record(conn, account_id, actor, "subscription.resumed", id, {"query": query_name})
        return find_view(conn, account_id, query_name, id)

    request = Request(
        account_id, "POST /epcis/queries/{name}/subscriptions/{id}/resume", idempotency_key, [actor.id, query_name, id]
    )
    made = await write_once_by_id(
        services.database, actor, request, make, lambda conn, _: find_view(conn, account_id, query_name, id)
    )
    services.wake(account_id)
    return made


async def unsubscribe(database: Database, actor: Actor, account_id: str, query_name: str, id: str) -> None:
    """Raises NotFound. A delivery in progress may still arrive; none begins afterwards."""

    def unit(conn: Connection) -> bool:
        if not store.delete_subscription(conn, account_id, query_name, id):
            return False
        audit.record(conn, account_id, actor, "subscription.deleted", id, {"query": query_name})
        return True

    if not await write_as(database, actor, unit):
        raise NotFound(NO_SUBSCRIPTION)


def end_subscriptions(conn: Connection, actor: Actor, account_id: str, query_name: str) -> None:
    """End those of a query that is deleted, in its transaction."""
    for id in store.delete_subscriptions(conn, account_id, query_name):
        audit.record(conn, account_id, actor, "subscription.deleted", id, {"query": query_name})


def find_view(conn: Connection, account_id: str, query_name: str, id: str) -> Subscription | PublicError:
    """The subscription, if the query has it; otherwise NoSuchNameException or NotFound."""
    row = store.find_subscription(conn, account_id, id, query_name)
    if row is not None:
        return view(row)
    known = find_query(conn, account_id, query_name) is not None
    return NotFound(NO_SUBSCRIPTION) if known else NoSuchNameException()


def view(row: SubscriptionRow) -> Subscription:
    # The attempt in progress is counted already.
    failed = row.attempts if row.worker is None else max(0, row.attempts - 1)
    waits = row.state == "ACTIVE" and row.worker is None and failed > 0
    return Subscription(
        subscription_id=row.id,
        query_name=row.query_name,
        dest=row.dest,
        created_at=rfc3339(row.created_at),
        min_record_time=rfc3339(row.min_record_time),
        epc_format=row.epc_format,
        state=row.state,
        failed_attempts=failed,
        stream=UNSET if row.schedule else True,
        schedule=msgspec.json.decode(row.schedule, type=Schedule) if row.schedule else UNSET,
        report_if_empty=bool(row.report_if_empty) if row.schedule else UNSET,
        initial_record_time=UNSET if row.initial_record_time is None else rfc3339(row.initial_record_time),
        last_notified_at=UNSET if row.last_notified_at is None else rfc3339(row.last_notified_at),
        next_attempt_at=rfc3339(row.due_at) if waits else UNSET,
        delivery_id=row.delivery_id if row.delivery_id and row.last_error else UNSET,
        last_error=row.last_error or UNSET,
    )


def host_of(dest: str) -> str:
    """Of an address only its host is recorded: path and query may hold a secret of the receiver."""
    return urlsplit(dest).netloc


def without_address(one: Subscription) -> Subscription:
    """For callers who may not change subscriptions: scheme and host of the receiver."""
    return msgspec.structs.replace(one, dest=f"{urlsplit(one.dest).scheme}://{host_of(one.dest)}/…")
