"""Approves a request: the requester gets a share of one product, which ends."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.catalog.products.store import find_record
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import InvalidState, PublicError, ValidationFailed
from linkxg.network.check_fields import fault
from linkxg.network.connections.store import find_partner
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.requests import store
from linkxg.network.requests.check_approval import check_approval
from linkxg.network.requests.decline_request import lock_incoming
from linkxg.network.requests.identify_product import identify_product
from linkxg.network.requests.model import ApproveShareRequest, ShareRequest
from linkxg.network.requests.read_requests import view_of
from linkxg.network.requests.send_request import ENDED
from linkxg.network.requests.write_request import record_both, write_request
from linkxg.network.shares.create_share import insert_new_share


async def approve_request(
    database: Database,
    actor: Actor,
    account_id: str,
    request_id: str,
    given: ApproveShareRequest,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ShareRequest]:
    """By the account that is asked. Raises ValidationFailed, NotFound, InvalidState, or Conflict (too many shares)."""
    approval = check_approval(given)

    def make(conn: Connection) -> ShareRequest | PublicError:
        row = lock_incoming(conn, account_id, request_id)
        if isinstance(row, PublicError):
            return row
        # Locked together with the request.
        if find_partner(conn, account_id, row.connection_id) is None:
            return InvalidState(ENDED)
        product_id = given.product_id or identify_product(conn, account_id, row.subject)
        if product_id is None or find_record(conn, account_id, product_id) is None:
            return _unknown_product(given)
        terms = approval.terms(product_id, row.type)
        share_id = insert_new_share(conn, actor, account_id, row.requester_id, row.connection_id, terms, now_ms())
        if isinstance(share_id, PublicError):
            return share_id
        store.decide(conn, account_id, request_id, status="APPROVED", decided_at=now_ms(), share_id=share_id)
        details = {"share": share_id, "product": product_id}
        record_both(conn, actor, account_id, row.requester_id, "request.approved", request_id, details)
        added = Change("SHARE_ADDED", row.connection_id, share_id, product_id=product_id)
        approved = Change("REQUEST_APPROVED", row.connection_id, share_id, request_id, product_id)
        append_all(conn, {row.requester_id: [added, approved]})
        return view_of(conn, account_id, request_id)

    route, content = "POST /requests/{id}/approve", [request_id, given]
    return await write_request(database, actor, account_id, route, idempotency_key, content, make)


def _unknown_product(given: ApproveShareRequest) -> ValidationFailed:
    code, message = "required", "The request identifies none of your products: say which one you share."
    if given.product_id is not None:
        code, message = "invalid", "You have no product with this id."
    return ValidationFailed(details=[fault("productId", message, code)])
