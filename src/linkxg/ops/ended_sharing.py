"""What an account has ended of its sharing: connections, shares and requests; and how a restore ends it again."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.products import share_store
from linkxg.network.connections import store as connection_store
from linkxg.network.requests import store as request_store

ENDING_ACTIONS = (
    "connection.revoked",
    "connection.declined",
    "share.withdrawn",
    "request.approved",
    "request.declined",
    "request.cancelled",
)
"""Audit events whose target has ended."""


class EndedSharing(NamedTuple):
    """By id, the columns that say how a connection or request ended, and when a share was withdrawn."""

    connections: dict[str, dict[str, Any]]
    shares: dict[str, int]
    requests: dict[str, dict[str, Any]]

    @property
    def ids(self) -> set[str]:
        return {*self.connections, *self.shares, *self.requests}


NOTHING_ENDED = EndedSharing({}, {}, {})


def read_ended_sharing(conn: Connection, account_id: str) -> EndedSharing:
    return EndedSharing(
        {row.id: _without_id(row) for row in connection_store.list_ended(conn, account_id)},
        share_store.list_withdrawn(conn, account_id),
        {row.id: _without_id(row) for row in request_store.list_decided(conn, account_id)},
    )


def reapply_ended_sharing(
    conn: Connection, account_id: str, old: EndedSharing, ended: Collection[str], now: int
) -> None:
    """End what is in `ended` and live in the loaded rows of this account, as `old` has it where it has the row.

    `ended` is what any account knows to have ended: the partner's side counts too. Pending invitations are ended
    separately, whether anything is known of them or not.
    """
    revoked = {"status": "REVOKED", "ended_at": now}
    for connection_id in connection_store.list_active(conn, account_id):
        if connection_id in ended:
            values = old.connections.get(connection_id, revoked)
            connection_store.update_connection(conn, account_id, connection_id, **values)
            share_store.withdraw_shares_of_connection(conn, account_id, connection_id, now)
    withdrawn = {id: old.shares.get(id, now) for id in share_store.list_unwithdrawn(conn, account_id) if id in ended}
    share_store.withdraw_shares(conn, account_id, withdrawn)
    # The share of an approval is not in the backup, and nothing but another request and approval brings it back.
    cancelled = {"status": "CANCELLED", "decided_at": now}
    for request_id in request_store.list_pending(conn, account_id):
        if request_id in ended:
            values = old.requests.get(request_id, cancelled)
            decided = cancelled if values["status"] == "APPROVED" else values
            request_store.decide(conn, account_id, request_id, **decided)


def _without_id(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name != "id"}
