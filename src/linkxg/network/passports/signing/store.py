"""The SQL of the keys by which an account signs passports, of signed passports, and of their status."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.catalog.products.versions.store import versions
from linkxg.db.compiled import CompiledStatement
from linkxg.db.insert_once import insert_once
from linkxg.db.row_values import is_one_of
from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.db.schema import Sequence as Number
from linkxg.network.passports.documents.model import PassportRecord, PassportVersionRecord, StatusEntry
from linkxg.network.passports.issue.store import passports

LIST_SIZE = 131_072
"""Entries of a status list, the least that Bitstring Status List §2.2 allows: one entry says nothing of the others."""
_ATTEMPTS = 20
_ENTRIES_PER_STATEMENT = 100
_REVOKED = text("revoked_at is not null")

keys = Table(
    "passport_keys",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("kid", String(43), primary_key=True),
    Column("public_jwk", Text, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    # From then on another key signs; what this one has signed stays valid.
    Column("retired_at", Milliseconds),
)
credentials = Table(
    "passport_credentials",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("passport_id", String(36), primary_key=True),
    Column("version", Number, primary_key=True, autoincrement=False),
    Column("roles", String(60), primary_key=True),
    Column("kid", String(43), nullable=False),
    # Of the unsigned credential: it changes with the name or the address of the issuer.
    Column("digest", LargeBinary, nullable=False),
    Column("jwt", Text, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
)
status_entries = Table(
    "passport_status_entries",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("passport_id", String(36), primary_key=True),
    Column("version", Number, primary_key=True, autoincrement=False),
    Column("list_number", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("product_id", String(36), nullable=False),
    Column("product_version", Number, nullable=False),
    Column("revoked_at", Milliseconds),
    Index("ix_passport_status_entries_product", "account_id", "product_id", "product_version"),
    Index("ix_passport_status_entries_position", "account_id", "list_number", "position", unique=True),
    Index(
        "ix_passport_status_entries_revoked",
        "account_id",
        "list_number",
        sqlite_where=_REVOKED,
        postgresql_where=_REVOKED,
    ),
)
_k, _c, _e = keys.c, credentials.c, status_entries.c
_ENTRY_KEYS = ((_e.account_id, _e.passport_id, _e.version), (_e.account_id, _e.list_number, _e.position))
_of_entry = (
    _e.account_id == bindparam("account"),
    _e.passport_id == bindparam("passport"),
    _e.version == bindparam("version", type_=Number),
)
_ENTRY = CompiledStatement(select(_e.list_number, _e.position).where(*_of_entry))
_CREDENTIAL = CompiledStatement(
    select(_c.jwt, _c.digest).where(
        _c.account_id == bindparam("account"),
        _c.passport_id == bindparam("passport"),
        _c.version == bindparam("version", type_=Number),
        _c.roles == bindparam("roles"),
    )
)


class StoredCredential(NamedTuple):
    """A signed credential, and the digest of the unsigned one."""

    jwt: str
    digest: bytes


def list_keys(conn: Connection, account_id: str) -> list[AnyRow]:
    """Every key of the account, the newest first."""
    query = select(keys).where(_k.account_id == account_id)
    return list(conn.execute(query.order_by(_k.created_at.desc(), _k.kid)))


def insert_key(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(keys.insert().values(account_id=account_id, **values))


def retire_keys(conn: Connection, account_id: str, now: int) -> int:
    """Retire the keys that still sign; returns how many."""
    live = keys.update().where(_k.account_id == account_id, _k.retired_at.is_(None))
    return conn.execute(live.values(retired_at=now)).rowcount


def list_sealed_signing_keys(conn: Connection) -> list[tuple[str, str, bytes]]:
    """(account, kid, sealed key) of every account."""
    return [(row[0], row[1], row[2]) for row in conn.execute(select(_k.account_id, _k.kid, _k.sealed_key))]


def update_sealed_key(conn: Connection, account_id: str, kid: str, sealed: bytes) -> None:
    conn.execute(keys.update().where(_k.account_id == account_id, _k.kid == kid).values(sealed_key=sealed))


def has_passports(conn: Connection, account_id: str) -> bool:
    return conn.execute(select(passports.c.id).where(passports.c.account_id == account_id).limit(1)).first() is not None


def find_credential(
    conn: Connection, account_id: str, passport_id: str, version: int, roles: str
) -> StoredCredential | None:
    values = {"account": account_id, "passport": passport_id, "version": version, "roles": roles}
    row = _CREDENTIAL.first(conn, values)
    return None if row is None else StoredCredential(row[0], bytes(row[1]))


def replace_credential(conn: Connection, account_id: str, **values: Any) -> None:
    """Store a credential in the place of the one for the same passport, version and roles."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    statement = insert(credentials).values(account_id=account_id, **values)
    changed = {name: statement.excluded[name] for name in ("kid", "digest", "jwt", "created_at")}
    key = [column.name for column in credentials.primary_key.columns]
    conn.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def find_entry(conn: Connection, account_id: str, passport_id: str, version: int) -> StatusEntry | None:
    row = _ENTRY.first(conn, {"account": account_id, "passport": passport_id, "version": version})
    return None if row is None else StatusEntry(*row)


