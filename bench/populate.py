"""Inserts up to a million clients and sessions in batches of rows.

Secrets have random digests, except those of a sample that is spread over all.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table

from linkxg.clock import now_ms
from linkxg.crypto.refresh_tokens import new_refresh_token
from linkxg.crypto.secrets import CLIENT_SECRET, digest, hint, new_secret
from linkxg.db import Database, open_database
from linkxg.identity.accounts.store import users
from linkxg.identity.clients.store import clients, secrets
from linkxg.identity.sessions.model import REFRESH_MS, SESSION_MS
from linkxg.identity.sessions.store import sessions as sessions_table
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.scopes import ALL, format_scope
from linkxg.ids import client_id, uuid7

BATCH = 5_000
PER_PERSON = 20
Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Sample:
    """Credentials of some of the rows: (client id, secret), refresh tokens."""

    clients: list[tuple[str, str]] = field(default_factory=list)
    refresh_tokens: list[str] = field(default_factory=list)


def populate(
    data_dir: Path,
    account_id: str,
    url: str | None = None,
    *,
    clients: int = 0,
    sessions: int = 0,
    people: int | None = None,
    sample: int = 0,
    expired_before: int | None = None,
) -> Sample:
    """Add rows to the account. With `expired_before`, the sessions expired before that time (ms)."""
    made = Sample()
    server_key = KeyRing(data_dir).server_key
    names = [uuid7() for _ in range(people if people is not None else max(1, sessions // PER_PERSON))]

    async def fill() -> None:
        database = open_database(url or f"sqlite:///{data_dir / 'linkxg.db'}")
        await database.open()
        try:
            await _insert(database, _client_batches(account_id, clients, sample, made))
            await _insert(database, iter([[(users, _people(account_id, names))]]))
            rows = _sessions(account_id, names, sessions, sample, made, server_key, expired_before)
            await _insert(database, ([(sessions_table, iter(part))] for part in _batches(rows)))
        finally:
            await database.close()

    asyncio.run(fill())
    return made


async def _insert(database: Database, batches: Iterator[list[tuple[Table, Rows]]]) -> None:
    for batch in batches:
        for table, rows in batch:
            for part in _batches(rows):

                def insert(conn: Connection, table: Table = table, part: list[dict[str, Any]] = part) -> None:
                    conn.execute(table.insert(), part)

                await database.write(insert)


def _batches(rows: Rows) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(rows, BATCH)):
        yield part


def _client_batches(account_id: str, count: int, sample: int, made: Sample) -> Iterator[list[tuple[Table, Rows]]]:
    """Clients, then their secrets, batch by batch."""
    every, now, scope = max(1, count // sample) if sample else 0, now_ms(), format_scope(ALL)
    for start in range(0, count, BATCH):
        ids = [client_id() for _ in range(min(BATCH, count - start))]
        known = {ids[n]: new_secret(CLIENT_SECRET) for n in range(len(ids)) if every and (start + n) % every == 0}
        made.clients.extend(known.items())
        client = _fixed(account_id=account_id, name="Bench", scope=scope, created_at=now, created_by="bench",
                        allowed_cidrs="[]", self_rotation=True, disabled=False, epoch=0)  # fmt: skip
        secret = _fixed(account_id=account_id, created_at=now, expires_at=None, uses=0)
        yield [
            (clients, iter([client(id=name) for name in ids])),
            (secrets, iter([secret(client_id=name, id=uuid7(), **_secret(known.get(name))) for name in ids])),
        ]


def _secret(known: str | None) -> dict[str, Any]:
    return {"digest": digest(known) if known else os.urandom(32), "hint": hint(known) if known else "…none"}


def _people(account_id: str, names: list[str]) -> Rows:
    person = _fixed(account_id=account_id, role="VIEWER", password_hash="none", disabled=False, epoch=0,
                    created_at=now_ms())  # fmt: skip
    for name in names:
        email = f"{name}@many.example"
        yield person(id=name, email=email, email_key=email)


def _sessions(
    account_id: str, names: list[str], count: int, sample: int, made: Sample, key: bytes, expired_before: int | None
) -> Rows:
    now = now_ms()
    begun = now if expired_before is None else expired_before - SESSION_MS - 1
    every = max(1, count // sample) if sample else 0
    session = _fixed(account_id=account_id, user_epoch=0, generation=0, refresh_expires_at=begun + REFRESH_MS,
                     created_at=begun, expires_at=begun + SESSION_MS, last_used_at=begun, source="127.0.0.1",
                     user_agent="bench")  # fmt: skip
    for number in range(count):
        name = uuid7()
        if every and number % every == 0:
            token = new_refresh_token(key, name, 0)
            made.refresh_tokens.append(token)
            yield session(id=name, user_id=names[number % len(names)], refresh_digest=digest(token))
        else:
            yield session(id=name, user_id=names[number % len(names)], refresh_digest=os.urandom(32))


def _fixed(**values: Any) -> Callable[..., dict[str, Any]]:
    return lambda **own: {**values, **own}
