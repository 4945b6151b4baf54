"""Listing row errors costs no more than the list, however large the rows are."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from conftest import DatabaseFactory
from harness.rows import execute
from harness.world import World
from imports.files import csv_file, failures, new_sku, run
from linkxg.catalog.product_imports.model import RESOURCE
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.ids import uuid7
from linkxg.jobs import store
from linkxg.jobs.read_job import list_row_errors


@pytest.mark.any_engine
def test_the_list_of_errors_does_not_read_the_rows(world: World) -> None:
    job = run(world, csv_file(("sku", "gtin", "name"), [[new_sku(), "1", "Bolt"]]))
    before = failures(world, job)
    # Nobody can read what is no UTF-8.
    execute(world.server.database, f"UPDATE import_errors SET raw = CAST(x'ff' AS TEXT) WHERE job_id = '{job['id']}'")
    assert failures(world, job) == before


def test_the_event_loop_continues_while_errors_are_read(
    new_database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    continued = threading.Event()

    def slow(conn: Connection, *_: Any, **options: Any) -> list[Any]:
        assert continued.wait(5)
        return []

    async def story() -> None:
        database = open_database(new_database("sqlite").url)
        await migrate(database)
        await database.open()
        try:
            monkeypatch.setattr(store, "find_job", lambda *_: SimpleNamespace(resource=RESOURCE))
            monkeypatch.setattr(store, "list_errors", slow)
            asyncio.get_running_loop().call_later(0.01, continued.set)
            found = await list_row_errors(database, uuid7(), uuid7(), RESOURCE, after=None, limit=1)
            assert found == ([], None)
        finally:
            await database.close()

    asyncio.run(story())
