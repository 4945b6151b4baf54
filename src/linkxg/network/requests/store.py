"""The SQL of requests for a share."""

from sqlalchemy import Column, Index, String, Table

from linkxg.db.schema import Milliseconds, metadata

share_requests = Table(
    "share_requests",
    metadata,
    # The account that is asked.
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("requester_id", String(36), nullable=False),
    Column("connection_id", String(36), nullable=False),
    Column("type", String(8), nullable=False),
    Column("subject", String(2048), nullable=False),
    Column("purpose", String(500), nullable=False),
    Column("status", String(9), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("decided_at", Milliseconds),
    Column("reason", String(500)),
    Column("share_id", String(36)),
    Index("ix_share_requests_account_id_status_id", "account_id", "status", "id"),
    Index("ix_share_requests_requester_id_id", "requester_id", "id"),
)
