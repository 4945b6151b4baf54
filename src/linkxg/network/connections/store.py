"""The SQL of connections: one row per side, both with the connection's id."""

from sqlalchemy import Column, Connection, ForeignKey, Index, LargeBinary, String, Table, func, select, text

from linkxg.db.schema import Milliseconds, metadata

_ACTIVE = text("status = 'ACTIVE'")
_PENDING = text("status = 'PENDING' and invitee_key is not null")
connections = Table(
    "connections",
    metadata,
    Column("account_id", String(36), ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    # Null while the invitee is unknown.
    Column("partner_id", String(36)),
    Column("direction", String(8), nullable=False),
    Column("status", String(8), nullable=False),
    Column("relationship", String(8), nullable=False),
    # As the inviter wrote it, and its normal form; null in the invitee's row.
    Column("invitee", String(254)),
    Column("invitee_key", String(260)),
    Column("token_digest", LargeBinary),
    Column("message", String(500)),
    Column("invited_by", String(36)),
    Column("invited_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("responded_at", Milliseconds),
    Column("ended_at", Milliseconds),
    Column("ended_by", String(8)),
    Column("reason", String(500)),
    Index("ix_connections_account_id_status_id", "account_id", "status", "id"),
    Index("ix_connections_token_digest", "token_digest", unique=True),
    Index(
        "ix_connections_active", "account_id", "partner_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    ),
    Index(
        "ix_connections_pending", "account_id", "invitee_key", unique=True,
        sqlite_where=_PENDING, postgresql_where=_PENDING,
    ),
)  # fmt: skip


def lock_connection(conn: Connection, account_id: str, connection_id: str) -> None:
    """Serialise the transactions that change a connection, of both sides; SQLite has only one writer anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("connection " + connection_id, 0))))
