"""Rows written in bulk come back as they were, on both engines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, select

from conftest import ENGINES, DatabaseFactory
from linkxg.db import open_database
from linkxg.db.bulk import insert_many, update_many
from linkxg.db.migrations import migrate
from linkxg.jobs.store import batches, errors

ODD = ["", "a", "\n\t", "{}", "[]", "NULL", "null", "\\", "'", '"', ",", "ä\U0001f600", "x" * 100_000, " "]


def run(new_database: DatabaseFactory, engine: str, unit: Any) -> Any:
    async def run_unit() -> Any:
        database = open_database(new_database(engine).url)
        await migrate(database)
        await database.open()
        try:
            return await database.write(unit)
        finally:
            await database.close()

    return asyncio.run(run_unit())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 2, 14, 301])
def test_bulk_inserted_texts_and_numbers_come_back(engine: str, count: int, new_database: DatabaseFactory) -> None:
    rows = [(number, -number, ODD[number % len(ODD)], "raw", "") for number in range(count)]

    def unit(conn: Connection) -> list[Any]:
        columns = ("row", "line", "key", "raw", "faults")
        same = {"account_id": "a", "job_id": "j"}
        assert insert_many(conn, errors, columns, rows, same=same) == count
        assert insert_many(conn, errors, columns, rows[:1], same=same, unless_taken=True) == 0
        changed = [("", "a", "j", row[0]) for row in rows[1:2]]
        update_many(conn, errors, ("account_id", "job_id", "row"), ("raw",), changed)
        return [tuple(row) for row in conn.execute(select(errors).order_by(errors.c.row))]

    expected = [("a", "j", *row[:3], "" if row[0] == 1 else "raw", "") for row in rows]
    assert run(new_database, engine, unit) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_bulk_inserted_bytes_come_back(engine: str, new_database: DatabaseFactory) -> None:
    contents = [b"", b"\x00\xff", b"\x1f\x1e"]

    def unit(conn: Connection) -> list[Any]:
        rows = [("a", "j", number, content) for number, content in enumerate(contents)]
        insert_many(conn, batches, ("account_id", "job_id", "first_row", "results"), rows)
        return list(conn.execute(select(batches.c.results).order_by(batches.c.first_row)).scalars())

    assert run(new_database, engine, unit) == contents


def test_a_value_with_the_separator_is_rejected(new_database: DatabaseFactory) -> None:
    def unit(conn: Connection) -> None:
        insert_many(conn, errors, ("account_id", "job_id", "row", "line", "key", "raw", "faults"),
                    [("a", "j", 1, 1, "x\x1fy", "", "")])  # fmt: skip

    with pytest.raises(ValueError, match="control character"):
        run(new_database, "postgres", unit)
