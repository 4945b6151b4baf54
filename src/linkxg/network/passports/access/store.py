"""The SQL of requests for access to passports, of grants, and of the log of their use."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    String,
    Table,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)

from linkxg.clock import DAY
from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.db.schema import Sequence as Number
from linkxg.ids import uuid7
from linkxg.network.passports.documents.model import PassportRecord
from linkxg.network.passports.issue.store import PASSPORT_COLUMNS, gtins_of, passports

KEEP_REQUESTS_MS = 180 * DAY
"""Requests name people, so they are kept for a shorter time."""
KEEP_MS = 400 * DAY
"""How long grants, after their end, and the log of their use are kept."""

_PENDING = text("status = 'PENDING'")
access_requests = Table(
    "passport_access_requests",
    metadata,
    # The owner of the passport.
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("passport_id", String(36), nullable=False),
    Column("role", String(20), nullable=False),
    Column("purpose", String(500), nullable=False),
    Column("contact", String(200), nullable=False),
    Column("evidence", String(500)),
    Column("status", String(10), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("decided_at", Milliseconds),
    Column("reason", String(500)),
    Column("grant_id", String(36)),
    # Of whoever asks; None before it was kept.
    Column("network", String(50)),
    Index("ix_passport_access_requests_created_at", "created_at"),
    Index(
        "ix_passport_access_requests_pending",
        "account_id",
        "id",
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    ),
)
grants = Table(
    "passport_grants",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("passport_id", String(36), nullable=False),
    # Joined by spaces.
    Column("roles", String(60), nullable=False),
    Column("purpose", String(500), nullable=False),
    Column("recipient", String(200), nullable=False),
    Column("single_use", Boolean, nullable=False),
    Column("token_digest", LargeBinary, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("used_at", Milliseconds),
    Column("revoked_at", Milliseconds),
    # Also the passports of the batches and items of that passport.
    Column("includes_below", Boolean, nullable=False, server_default=false()),
    Index("ix_passport_grants_token_digest", "token_digest", unique=True),
    Index("ix_passport_grants_expires_at", "expires_at"),
)
accesses = Table(
    "passport_accesses",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("grant_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("version", Number, nullable=False),
    Column("accessed_at", Milliseconds, nullable=False),
    # None of uses before links could open several passports.
    Column("passport_id", String(36)),
    Index("ix_passport_accesses_accessed_at", "accessed_at"),
)
_r, _g, _a = access_requests.c, grants.c, accesses.c


def find_owner(conn: Connection, passport_id: str) -> str | None:
    """The account of a passport, which everybody may know by its id."""
    found: str | None = conn.execute(select(passports.c.account_id).where(passports.c.id == passport_id)).scalar()
    return found


class PendingCounts(NamedTuple):
    """Requests that wait for a decision: of the account, for one passport, and from one network."""

    all: int
    of_passport: int
    of_network: int


def read_pending_counts(conn: Connection, account_id: str, passport_id: str, network: str | None) -> PendingCounts:
    """Exact while the bounds are kept, which are few hundreds."""
    counted = (func.count(case((_r.passport_id == passport_id, 1))), func.count(case((_r.network == network, 1))))
    row = conn.execute(select(func.count(), *counted).where(*_pending(account_id))).one()
    return PendingCounts(*row)


def delete_displaced(conn: Connection, account_id: str, passport_id: str | None = None) -> str | None:
    """Delete the oldest request of the network with the most that wait, of one passport if it is given; its id."""
    source = func.coalesce(_r.network, _r.id)
    query = select(func.min(_r.id)).where(*_pending(account_id)).group_by(source)
    if passport_id is not None:
        query = query.where(_r.passport_id == passport_id)
    oldest: str | None = conn.execute(query.order_by(func.count().desc(), func.min(_r.id)).limit(1)).scalar()
    conn.execute(access_requests.delete().where(_r.account_id == account_id, _r.id == oldest))
    return oldest


def _pending(account_id: str) -> tuple[ColumnElement[bool], ...]:
    return _r.account_id == account_id, _r.status == literal_column("'PENDING'")


def insert_request(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(access_requests.insert().values(account_id=account_id, id=uuid7(), status="PENDING", **values))


def find_request(conn: Connection, account_id: str, request_id: str) -> AnyRow | None:
    return conn.execute(select(access_requests).where(_r.account_id == account_id, _r.id == request_id)).first()


def decide(conn: Connection, account_id: str, request_id: str, **values: Any) -> bool:
    """False if it is decided already: of concurrent decisions one wins."""
    pending = access_requests.update().where(_r.account_id == account_id, _r.id == request_id, _r.status == "PENDING")
    return conn.execute(pending.values(**values)).rowcount == 1


def find_passports(conn: Connection, account_id: str, passport_ids: Sequence[str]) -> dict[str, PassportRecord]:
    """Passports of the account, by id."""
    query = select(*PASSPORT_COLUMNS).where(passports.c.account_id == account_id, passports.c.id.in_(passport_ids))
    return {row.id: PassportRecord._make(row) for row in conn.execute(query)}


def list_requests(
    conn: Connection,
    account_id: str,
    *,
    status: str | None,
    before: str | None,
    limit: int,
    product_id: str | None = None,
) -> list[AnyRow]:
    """Requests, newest first; for the passports of one product, if it is given."""
    query = select(access_requests).where(_r.account_id == account_id)
    if product_id is not None:
        query = query.where(_is_of_product(_r, product_id))
    if status is not None:
        query = query.where(_r.status == status)
    if before is not None:
        query = query.where(_r.id < before)
    return list(conn.execute(query.order_by(_r.id.desc()).limit(limit)))


def _is_of_product(columns: Any, product_id: str) -> ColumnElement[bool]:
    """Whether the passport of a request or a grant is that of a model of the product, or of a batch or an item."""
    of_product = (passports.c.account_id == columns.account_id, passports.c.gtin14.in_(gtins_of(product_id)))
    return select(passports.c.id).where(passports.c.id == columns.passport_id, *of_product).exists()


def insert_grant(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(grants.insert().values(account_id=account_id, **values))


def find_grant(conn: Connection, account_id: str, grant_id: str) -> AnyRow | None:
    return conn.execute(select(grants).where(_g.account_id == account_id, _g.id == grant_id)).first()


def find_grants_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Grants of any account, live or not: of a link that was found in public, nothing else is known."""
    columns = (_g.account_id, _g.id, _g.recipient, _g.token_digest)
    return list(conn.execute(select(*columns).where(_g.token_digest.in_(digests))))


