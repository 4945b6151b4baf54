"""The store of idempotent answers (draft-ietf-httpapi-idempotency-key-header).

A record per (account, route, Idempotency-Key) for 24 hours, after draft-ietf-httpapi-idempotency-key-header. It
holds a digest of the request, the answer without any secret, and a salt: a secret in the answer is derived from
the salt and the server key, so the same request is told the same secret although nothing stored reveals it.
"""

import hashlib
import os
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Index, LargeBinary, String, Table, Text, func, select

from linkxg.clock import DAY, now_ms
from linkxg.db.schema import Milliseconds, metadata
from linkxg.errors import InvalidRequest

KEEP_MS = DAY
MAX_KEY = 255

records = Table(
    "idempotency_keys",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("route", String(200), primary_key=True),
    Column("key_digest", LargeBinary, primary_key=True),
    Column("request_digest", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Index("ix_idempotency_keys_created_at", "created_at"),
)


class Request(NamedTuple):
    """What makes two requests the same: route, key and content (which names the caller), all of one account."""

    account_id: str
    route: str
    key: str
    content: Any

    @property
    def key_digest(self) -> bytes:
        return hashlib.sha256(self.key.encode()).digest()

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(msgspec.json.encode(self.content, order="sorted")).digest()


class Recorded(NamedTuple):
    """What was answered; `matches` is false when the key was used for another request."""

    matches: bool
    salt: bytes
    answer: Any


def check_key(key: str | None) -> str | None:
    """A usable Idempotency-Key, or None. Raises InvalidRequest for an empty, long or unprintable one."""
    if key is None:
        return None
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise InvalidRequest("The Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return key


def new_salt() -> bytes:
    return os.urandom(32)


def find_record(conn: Connection, request: Request) -> Recorded | None:
    """The record of this key, unless it is older than a day; of two equal requests at once the second waits."""
    if conn.dialect.name == "postgresql":
        seed = request.account_id.encode() + request.key_digest
        lock = int.from_bytes(hashlib.sha256(seed).digest()[:8], signed=True)
        conn.execute(select(func.pg_advisory_xact_lock(lock)))
    row = conn.execute(select(records).where(*_same(request), records.c.created_at > now_ms() - KEEP_MS)).first()
    if row is None:
        return None
    return Recorded(row.request_digest == request.digest, row.salt, msgspec.json.decode(row.answer))


def insert_record(conn: Connection, request: Request, answer: Any, *, salt: bytes = b"") -> None:
    """Remember the answer, and the salt if a secret in it is derived; an expired record of the same key is replaced."""
    conn.execute(records.delete().where(*_same(request)))
    conn.execute(
        records.insert().values(
            account_id=request.account_id,
            route=request.route,
            key_digest=request.key_digest,
            request_digest=request.digest,
            salt=salt,
            answer=msgspec.json.encode(answer).decode(),
            created_at=now_ms(),
        )
    )


def _same(request: Request) -> tuple[ColumnElement[bool], ...]:
    return (
        records.c.account_id == request.account_id,
        records.c.route == request.route,
        records.c.key_digest == request.key_digest,
    )


def forget_all(conn: Connection) -> None:
    """No request is recognised as answered before."""
    conn.execute(records.delete())


def purge(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` expired records."""
    expired = records.c.created_at < now - KEEP_MS
    old = select(records.c.key_digest).where(expired).limit(limit)
    # Another account may use the same key today.
    return conn.execute(records.delete().where(records.c.key_digest.in_(old), expired)).rowcount
