"""Idempotent requests: `run_once` does something once per key, and answers a repetition from its record.

draft-ietf-httpapi-idempotency-key-header. There is one record per (account, route, Idempotency-Key) for 24 hours: a
digest of the request, the answer without any secret, and a salt. A secret in the answer is derived from the salt and
the server key, so a repetition gets the same secret although nothing stored reveals it.
"""

import hashlib
import os
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Index, LargeBinary, String, Table, Text, func, select

from linkxg.clock import DAY, now_ms
from linkxg.db.schema import Milliseconds, metadata
from linkxg.errors import IdempotencyKeyReused, InvalidRequest, PublicError

T = TypeVar("T")
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
    """What identifies a request within an account: route, key and content, which names the caller.

    A request without a key is never a repetition.
    """

    account_id: str
    route: str
    key: str | None
    content: Any

    @property
    def key_digest(self) -> bytes:
        return hashlib.sha256((self.key or "").encode()).digest()

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(msgspec.json.encode(self.content, order="sorted")).digest()

    def salted(self, salt: bytes) -> tuple[str, str, str, str]:
        """The input from which a secret in the answer is derived, with a server key."""
        return salt.hex(), self.account_id, self.route, self.key or ""


class Recorded(NamedTuple):
    """The record of an earlier request; `matches` is false if the key was used for another request."""

    matches: bool
    salt: bytes
    answer: str

    def read(self, kind: type[T]) -> T:
        return msgspec.json.decode(self.answer, type=kind)


class RecordedId(msgspec.Struct):
    """The recorded answer where the id of what was created is enough to make it again."""

    id: str


class IdempotentOutcome(NamedTuple, Generic[T]):
    """The outcome of a request; `replayed` says that it repeats an earlier one."""

    value: T
    replayed: bool


Make = Callable[[Connection], T | PublicError]
"""Executes the request, or returns an error. Further side effects are the caller's, unless it is a replay."""
Recall = Callable[[Connection, Recorded], T | PublicError]
"""The answer to a repetition, by the record and the present state; an error if the first answer no longer holds."""


def check_key(key: str | None) -> str | None:
    """A usable Idempotency-Key, or None. Raises InvalidRequest for an empty, long or unprintable one."""
    if key is None:
        return None
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise InvalidRequest("The Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return key


def read_key(value: bytes | None) -> str | None:
    """`check_key` of a header field."""
    return None if value is None else check_key(value.decode("latin-1"))


def new_salt() -> bytes:
    return os.urandom(32)


def run_once(
    conn: Connection,
    request: Request,
    make: Make[T],
    recall: Recall[T],
    *,
    record: Callable[[T], Any] = lambda made: made,
    salt: bytes = b"",
) -> IdempotentOutcome[T] | PublicError:
    """The outcome of `make`, which runs once per key; for a repetition that of `recall`, or IdempotencyKeyReused.

    `record` returns what is stored of the answer. A rejected request does not use its key up.
    """
    recorded = find_record(conn, request)
    if recorded is not None:
        recalled = recall(conn, recorded) if recorded.matches else IdempotencyKeyReused()
        return recalled if isinstance(recalled, PublicError) else IdempotentOutcome(recalled, True)
    made = make(conn)
    if isinstance(made, PublicError):
        return made
    insert_record(conn, request, record(made), salt=salt)
    return IdempotentOutcome(made, False)


def as_recorded(kind: type[T]) -> Recall[T]:
    """Recalls the recorded answer as it is."""
    return lambda conn, recorded: recorded.read(kind)


def find_record(conn: Connection, request: Request) -> Recorded | None:
    """The record of this key, unless it has expired; of two concurrent requests the second waits."""
    if request.key is None:
        return None
    if conn.dialect.name == "postgresql":
        seed = request.account_id.encode() + request.key_digest
        lock = int.from_bytes(hashlib.sha256(seed).digest()[:8], signed=True)
        conn.execute(select(func.pg_advisory_xact_lock(lock)))
    row = conn.execute(select(records).where(*_same(request), records.c.created_at > now_ms() - KEEP_MS)).first()
    if row is None:
        return None
    return Recorded(row.request_digest == request.digest, row.salt, row.answer)


def insert_record(conn: Connection, request: Request, answer: Any, *, salt: bytes = b"") -> None:
    """Record the answer, and the salt if a secret in it is derived, in place of an expired record."""
    if request.key is None:
        return
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


def update_record(conn: Connection, request: Request, answer: Any) -> None:
    """Replace the recorded answer, by what became known after the first transaction."""
    conn.execute(records.update().where(*_same(request)).values(answer=msgspec.json.encode(answer).decode()))


def _same(request: Request) -> tuple[ColumnElement[bool], ...]:
    return (
        records.c.account_id == request.account_id,
        records.c.route == request.route,
        records.c.key_digest == request.key_digest,
    )


def delete_records(conn: Connection) -> None:
    conn.execute(records.delete())


def purge(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` expired records."""
    expired = records.c.created_at < now - KEEP_MS
    old = select(records.c.key_digest).where(expired).limit(limit)
    # Another account may have used the same key today.
    return conn.execute(records.delete().where(records.c.key_digest.in_(old), expired)).rowcount
