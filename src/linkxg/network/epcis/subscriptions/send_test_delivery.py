"""Posts a document without events to the receiver of a subscription, signed as deliveries are; moves nothing."""

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.errors import Conflict, NotFound, PublicError, RateLimitExceeded
from linkxg.http.logs import log
from linkxg.http.rate_limits import Budget, rate_limit_fields
from linkxg.identity.authorization.write_as import require_authorised, write_as
from linkxg.ids import uuid7
from linkxg.network.epcis.errors import NoSuchNameException
from linkxg.network.epcis.query.named_query_store import find_query
from linkxg.network.epcis.query.query_document import Destination, write_document
from linkxg.network.epcis.subscriptions import store
from linkxg.network.epcis.subscriptions.manage_subscriptions import NO_SUBSCRIPTION, SubscriptionServices, host_of
from linkxg.network.epcis.subscriptions.model import SubscriptionRow, TestDelivery
from linkxg.network.epcis.subscriptions.signature import sign
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

TEST_DELIVERIES = Budget("epcis-test-deliveries", 20, 3_600)
TEST_HEADER = "LinkXG-Test"
PER_ACCOUNT, IN_ALL, RESERVED = 1, 8, 8
UNREADABLE = (
    "The secret can no longer be read, since the keys of the service were replaced; create the subscription again."
)
_RETRY_S = 10
_in_progress = ConcurrencyLimit(PER_ACCOUNT, IN_ALL, reserve=RESERVED)


async def send_test_delivery(
    services: SubscriptionServices, actor: Actor, account_id: str, query_name: str, id: str
) -> TestDelivery:
    """What the receiver answered. The attempt is in the audit trail before it is made.

    Raises NoSuchNameException, NotFound, Conflict if the secret is lost, or RateLimitExceeded while another test of
    the account is in progress.
    """
    with _in_progress.slot(account_id) as is_free:
        if not is_free:
            raise RateLimitExceeded(
                "Another test delivery is in progress.",
                retry_after=_RETRY_S,
                headers=rate_limit_fields("epcis-test-deliveries-in-progress", PER_ACCOUNT, _RETRY_S, _RETRY_S),
            )
        return await _send(services, actor, account_id, query_name, id)


async def _send(
    services: SubscriptionServices, actor: Actor, account_id: str, query_name: str, id: str
) -> TestDelivery:
    now, delivery_id = now_ms(), uuid7()

    def begin(conn: Connection) -> SubscriptionRow | PublicError:
        row = store.find_subscription(conn, account_id, id, query_name)
        if row is None:
            known = find_query(conn, account_id, query_name) is not None
            return NotFound(NO_SUBSCRIPTION) if known else NoSuchNameException()
        audit.record(
            conn, account_id, actor, "subscription.tested", id, {"query": query_name, "host": host_of(row.dest)}
        )
        return row

    row = await write_as(services.database, actor, begin)
    if isinstance(row, PublicError):
        raise row
    body = write_document(
        [], created=now, query_name=query_name, epc_format=row.epc_format, destination=Destination(id, delivery_id)
    )
    signature = sign(services.server_key, id, row.sealed_secret, body)
    if signature is None:
        raise Conflict(UNREADABLE)
    answer = await services.receivers.post(row.dest, body, signature, delivery_id, {TEST_HEADER: "true"})
    log.info("subscription.tested", subscription_id=id, delivery_id=delivery_id, code=answer.status)
    # The answer took up to ten seconds.
    await require_authorised(services.database, actor)
    return TestDelivery(
        delivery_id=delivery_id,
        sent_at=rfc3339(now),
        is_delivered=answer.error is None,
        milliseconds=answer.milliseconds,
        status=msgspec.UNSET if answer.status is None else answer.status,
        error=msgspec.UNSET if answer.error is None else answer.error,
    )
