"""Seeds a database with one account, many clients and many signed-in people, through the stores of the service."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from linkxg.audit.store import insert_head
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.crypto.refresh_tokens import new_refresh_token
from linkxg.crypto.secrets import CLIENT_SECRET, digest, hint, new_secret
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts import store as accounts
from linkxg.identity.clients import store as clients
from linkxg.identity.sessions import store as sessions
from linkxg.identity.sessions.model import REFRESH_MS, SESSION_MS
from linkxg.identity.tokens.keys import KeyRing, ensure_keys
from linkxg.identity.tokens.scopes import ALL_SCOPES
from linkxg.ids import client_id, uuid7

PASSWORD = "quiet harbour lantern"


@dataclass(frozen=True)
class Seeded:
    """Credentials of the rows: (client id, secret), refresh tokens, e-mail addresses."""

    account_id: str
    clients: list[tuple[str, str]]
    refresh_tokens: list[str]
    emails: list[str]


def token_bodies(data_dir: Path, made: Seeded) -> Path:
    """A file for wrk with the form of a token request of each client, one a line."""
    bodies = data_dir / "bodies"
    bodies.write_text(
        "\n".join(f"grant_type=client_credentials&client_id={c}&client_secret={s}" for c, s in made.clients)
    )
    return bodies


def seed(data_dir: Path, url: str | None = None, *, client_count: int = 10_000, people: int = 64) -> Seeded:
    """Fill the (empty) database of `data_dir`, or the one at `url`."""
    return asyncio.run(_seed(data_dir, url, client_count, people))


async def _seed(data_dir: Path, url: str | None, client_count: int, people: int) -> Seeded:
    ensure_keys(data_dir, "HS256")
    database = open_database(url or f"sqlite:///{data_dir / 'linkxg.db'}")
    await migrate(database)
    await database.open()
    passwords = Passwords(2)
    try:
        password_hash = await passwords.hash(PASSWORD)
        server_key = KeyRing(data_dir).server_key
        return await _fill(database, server_key, password_hash, client_count, people)
    finally:
        passwords.close()
        await database.close()


async def _fill(database: Database, server_key: bytes, password_hash: str, count: int, people: int) -> Seeded:
    account_id = uuid7()
    made = Seeded(account_id, [], [], [])

    def account(conn: Connection) -> None:
        accounts.insert_account(conn, account_id, "Bench", now_ms())
        insert_head(conn, account_id)
        for number in range(people):
            _insert_person(conn, made, server_key, password_hash, number)

    await database.write(account)
    for start in range(0, count, 500):
        size = min(500, count - start)

        def some_clients(conn: Connection, size: int = size) -> None:
            for _ in range(size):
                insert_client(conn, made)

        await database.write(some_clients)
    return made


def _insert_person(conn: Connection, made: Seeded, server_key: bytes, password_hash: str, number: int) -> None:
    now, user_id, session_id = now_ms(), uuid7(), uuid7()
    email = f"person{number}@bench.example"
    accounts.insert_user(
        conn, made.account_id, id=user_id, email=email, email_key=email, role="OWNER", password_hash=password_hash,
        created_at=now,
    )  # fmt: skip
    token = new_refresh_token(server_key, session_id, 0)
    sessions.insert_session(
        conn, made.account_id, id=session_id, user_id=user_id, user_epoch=0, refresh_digest=digest(token),
        refresh_expires_at=now + REFRESH_MS, created_at=now, expires_at=now + SESSION_MS, last_used_at=now,
        source="127.0.0.1", user_agent="bench",
    )  # fmt: skip
    made.refresh_tokens.append(token)
    made.emails.append(email)


def insert_client(conn: Connection, made: Seeded) -> None:
    now, name, secret = now_ms(), client_id(), new_secret(CLIENT_SECRET)
    clients.insert_client(
        conn, made.account_id, id=name, name="Bench", scopes=ALL_SCOPES, created_at=now, created_by="bench", cidrs=[],
        self_rotation=True,
    )  # fmt: skip
    clients.insert_secret(
        conn,
        made.account_id,
        name,
        id=uuid7(),
        digest=digest(secret),
        hint=hint(secret),
        created_at=now,
        expires_at=None,
    )
    made.clients.append((name, secret))
