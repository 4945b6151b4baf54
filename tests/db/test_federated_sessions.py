"""A session by an identity provider is recorded for people who exist, and is forgotten with them."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, func, select

from conftest import DatabaseFactory
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts.store import accounts, delete_user, users
from linkxg.identity.single_sign_on.store import federated_sessions, insert_session
from linkxg.ops.tables import register_tables

SESSION = {
    "issuer": "https://id.example.test",
    "subject": "ada",
    "provider_session_id": None,
    "created_at": 0,
}


def _add_person(conn: Connection) -> None:
    conn.execute(accounts.insert().values(id="a", name="Acme", slug="acme", created_at=0))
    person = {"id": "u", "account_id": "a", "email": "ada@example.test", "email_key": "ada@example.test"}
    conn.execute(
        users.insert().values(**person, password_hash="", role="VIEWER", disabled=False, epoch=0, created_at=0)
    )


def _count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(federated_sessions)).scalar_one()


def test_a_person_who_is_removed_during_a_sign_in_gets_no_session(engine: str, new_database: DatabaseFactory) -> None:
    register_tables()

    async def sign_in() -> None:
        database = open_database(new_database(engine).url)
        await migrate(database)
        await database.open()
        try:
            await database.write(_add_person)
            assert await database.write(insert_session, "a", "u", SESSION | {"session_id": "s1"})
            await database.write(delete_user, "a", "u")
            assert await database.read(_count) == 0
            assert not await database.write(insert_session, "a", "u", SESSION | {"session_id": "s2"})
        finally:
            await database.close()

    asyncio.run(sign_in())
