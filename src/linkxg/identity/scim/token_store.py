"""The SQL of the tokens of identity providers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    or_,
    select,
)

from linkxg.clock import DAY
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.identity.scim.model import ScimToken

KEEP_MS = 400 * DAY
"""Retention of tokens that have ended: a year and its review."""

tokens = Table(
    "scim_tokens",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("hint", String(12), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("expires_at", Milliseconds),
    Column("revoked_at", Milliseconds),
    Column("last_used_at", Milliseconds),
    Index("ix_scim_tokens_account_id_id", "account_id", "id"),
)
# Partial indexes for the purge: few tokens have ended.
for _column in (tokens.c.revoked_at, tokens.c.expires_at):
    _ended = _column.is_not(None)
    Index(f"ix_scim_tokens_{_column.name}", _column, postgresql_where=_ended, sqlite_where=_ended)
_COLUMNS = [tokens.c[name] for name in ScimToken.__struct_fields__]
_LIVE = (tokens.c.revoked_at.is_(None), or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("now")))
_BY_DIGEST = CompiledStatement(
    select(tokens.c.account_id, tokens.c.id, tokens.c.name, tokens.c.last_used_at).where(
        tokens.c.digest == bindparam("digest"), *_LIVE
    )
)
_TOUCH = CompiledStatement(
    tokens.update()
    .where(tokens.c.account_id == bindparam("account"), tokens.c.id == bindparam("token"))
    .values(last_used_at=bindparam("at"))
)


def find_live_token(conn: Connection, digest: bytes, now: int) -> tuple[str, str, str, int | None] | None:
    """(account, id, name, last use) of a token that is neither revoked nor expired."""
    found: tuple[str, str, str, int | None] | None = _BY_DIGEST.first(conn, {"digest": digest, "now": now})
    return found


def find_tokens_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Tokens of any account, live or not: of one that was found in public, nothing else is known."""
    columns = (tokens.c.account_id, tokens.c.id, tokens.c.name, tokens.c.digest)
    return list(conn.execute(select(*columns).where(tokens.c.digest.in_(digests))))


def update_last_use(conn: Connection, account_id: str, token_id: str, now: int) -> None:
    _TOUCH.run(conn, {"account": account_id, "token": token_id, "at": now})


def insert_token(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(tokens.insert().values(account_id=account_id, **values))


def lock_tokens(conn: Connection, account_id: str) -> None:
    """Serialise decisions about the number of tokens."""
    lock_until_commit(conn, f"scim tokens {account_id}")


def count_live_tokens(conn: Connection, account_id: str, now: int) -> int:
    query = select(func.count()).select_from(tokens).where(tokens.c.account_id == account_id, *_LIVE)
    return int(conn.execute(query, {"now": now}).scalar_one())


def find_token(conn: Connection, account_id: str, token_id: str, now: int) -> ScimToken | None:
    """A live token of this account."""
    query = select(*_COLUMNS).where(tokens.c.account_id == account_id, tokens.c.id == token_id, *_LIVE)
    row = conn.execute(query, {"now": now}).first()
    return None if row is None else ScimToken(*row)


def list_live_tokens(conn: Connection, account_id: str, now: int) -> list[ScimToken]:
    """Oldest first."""
    query = select(*_COLUMNS).where(tokens.c.account_id == account_id, *_LIVE).order_by(tokens.c.id)
    return [ScimToken(*row) for row in conn.execute(query, {"now": now})]


def revoke_token(conn: Connection, account_id: str, token_id: str, now: int) -> bool:
    """False if it has ended."""
    statement = tokens.update().where(tokens.c.account_id == account_id, tokens.c.id == token_id, *_LIVE)
    return conn.execute(statement.values(revoked_at=now), {"now": now}).rowcount == 1


def revoke_all(conn: Connection, account_id: str, now: int) -> int:
    """Revoke every live token of the account; returns how many."""
    statement = tokens.update().where(tokens.c.account_id == account_id, tokens.c.revoked_at.is_(None))
    return conn.execute(statement.values(revoked_at=now)).rowcount


def purge_tokens(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` tokens that ended over 400 days ago."""
    before = now - KEEP_MS
    old = select(tokens.c.id).where(or_(tokens.c.revoked_at < before, tokens.c.expires_at < before)).limit(limit)
    return conn.execute(tokens.delete().where(tokens.c.id.in_(old))).rowcount
