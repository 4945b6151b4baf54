"""The SQL of identity providers, e-mail domains and the Owners who keep their password."""

from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    text,
)

from linkxg.clock import DAY
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.schema import Milliseconds, metadata
from linkxg.identity.accounts.roles import Role
from linkxg.identity.federation.model import EmailDomain, IdentityProvider

identity_providers = Table(
    "identity_providers",
    metadata,
    # An account has one.
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("issuer", String(500), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("default_role", String(10)),
    Column("role_claim", String(200)),
    Column("role_mapping", Text, nullable=False),
    Column("owners_by_claim", Boolean, nullable=False),
    Column("sso_only", Boolean, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("updated_at", Milliseconds, nullable=False),
)
break_glass_owners = Table(
    "break_glass_owners",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_break_glass_owners_user_id", "user_id"),
)
email_domains = Table(
    "email_domains",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("domain", String(253), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("verified_at", Milliseconds),
    # Any account may claim a domain; only one has verified it.
    Index(
        "ix_email_domains_verified_domain",
        "domain",
        unique=True,
        sqlite_where=text("verified_at is not null"),
        postgresql_where=text("verified_at is not null"),
    ),
    # For the purge: claims that nobody has verified.
    Index(
        "ix_email_domains_created_at",
        "created_at",
        sqlite_where=text("verified_at is null"),
        postgresql_where=text("verified_at is null"),
    ),
)

_PROVIDER = [identity_providers.c[name] for name in IdentityProvider._fields]
_DOMAIN = [email_domains.c[name] for name in EmailDomain._fields]
_MAPPING = msgspec.json.Decoder(dict[str, Role])


def find_provider(conn: Connection, account_id: str) -> IdentityProvider | None:
    row = conn.execute(select(*_PROVIDER).where(identity_providers.c.account_id == account_id)).first()
    return None if row is None else _provider(row)


def find_unchanged(conn: Connection, account_id: str, provider: IdentityProvider) -> IdentityProvider | None:
    """The provider as it is now; None if the account has disconnected it, or has another issuer or client by now."""
    current = find_provider(conn, account_id)
    if current is None or (current.issuer, current.client_id) != (provider.issuer, provider.client_id):
        return None
    return current


def find_provider_of_domain(conn: Connection, domain: str) -> IdentityProvider | None:
    """The provider of the account that has verified the domain: the sign-in page knows only an address."""
    query = (
        select(*_PROVIDER)
        .join(email_domains, email_domains.c.account_id == identity_providers.c.account_id)
        .where(email_domains.c.domain == domain, email_domains.c.verified_at.is_not(None))
    )
    row = conn.execute(query).first()
    return None if row is None else _provider(row)


def insert_provider(conn: Connection, account_id: str, values: dict[str, Any]) -> None:
    conn.execute(identity_providers.insert().values(account_id=account_id, **_stored(values)))


def update_provider(conn: Connection, account_id: str, values: dict[str, Any]) -> None:
    statement = identity_providers.update().where(identity_providers.c.account_id == account_id)
    conn.execute(statement.values(**_stored(values)))


def delete_provider(conn: Connection, account_id: str) -> None:
    conn.execute(break_glass_owners.delete().where(break_glass_owners.c.account_id == account_id))
    conn.execute(identity_providers.delete().where(identity_providers.c.account_id == account_id))


def list_break_glass_owners(conn: Connection, account_id: str) -> list[str]:
    query = select(break_glass_owners.c.user_id).where(break_glass_owners.c.account_id == account_id)
    return list(conn.scalars(query.order_by(break_glass_owners.c.user_id)))


def replace_break_glass_owners(conn: Connection, account_id: str, user_ids: list[str]) -> None:
    conn.execute(break_glass_owners.delete().where(break_glass_owners.c.account_id == account_id))
    if user_ids:
        rows = [{"account_id": account_id, "user_id": user_id} for user_id in user_ids]
        conn.execute(break_glass_owners.insert(), rows)


def list_domains(conn: Connection, account_id: str) -> list[EmailDomain]:
    query = select(*_DOMAIN).where(email_domains.c.account_id == account_id).order_by(email_domains.c.domain)
    return [EmailDomain(*row) for row in conn.execute(query)]


def find_domain(conn: Connection, account_id: str, domain: str) -> EmailDomain | None:
    where = (email_domains.c.account_id == account_id, email_domains.c.domain == domain)
    row = conn.execute(select(*_DOMAIN).where(*where)).first()
    return None if row is None else EmailDomain(*row)


def insert_domain(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(email_domains.insert().values(account_id=account_id, **values))


def count_domains(conn: Connection, account_id: str) -> int:
    query = select(func.count()).select_from(email_domains).where(email_domains.c.account_id == account_id)
    return conn.execute(query).scalar_one()


def verify_domain(conn: Connection, account_id: str, domain: str, now: int) -> bool:
    """Record that the domain is verified; false if another account has verified it."""
    lock_until_commit(conn, f"e-mail domain {domain}")
    of_another = and_(email_domains.c.account_id != account_id, email_domains.c.verified_at.is_not(None))
    if conn.execute(select(email_domains.c.domain).where(email_domains.c.domain == domain, of_another)).first():
        return False
    where = (email_domains.c.account_id == account_id, email_domains.c.domain == domain)
    conn.execute(email_domains.update().where(*where, email_domains.c.verified_at.is_(None)).values(verified_at=now))
    return True


def delete_domain(conn: Connection, account_id: str, domain: str) -> bool:
    """False if the account has not claimed it."""
    where = (email_domains.c.account_id == account_id, email_domains.c.domain == domain)
    return conn.execute(email_domains.delete().where(*where)).rowcount == 1


def find_verified_domain(conn: Connection, account_id: str, domain: str) -> str | None:
    """The domain, if this account has verified it."""
    where = (email_domains.c.account_id == account_id, email_domains.c.domain == domain)
    query = select(email_domains.c.domain).where(*where, email_domains.c.verified_at.is_not(None))
    return conn.execute(query).scalar()


def purge_domains(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` domains that were not verified for a month."""
    old = (
        select(email_domains.c.account_id, email_domains.c.domain)
        .where(email_domains.c.verified_at.is_(None), email_domains.c.created_at < now - 30 * DAY)
        .limit(limit)
    )
    rows = conn.execute(old).all()
    if not rows:
        return 0
    these = [and_(email_domains.c.account_id == row[0], email_domains.c.domain == row[1]) for row in rows]
    return conn.execute(email_domains.delete().where(or_(*these), email_domains.c.verified_at.is_(None))).rowcount


def _provider(row: Row[Any]) -> IdentityProvider:
    values = row._asdict()
    return IdentityProvider(**values | {"role_mapping": _MAPPING.decode(values["role_mapping"])})


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    if "role_mapping" not in values:
        return values
    return values | {"role_mapping": msgspec.json.encode(values["role_mapping"]).decode()}
