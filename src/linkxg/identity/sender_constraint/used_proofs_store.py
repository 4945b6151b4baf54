"""The SQL of used DPoP proofs: each is accepted once, by whichever worker of whichever node (RFC 9449 §11.1)."""

from sqlalchemy import Column, Connection, Index, LargeBinary, String, Table, select

from linkxg.db.insert_once import insert_once
from linkxg.db.schema import Milliseconds, metadata

used_proofs = Table(
    "used_dpop_proofs",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_used_dpop_proofs_expires_at", "expires_at"),
)


def use_proof(conn: Connection, account_id: str, digest: bytes, expires_at: int) -> bool:
    """Record the use of a proof; of concurrent uses, one succeeds."""
    return insert_once(conn, used_proofs, {"account_id": account_id, "digest": digest, "expires_at": expires_at})


def purge_used_proofs(conn: Connection, *, now: int, limit: int) -> int:
    old = select(used_proofs.c.digest).where(used_proofs.c.expires_at < now).limit(limit)
    return conn.execute(used_proofs.delete().where(used_proofs.c.digest.in_(old))).rowcount
