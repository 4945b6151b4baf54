"""Writes requests: each change runs once per Idempotency-Key, and is in the audit trails of both accounts."""

from collections.abc import Callable, Collection
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Make, Request
from linkxg.db.schema import AnyRow
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.identity.authorization.write_as import write_once_by_id
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility
from linkxg.network.requests import store
from linkxg.network.requests.model import RequestDirection, ShareRequest
from linkxg.network.requests.read_requests import view_of


class Decision(NamedTuple):
    """The end of a request; `changes` are those of the other side."""

    status: Literal["APPROVED", "DECLINED", "CANCELLED"]
    changes: Collection[Change]
    details: dict[str, Any]
    reason: str | None = None
    share_id: str | None = None


async def decide_request(
    database: Database,
    actor: Actor,
    account_id: str,
    request_id: str,
    direction: RequestDirection,
    verb: str,
    idempotency_key: str | None,
    content: list[Any],
    decide: Callable[[Connection, AnyRow], Decision | PublicError],
) -> IdempotentOutcome[ShareRequest]:
    """Decide on a pending request to or by this account, which is locked. Raises NotFound, or InvalidState."""

    def make(conn: Connection) -> ShareRequest | PublicError:
        row = store.lock_request(conn, account_id, request_id, direction)
        if row is None:
            return NotFound()
        if row.status != "PENDING":
            return InvalidState("The request has been decided or cancelled.")
        partner_id = row.requester_id if direction == "INCOMING" else row.account_id
        lock_visibility(conn, account_id, partner_id)
        decision = decide(conn, row)
        if isinstance(decision, PublicError):
            return decision
        store.decide(
            conn, row.account_id, request_id, status=decision.status, decided_at=now_ms(), reason=decision.reason,
            share_id=decision.share_id,
        )  # fmt: skip
        record_request(conn, actor, account_id, partner_id, decision.status, request_id, decision.details)
        append_all(conn, {partner_id: decision.changes})
        return view_of(conn, account_id, request_id)

    route = f"POST /requests/{{id}}/{verb}"
    return await write_request(database, actor, account_id, route, idempotency_key, [request_id, *content], make)


async def write_request(
    database: Database,
    actor: Actor,
    account_id: str,
    route: str,
    idempotency_key: str | None,
    content: list[Any],
    make: Make[ShareRequest],
) -> IdempotentOutcome[ShareRequest]:
    """A replay shows the request as it is by now."""
    request = Request(account_id, route, idempotency_key, [actor.id, *content])
    return await write_once_by_id(database, actor, request, make, lambda conn, id: view_of(conn, account_id, id))


def record_request(
    conn: Connection,
    actor: Actor,
    account_id: str,
    partner_id: str,
    status: str,
    request_id: str,
    details: dict[str, Any],
) -> None:
    own, theirs = {**details, "partner": partner_id}, {**details, "partner": account_id}
    audit.record_both(conn, actor, account_id, partner_id, f"request.{status.lower()}", request_id, own, theirs)
