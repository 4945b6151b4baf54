"""The table of requests for a share, and their end with the connection."""

from sqlalchemy import Column, Connection, Index, String, Table

from linkxg.db.schema import Milliseconds, metadata
from linkxg.network.check_fields import MAX_TEXT

share_requests = Table(
    "share_requests",
    metadata,
    # The account that is asked.
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("requester_id", String(36), nullable=False),
    Column("connection_id", String(36), nullable=False),
    Column("type", String(8), nullable=False),
    # The kind, a colon, and the value.
    Column("subject", String(2048), nullable=False),
    Column("purpose", String(MAX_TEXT), nullable=False),
    Column("status", String(9), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("decided_at", Milliseconds),
    Column("reason", String(MAX_TEXT)),
    Column("share_id", String(36)),
    Index("ix_share_requests_account_id_status_id", "account_id", "status", "id"),
    Index("ix_share_requests_requester_id_id", "requester_id", "id"),
    Index("ix_share_requests_requester_id_status_id", "requester_id", "status", "id"),
    Index("ix_share_requests_pending", "account_id", "connection_id", "status"),
    Index("ix_share_requests_decided_at", "decided_at"),
)


def cancel_pending(conn: Connection, account_id: str, connection_id: str, now: int) -> list[str]:
    """Cancel the requests to this account by a connection that ends; returns their ids."""
    pending = share_requests.update().where(
        share_requests.c.account_id == account_id,
        share_requests.c.status == "PENDING",
        share_requests.c.connection_id == connection_id,
    )
    cancelled = pending.values(status="CANCELLED", decided_at=now).returning(share_requests.c.id)
    return sorted(conn.execute(cancelled).scalars())