def list_grants(
    conn: Connection,
    account_id: str,
    *,
    before: str | None,
    limit: int,
    passport_id: str | None = None,
    product_id: str | None = None,
) -> list[AnyRow]:
    """Grants, newest first; to one passport, or to those of one product."""
    query = select(grants).where(_g.account_id == account_id)
    if passport_id is not None:
        query = query.where(_g.passport_id == passport_id)
    if product_id is not None:
        query = query.where(_is_of_product(_g, product_id))
    if before is not None:
        query = query.where(_g.id < before)
    return list(conn.execute(query.order_by(_g.id.desc()).limit(limit)))


def revoke_grant(conn: Connection, account_id: str, grant_id: str, now: int) -> bool:
    """False if it is revoked already."""
    live = grants.update().where(_g.account_id == account_id, _g.id == grant_id, _g.revoked_at.is_(None))
    return conn.execute(live.values(revoked_at=now)).rowcount == 1


def revoke_all_grants(conn: Connection, account_id: str, now: int) -> int:
    """Revoke every grant of the account; returns how many were not revoked before."""
    live = grants.update().where(_g.account_id == account_id, _g.revoked_at.is_(None))
    return conn.execute(live.values(revoked_at=now)).rowcount


def _opens(now: int) -> tuple[Any, ...]:
    return _g.revoked_at.is_(None), _g.expires_at > now, or_(~_g.single_use, _g.used_at.is_(None))


def find_open_grant(conn: Connection, token_digest: bytes, now: int) -> AnyRow | None:
    """The grant of a link, if it still opens anything."""
    return conn.execute(select(grants).where(_g.token_digest == token_digest, *_opens(now))).first()


def use_grant(conn: Connection, token_digest: bytes, now: int) -> AnyRow | None:
    """The grant of a link, which is used by that: of concurrent uses of a single-use link one wins."""
    used = update(grants).where(_g.token_digest == token_digest, *_opens(now))
    return conn.execute(used.values(used_at=func.coalesce(_g.used_at, now)).returning(*grants.c)).first()


def insert_access(conn: Connection, account_id: str, grant_id: str, passport_id: str, version: int, now: int) -> None:
    values = {"grant_id": grant_id, "id": uuid7(), "passport_id": passport_id, "version": version, "accessed_at": now}
    conn.execute(accesses.insert().values(account_id=account_id, **values))


def list_accesses(conn: Connection, account_id: str, grant_id: str, *, before: str | None, limit: int) -> list[AnyRow]:
    """The uses of a link, newest first."""
    query = select(accesses).where(_a.account_id == account_id, _a.grant_id == grant_id)
    if before is not None:
        query = query.where(_a.id < before)
    return list(conn.execute(query.order_by(_a.id.desc()).limit(limit)))


def purge_access_requests(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` requests that are older than KEEP_REQUESTS_MS."""
    old = select(_r.account_id, _r.id).where(_r.created_at < now - KEEP_REQUESTS_MS).limit(limit)
    return conn.execute(access_requests.delete().where(tuple_(_r.account_id, _r.id).in_(old))).rowcount


def purge_grants(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` grants that expired KEEP_MS ago."""
    old = select(_g.account_id, _g.id).where(_g.expires_at < now - KEEP_MS).limit(limit)
    return conn.execute(grants.delete().where(tuple_(_g.account_id, _g.id).in_(old))).rowcount


def purge_accesses(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` entries that are older than KEEP_MS."""
    key = (_a.account_id, _a.grant_id, _a.id)
    old = select(*key).where(_a.accessed_at < now - KEEP_MS).limit(limit)
    return conn.execute(accesses.delete().where(tuple_(*key).in_(old))).rowcount
