"""Approves a request: the requester gets a share of one product, which ends."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.catalog.products.store import find_record
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.db.schema import AnyRow
from linkxg.errors import InvalidState, PublicError, ValidationFailed
from linkxg.http.schema_errors import fault
from linkxg.network.connections.store import find_partner
from linkxg.network.feed.model import Change
from linkxg.network.requests.check_approval import check_approval
from linkxg.network.requests.identify_product import identify_product
from linkxg.network.requests.model import ApproveShareRequest, ShareRequest
from linkxg.network.requests.send_request import ENDED
from linkxg.network.requests.write_request import Decision, decide_request
from linkxg.network.shares.check_share import past_expiry
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

    def decide(conn: Connection, row: AnyRow) -> Decision | PublicError:
        now = now_ms()
        # Locked together with the request.
        if find_partner(conn, account_id, row.connection_id) is None:
            return InvalidState(ENDED)
        if approval.expires_at <= now:
            return ValidationFailed(details=[past_expiry()])
        product_id = given.product_id or identify_product(conn, account_id, row.subject)
        if product_id is None or find_record(conn, account_id, product_id) is None:
            return _unknown_product(given)
        terms = approval.terms(product_id, row.type)
        share_id = insert_new_share(conn, actor, account_id, row.requester_id, row.connection_id, terms, now)
        if isinstance(share_id, PublicError):
            return share_id
        added = Change("SHARE_ADDED", row.connection_id, share_id, product_id=product_id)
        approved = Change("REQUEST_APPROVED", row.connection_id, share_id, request_id, product_id)
        details = {"share": share_id, "product": product_id}
        return Decision("APPROVED", [added, approved], details, share_id=share_id)

    return await decide_request(
        database, actor, account_id, request_id, "INCOMING", "approve", idempotency_key, [given], decide
    )


def _unknown_product(given: ApproveShareRequest) -> ValidationFailed:
    code, message = "required", "The request identifies none of your products: say which one you share."
    if given.product_id is not None:
        code, message = "invalid", "You have no product with this id."
    return ValidationFailed(details=[fault("productId", message, code)])
