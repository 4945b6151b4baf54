"""The SQL of acknowledgements, and of the partner of a connection."""

from sqlalchemy import Column, Connection, Index, String, Table, Text, select

from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.network.connections.store import connections

acknowledgements = Table(
    "acknowledgements",
    metadata,
    # The owner of the product; the viewer acknowledges.
    Column("account_id", String(36), primary_key=True),
    Column("product_id", String(36), primary_key=True),
    Column("viewer_id", String(36), primary_key=True),
    Column("version", Sequence, nullable=False),
    Column("status", String(8), nullable=False),
    Column("reason", String(1000)),
    Column("fields", Text),
    Column("at", Milliseconds, nullable=False),
    Index("ix_acknowledgements_viewer_id", "viewer_id", "account_id"),
)


def find_partner(conn: Connection, account_id: str, connection_id: str) -> str | None:
    """The other account of a connection; None unless it is active."""
    partner: str | None = conn.execute(
        select(connections.c.partner_id).where(
            connections.c.account_id == account_id,
            connections.c.id == connection_id,
            connections.c.status == "ACTIVE",
        )
    ).scalar_one_or_none()
    return partner