def lock_withdrawal(conn: Connection, version: PassportVersionRecord, passport: PassportRecord) -> bool:
    """Whether the passport or the version of the product in it is withdrawn; neither is until the transaction ends.

    The version first, as publishing does: otherwise the two could wait for each other.
    """
    of_product = select(versions.c.withdrawn_at).where(
        versions.c.account_id == passport.account_id,
        versions.c.product_id == version.product_id,
        versions.c.version == version.product_version,
    )
    of_passport = select(passports.c.withdrawn_at).where(
        passports.c.account_id == passport.account_id, passports.c.id == passport.id
    )
    found = [conn.execute(query.with_for_update(read=True)).scalar_one() for query in (of_product, of_passport)]
    return any(at is not None for at in found)


def insert_entry(conn: Connection, account_id: str, passport_id: str, version: int, **values: Any) -> StatusEntry:
    """The place of a version in a status list, at random, so that places do not tell the order of issue.

    A list in which no free place is found any more is two thirds full; the next one begins. Of two transactions that
    insert an entry at the same time, the place of the first is that of both.
    """
    newest = select(func.coalesce(func.max(_e.list_number), 1)).where(_e.account_id == account_id)
    number = int(conn.execute(newest).scalar_one())
    for attempt in range(2 * _ATTEMPTS):
        entry = StatusEntry(number + attempt // _ATTEMPTS, secrets.randbelow(LIST_SIZE))
        place = {"account_id": account_id, "passport_id": passport_id, "version": version, **entry._asdict()}
        if insert_once(conn, status_entries, place | values):
            return entry
        if (found := find_entry(conn, account_id, passport_id, version)) is not None:
            return found
    raise RuntimeError("no free place in an empty status list")


def list_revoked(conn: Connection, account_id: str, number: int) -> list[int] | None:
    """The places of the list that are revoked; None if there is no such list."""
    in_list = (_e.account_id == account_id, _e.list_number == number)
    if conn.execute(select(_e.position).where(*in_list).limit(1)).first() is None:
        return None
    return list(conn.execute(select(_e.position).where(*in_list, _e.revoked_at.is_not(None))).scalars())


def revoke_entries(conn: Connection, account_id: str, passport_id: str, now: int) -> int:
    """Revoke the entries of every version of a passport; returns how many were not revoked before."""
    live = (_e.account_id == account_id, _e.passport_id == passport_id, _e.revoked_at.is_(None))
    return conn.execute(status_entries.update().where(*live).values(revoked_at=now)).rowcount


def revoke_entries_of_version(conn: Connection, account_id: str, product_id: str, version: int, now: int) -> int:
    """Revoke the entries of the versions of passports that have this version of the product."""
    live = (
        _e.account_id == account_id, _e.product_id == product_id, _e.product_version == version,
        _e.revoked_at.is_(None),
    )  # fmt: skip
    return conn.execute(status_entries.update().where(*live).values(revoked_at=now)).rowcount


def list_entries(conn: Connection, account_id: str) -> list[AnyRow]:
    return list(conn.execute(select(status_entries).where(_e.account_id == account_id)))


def merge_entries(conn: Connection, account_id: str, entries: Sequence[dict[str, Any]]) -> None:
    """Insert entries of a replaced database after a restore, in place of those of the backup.

    An entry of the same version with another index is deleted: signatures name the index of the newer database.
    """
    for start in range(0, len(entries), _ENTRIES_PER_STATEMENT):
        part = entries[start : start + _ENTRIES_PER_STATEMENT]
        # Two statements: for either of two keys, SQLite would read all entries of the account.
        for key in _ENTRY_KEYS:
            same = is_one_of(key, [tuple(entry[column.name] for column in key) for entry in part])
            conn.execute(status_entries.delete().where(_e.account_id == account_id, same))
        conn.execute(status_entries.insert(), part)
