"""The SQL of clients' usage: by day, by scope, by secret and address.

The frequent statements are compiled once: they are most of what a busy worker writes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.clock import DAY, MINUTE
from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.db.schema import Sequence as Number
from linkxg.identity.clients.certificate_store import certificates
from linkxg.identity.clients.store import KEEP_MS, clients, secrets

TOUCHED_MS = MINUTE
"""Resolution of a client's last use, which only sorts lists; that of its secrets is exact."""

Values = Iterable[dict[str, Any]]

usage = Table(
    "client_usage",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("tokens", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], ondelete="CASCADE"),
    Index("ix_client_usage_client_id", "client_id"),
    Index("ix_client_usage_day", "day"),
)
scope_usage = Table(
    "client_scope_usage",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("scope", String(40), primary_key=True),
    Column("last_used_at", Milliseconds, nullable=False),
    Column("uses", Number, nullable=False),
    ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], ondelete="CASCADE"),
    Index("ix_client_scope_usage_client_id", "client_id"),
)
secret_sources = Table(
    "client_secret_sources",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("secret_id", String(36), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("first_used_at", Milliseconds, nullable=False),
    Column("last_used_at", Milliseconds, nullable=False),
    Column("uses", Number, nullable=False),
    ForeignKeyConstraint(["secret_id"], ["client_secrets.id"], ondelete="CASCADE"),
    Index("ix_client_secret_sources_secret_id", "secret_id"),
)
MAX_SOURCES = 100
"""Addresses kept per secret. If `uses` of the secret exceeds the sum over them, some were evicted."""


def _of_client(table: Table, *values: str) -> Any:
    """A row for `table` if the client still exists, so that a late count violates no foreign key."""
    parameters = [bindparam(name, type_=table.c[name].type) for name in values]
    return select(clients.c.account_id, clients.c.id, *parameters).where(clients.c.id == bindparam("client"))


def _compiled(write: Callable[[Any], Any]) -> CompiledStatement:
    return CompiledStatement(write(sqlite_insert), on_postgres=write(postgres_insert))


def _add_usage(insert: Any) -> Any:
    added = insert(usage).from_select(list(usage.c.keys()), _of_client(usage, "day", "tokens", "calls", "refused"))
    return added.on_conflict_do_update(
        index_elements=["account_id", "client_id", "day"],
        set_={name: usage.c[name] + added.excluded[name] for name in ("tokens", "calls", "refused")},
    )


def _add_scope_usage(insert: Any) -> Any:
    source = _of_client(scope_usage, "scope", "last_used_at", "uses")
    added = insert(scope_usage).from_select(list(scope_usage.c.keys()), source)
    newer, known = added.excluded.last_used_at, scope_usage.c.last_used_at
    return added.on_conflict_do_update(
        index_elements=["account_id", "client_id", "scope"],
        set_={
            "last_used_at": case((newer > known, newer), else_=known),
            "uses": scope_usage.c.uses + added.excluded.uses,
        },
    )


def _add_sources(insert: Any) -> Any:
    values = [
        bindparam("key", type_=String),
        *(bindparam(name, type_=Milliseconds) for name in ("first", "at", "count")),
    ]
    source = select(secrets.c.account_id, secrets.c.id, *values).where(secrets.c.id == bindparam("secret"))
    added = insert(secret_sources).from_select(list(secret_sources.c.keys()), source)
    newer, known = added.excluded.last_used_at, secret_sources.c.last_used_at
    return added.on_conflict_do_update(
        index_elements=["account_id", "secret_id", "source"],
        set_={
            "last_used_at": case((newer > known, newer), else_=known),
            "uses": secret_sources.c.uses + added.excluded.uses,
        },
    )


_ADD_USAGE, _ADD_SCOPE_USAGE = _compiled(_add_usage), _compiled(_add_scope_usage)
_ADD_SOURCES = _compiled(_add_sources)
_TOUCH_CLIENT = CompiledStatement(
    clients.update()
    .where(
        clients.c.id == bindparam("client"),
        or_(clients.c.last_used_at.is_(None), clients.c.last_used_at <= bindparam("before")),
    )
    .values(last_used_at=bindparam("at"))
)
_LATER = func.coalesce(secrets.c.last_used_at, 0) <= bindparam("at")
_TOUCH_SECRET = CompiledStatement(
    secrets.update()
    .where(secrets.c.id == bindparam("secret"))
    .values(
        uses=secrets.c.uses + bindparam("count"),
        last_used_at=case((_LATER, bindparam("at")), else_=secrets.c.last_used_at),
        last_used_source=case((_LATER, bindparam("from")), else_=secrets.c.last_used_source),
        first_used_at=func.coalesce(secrets.c.first_used_at, bindparam("first")),
    )
)
_TOUCH_CERTIFICATE = CompiledStatement(
    certificates.update()
    .where(
        certificates.c.id == bindparam("secret"), func.coalesce(certificates.c.last_used_at, 0) <= bindparam("before")
    )
    .values(last_used_at=bindparam("at"), last_used_source=bindparam("from"))
)


def add_usage(conn: Connection, rows: Values) -> None:
    """Add `tokens`, `calls` and `refused` to the counts of a `client` on a `day`; deleted clients are skipped."""
    _ADD_USAGE.many(conn, rows)


def touch_clients(conn: Connection, rows: Values) -> None:
    """Advance `last_used_at` of clients (`client`, `at`), at most once in TOUCHED_MS."""
    _TOUCH_CLIENT.many(conn, ({**row, "before": row["at"] - TOUCHED_MS} for row in rows))


def touch_secrets(conn: Connection, rows: Values) -> None:
    """Add `count` uses to secrets (`secret`), the first at `first`, the last at `at` by `from`."""
    _TOUCH_SECRET.many(conn, rows)


def touch_certificates(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Note the last use of those of these credentials that are certificates, once in TOUCHED_MS."""
    ids = {row["secret"] for row in rows}
    query = select(certificates.c.id).where(certificates.c.id.in_(ids))
    known = frozenset(conn.execute(query).scalars()) if ids else frozenset()
    _TOUCH_CERTIFICATE.many(conn, ({**row, "before": row["at"] - TOUCHED_MS} for row in rows if row["secret"] in known))


def add_sources(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add `count` uses of a `secret` by an address or an IPv6 /64 (`key`), the first at `first`, the last at `at`.

    Beyond MAX_SOURCES, the least recently used ones are deleted.
    """
    _ADD_SOURCES.many(conn, rows)
    if not rows:
        return
    known = secret_sources.c
    number = func.count().label("number")
    query = select(known.account_id, known.secret_id, number).where(
        known.secret_id.in_({row["secret"] for row in rows})
    )
    for account_id, secret_id, held in conn.execute(
        query.group_by(known.account_id, known.secret_id).having(number > MAX_SOURCES).order_by(known.secret_id)
    ).all():
        own = (known.account_id == account_id, known.secret_id == secret_id)
        oldest = select(known.source).where(*own).order_by(known.last_used_at, known.source).limit(held - MAX_SOURCES)
        conn.execute(secret_sources.delete().where(*own, known.source.in_(oldest)))


def list_sources(conn: Connection, account_id: str, secret_ids: Sequence[str]) -> list[AnyRow]:
    """The addresses that used these secrets, the latest use first."""
    known = secret_sources.c
    query = select(secret_sources).where(known.account_id == account_id, known.secret_id.in_(secret_ids))
    return list(conn.execute(query.order_by(known.last_used_at.desc(), known.source)).all())


def add_scope_usage(conn: Connection, rows: Values) -> None:
    """Add `uses` of a `scope` by a `client`, the last one at `last_used_at`; deleted clients are skipped."""
    _ADD_SCOPE_USAGE.many(conn, rows)


def list_scope_usage(conn: Connection, account_id: str, client_ids: Sequence[str]) -> list[AnyRow]:
    """`client_id`, `scope`, `last_used_at`, `uses` of these clients."""
    where = (scope_usage.c.account_id == account_id, scope_usage.c.client_id.in_(client_ids))
    return list(conn.execute(select(scope_usage).where(*where)).all())


def list_usage(conn: Connection, account_id: str, client_id: str, *, since_day: int) -> list[AnyRow]:
    """`day`, `tokens`, `calls`, `refused` from the day `since_day` (days since the epoch) on, oldest first."""
    where = (usage.c.account_id == account_id, usage.c.client_id == client_id, usage.c.day >= since_day)
    return list(conn.execute(select(usage).where(*where).order_by(usage.c.day)).all())


def purge_usage(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` daily counts older than 400 days."""
    key = (usage.c.account_id, usage.c.client_id, usage.c.day)
    old = select(*key).where(usage.c.day < (now - KEEP_MS) // DAY).limit(limit)
    return conn.execute(usage.delete().where(tuple_(*key).in_(old))).rowcount
