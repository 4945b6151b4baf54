from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from conftest import DatabaseFactory
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.ops.tables import register_tables
from traceability.tracing import Tracing


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    yield found
    found.close()


@pytest.fixture(scope="module")
def database(engine: str, new_database: DatabaseFactory, loop: asyncio.AbstractEventLoop) -> Iterator[Database]:
    """With the newest schema, open."""
    register_tables()
    found = open_database(new_database(engine).url)
    loop.run_until_complete(migrate(found))
    loop.run_until_complete(found.open())
    yield found
    loop.run_until_complete(found.close())


@pytest.fixture
def tracing(database: Database, loop: asyncio.AbstractEventLoop) -> Tracing:
    """The verbs of traceability for a new account."""
    account_id = uuid7()
    loop.run_until_complete(database.write(lambda conn: insert_account(conn, account_id, "Weaver Ltd", now_ms())))
    return Tracing(database, account_id, loop)
