"""The SQL of the certificates that clients are registered with (RFC 8705 §2.2)."""

from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, func, select

from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.identity.clients.model import CachedCertificate, ClientCertificate

certificates = Table(
    "client_certificates",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("client_id", ForeignKey("oauth_clients.id", ondelete="CASCADE"), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("thumbprint", String(43), nullable=False),
    Column("subject", String(500), nullable=False),
    # In seconds, as in the certificate, which may be valid until the year 9999.
    Column("not_before", Sequence, nullable=False),
    Column("not_after", Sequence, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    # Empty if it was given none.
    Column("name", String(200), nullable=False, server_default=""),
    Column("created_by", String(64), nullable=False, server_default="-"),
    Column("last_used_at", Milliseconds),
    Column("last_used_source", String(64)),
    Index("ix_client_certificates_client_id_thumbprint", "client_id", "thumbprint", unique=True),
    Index("ix_client_certificates_account_id_client_id", "account_id", "client_id"),
)
_COLUMNS = [certificates.c[name] for name in ClientCertificate.__struct_fields__]


def list_thumbprints(conn: Connection, account_id: str, client_id: str) -> tuple[CachedCertificate, ...]:
    query = select(certificates.c.id, certificates.c.thumbprint).where(
        certificates.c.account_id == account_id, certificates.c.client_id == client_id
    )
    return tuple([CachedCertificate(row.id, row.thumbprint) for row in conn.execute(query)])


def list_certificates(conn: Connection, account_id: str, client_id: str) -> list[ClientCertificate]:
    """Oldest first."""
    query = select(*_COLUMNS).where(certificates.c.account_id == account_id, certificates.c.client_id == client_id)
    return [ClientCertificate(*row) for row in conn.execute(query.order_by(certificates.c.id))]


def count_certificates(conn: Connection, account_id: str, client_id: str) -> int:
    query = select(func.count()).select_from(certificates)
    return conn.execute(
        query.where(certificates.c.account_id == account_id, certificates.c.client_id == client_id)
    ).scalar_one()


def insert_certificate(conn: Connection, account_id: str, client_id: str, **values: Any) -> None:
    conn.execute(certificates.insert().values(account_id=account_id, client_id=client_id, **values))


def delete_certificate(conn: Connection, account_id: str, client_id: str, certificate_id: str) -> bool:
    statement = certificates.delete().where(
        certificates.c.account_id == account_id,
        certificates.c.client_id == client_id,
        certificates.c.id == certificate_id,
    )
    return conn.execute(statement).rowcount == 1
