"""Creates a subscription: what it may be, and the place among the events from which it begins."""

import ipaddress
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.secrets import derive
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import Conflict, PublicError
from linkxg.http.client_ip import Address
from linkxg.http.rate_limits import Budget
from linkxg.identity.authorization.write_as import write_once_by_id
from linkxg.identity.federation.pinned_request import split_url
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.ids import uuid7
from linkxg.jobs.model import as_json
from linkxg.network.epcis.documents.times import NotATime, read_time
from linkxg.network.epcis.documents.urn import EpcFormat
from linkxg.network.epcis.errors import NoSuchNameException
from linkxg.network.epcis.subscriptions import store
from linkxg.network.epcis.subscriptions.errors import SubscriptionControlsException
from linkxg.network.epcis.subscriptions.manage_subscriptions import SubscriptionServices, find_view, host_of, view
from linkxg.network.epcis.subscriptions.model import (
    MAX_BATCH,
    MAX_DEST,
    MAX_SECRET,
    MAX_SUBSCRIPTIONS,
    MIN_SECRET,
    EventPosition,
    RequestedSubscription,
    Subscription,
    SubscriptionRow,
)
from linkxg.network.epcis.subscriptions.schedule import read_schedule
from linkxg.network.epcis.subscriptions.signature import seal_secret

SUBSCRIPTIONS = Budget("epcis-subscriptions", 120, 3_600)
_ORDERS = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")


async def subscribe(
    services: SubscriptionServices,
    actor: Actor,
    account_id: str,
    query_name: str,
    given: RequestedSubscription,
    epc_format: EpcFormat,
    idempotency_key: str | None,
) -> IdempotentOutcome[Subscription]:
    """Raises NoSuchNameException, SubscriptionControlsException, or Conflict for too many subscriptions."""
    secret = _check(given, services.receivers.may_connect)
    initial = _read_time(given.initial_record_time)
    schedule = None if given.schedule is None else read_schedule(given.schedule)

    def make(conn: Connection) -> Subscription | PublicError:
        lock_until_commit(conn, f"epcis subscriptions {account_id}")
        query = store.find_locked_query(conn, account_id, query_name)
        if query is None:
            return NoSuchNameException()
        definition = msgspec.json.decode(query)
        if ordered := [name for name in _ORDERS if name in definition]:
            return SubscriptionControlsException(
                f"The query has {ordered[0]}. A subscription delivers every event, in the order of capture.",
                "queryName",
            )
        if store.count_subscriptions(conn, account_id) >= MAX_SUBSCRIPTIONS:
            return Conflict(f"An account has at most {MAX_SUBSCRIPTIONS} subscriptions; delete some first.")
        now, id = now_ms(), uuid7()
        place = _place(conn, account_id, initial)
        row = SubscriptionRow(
            account_id=account_id,
            id=id,
            query_name=query_name,
            dest=given.dest,
            sealed_secret=seal_secret(services.server_key, id, secret),
            epc_format=epc_format,
            schedule=None if given.schedule is None else msgspec.json.encode(given.schedule).decode(),
            report_if_empty=int(given.report_if_empty),
            initial_record_time=initial,
            min_record_time=now if initial is None else initial,
            actor=as_json(actor.standing),
            created_at=now,
            last_notified_at=None,
            state="ACTIVE",
            position_time=place.record_time,
            position=place.number,
            due_at=0 if schedule is None else schedule.next_after(now) or 0,
            has_reported=0,
            batch_size=MAX_BATCH,
            worker=None,
            lease_until=0,
            delivery_id=None,
            delivery_end_time=0,
            delivery_end=0,
            delivery_events=0,
            delivery_at=0,
            delivery_is_last=0,
            attempts=0,
            last_error=None,
        )
        store.insert_subscription(conn, account_id, row)
        details = {"query": query_name, "host": host_of(given.dest)}
        audit.record(conn, account_id, actor, "subscription.created", id, details)
        return view(row)

    # Of the secret itself not even a digest that somebody could try words against.
    fingerprinted = msgspec.structs.replace(given, secret=None, signature_token=None)
    fingerprint = derive(services.server_key, "subscription secret", secret).hex()
    request = Request(
        account_id,
        "POST /epcis/queries/{name}/subscriptions",
        idempotency_key,
        [actor.id, query_name, epc_format, fingerprinted, fingerprint],
    )

    def replay(conn: Connection, id: str) -> Subscription | PublicError:
        return find_view(conn, account_id, query_name, id)

    made = await write_once_by_id(services.database, actor, request, make, replay)
    services.wake(account_id)
    return made


def _check(given: RequestedSubscription, may_connect: Callable[[Address], bool]) -> str:
    """The secret. Raises SubscriptionControlsException."""
    if given.stream == (given.schedule is not None):
        raise SubscriptionControlsException("Set either stream or schedule.", "stream")
    if given.stream and given.report_if_empty:
        raise SubscriptionControlsException("Only a schedule has reportIfEmpty.", "reportIfEmpty")
    check_dest(given.dest, may_connect)
    if given.secret is not None and given.signature_token is not None and given.secret != given.signature_token:
        raise SubscriptionControlsException(
            "signatureToken and secret are aliases and must not differ.", "signatureToken"
        )
    secret = given.signature_token or given.secret or ""
    if not MIN_SECRET <= len(secret) <= MAX_SECRET or not secret.isascii() or not secret.isprintable():
        raise SubscriptionControlsException(
            f"signatureToken must have {MIN_SECRET} to {MAX_SECRET} printable ASCII characters; choose them at random.",
            "signatureToken",
        )
    return secret


def check_dest(dest: str, may_connect: Callable[[Address], bool]) -> None:
    """What can be told without a look-up; the addresses of a name are checked with each delivery.

    Raises SubscriptionControlsException.
    """
    try:
        if len(dest) > MAX_DEST:
            raise ProviderFault("")
        host = split_url(dest).hostname or ""
    except ProviderFault:
        must = f"must be an https URL of at most {MAX_DEST} ASCII characters, without credentials and fragment."
        raise SubscriptionControlsException(f"dest {must}", "dest", f"The address {must}") from None
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return
    if not may_connect(address):
        where = "is at a private or reserved address. The operator can permit networks (LINKXG_WEBHOOK_NETWORKS)."
        raise SubscriptionControlsException(f"dest {where}", "dest", f"The address {where}")


def _read_time(text: str | None) -> int | None:
    try:
        return None if text is None else read_time(text)
    except NotATime:
        raise SubscriptionControlsException(
            "initialRecordTime must be a time with a zone (RFC 3339).", "initialRecordTime"
        ) from None


def _place(conn: Connection, account_id: str, initial: int | None) -> EventPosition:
    """The place behind which all events are that the subscription is for."""
    return store.find_last_place(conn, account_id) if initial is None else EventPosition(initial, 0)
