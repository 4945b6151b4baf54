"""The SQL of the credentials for assertions, and of the assertions that were used."""

from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, LargeBinary, String, Table, Text, or_, select, tuple_

from linkxg.db.insert_once import insert_once
from linkxg.db.schema import Milliseconds, metadata
from linkxg.identity.client_assertions.model import TOUCHED_MS, Credential

credentials = Table(
    "client_assertion_credentials",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("client_id", ForeignKey("oauth_clients.id", ondelete="CASCADE"), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("last_used_at", Milliseconds),
    Column("last_used_source", String(64)),
    # Of a JWKS URI or an issuer: when its keys were read, and why they were not when it was registered.
    Column("read_at", Milliseconds),
    Column("read_fault", String(200)),
    Index("ix_client_assertion_credentials_account_id_client_id", "account_id", "client_id"),
    Index("ix_client_assertion_credentials_client_id", "client_id"),
)
used_assertions = Table(
    "used_assertions",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_used_assertions_expires_at", "expires_at"),
)
_COLUMNS = [credentials.c[name] for name in Credential.__struct_fields__]


def list_credentials(conn: Connection, account_id: str, client_id: str) -> list[Credential]:
    """Oldest first."""
    where = (credentials.c.account_id == account_id, credentials.c.client_id == client_id)
    return [Credential(*row) for row in conn.execute(select(*_COLUMNS).where(*where).order_by(credentials.c.id))]


def find_credential(conn: Connection, account_id: str, client_id: str, credential_id: str) -> Credential | None:
    query = select(*_COLUMNS).where(
        credentials.c.account_id == account_id,
        credentials.c.client_id == client_id,
        credentials.c.id == credential_id,
    )
    row = conn.execute(query).first()
    return None if row is None else Credential(*row)


def list_credential_ids(conn: Connection, account_id: str) -> list[str]:
    query = select(credentials.c.id).where(credentials.c.account_id == account_id)
    return list(conn.execute(query.order_by(credentials.c.id)).scalars())


def insert_credential(conn: Connection, account_id: str, client_id: str, **values: Any) -> None:
    conn.execute(credentials.insert().values(account_id=account_id, client_id=client_id, **values))


def delete_credential(conn: Connection, account_id: str, credential_id: str) -> None:
    where = (credentials.c.account_id == account_id, credentials.c.id == credential_id)
    conn.execute(credentials.delete().where(*where))


def has_credential(conn: Connection, account_id: str, client_id: str, credential_id: str) -> bool:
    where = (credentials.c.account_id == account_id, credentials.c.client_id == client_id)
    query = select(credentials.c.id).where(*where, credentials.c.id == credential_id)
    return conn.execute(query).first() is not None


def use_assertion(conn: Connection, account_id: str, digest: bytes, expires_at: int) -> bool:
    """False if it was used before."""
    return insert_once(conn, used_assertions, {"account_id": account_id, "digest": digest, "expires_at": expires_at})


def is_used(conn: Connection, account_id: str, digest: bytes) -> bool:
    where = (used_assertions.c.account_id == account_id, used_assertions.c.digest == digest)
    return conn.execute(select(used_assertions.c.digest).where(*where)).first() is not None


def list_used_assertions(conn: Connection, account_id: str, now: int) -> list[tuple[bytes, int]]:
    """(digest, expiry) of those that have not expired."""
    query = select(used_assertions.c.digest, used_assertions.c.expires_at).where(
        used_assertions.c.account_id == account_id, used_assertions.c.expires_at >= now
    )
    return [(bytes(row.digest), row.expires_at) for row in conn.execute(query)]


def touch_credential(conn: Connection, account_id: str, credential_id: str, now: int, source: str) -> None:
    """Note the last use, at most once in TOUCHED_MS: many requests at once would wait for each other's row lock."""
    known = credentials.c
    where = (known.account_id == account_id, known.id == credential_id)
    due = or_(known.last_used_at.is_(None), known.last_used_at <= now - TOUCHED_MS)
    # What verified an assertion was read, now or lately.
    values = {"last_used_at": now, "last_used_source": source, "read_at": now, "read_fault": None}
    conn.execute(credentials.update().where(*where, due).values(values))


def purge_assertions(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` that have expired, and would be refused for that."""
    key = (used_assertions.c.account_id, used_assertions.c.digest)
    old = select(*key).where(used_assertions.c.expires_at < now).limit(limit)
    return conn.execute(used_assertions.delete().where(tuple_(*key).in_(old))).rowcount
