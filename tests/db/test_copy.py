"""Rows keep their values when copied to the other engine, and sequences continue after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, LargeBinary, create_engine, select

from conftest import DatabaseFactory
from linkxg.db import Database, invalidation_feed, metadata, open_database
from linkxg.db.copy import CHUNK, CopyError, copy_rows, delete_rows, is_empty, require_known_tables
from linkxg.db.migrations import migrate, upgrade
from linkxg.ops.tables import register_tables

MANY = CHUNK + 7


@pytest.fixture(autouse=True)
def tables() -> None:
    register_tables()


@pytest.fixture
def database(engine: str, new_database: DatabaseFactory) -> Database:
    return open_database(new_database(engine).url)


@pytest.fixture
def fill() -> Callable[[Connection], None]:
    """Writes one row into every table and many into one, with every kind of value."""

    def value(column: Any, number: int) -> Any:
        if isinstance(column.type, LargeBinary):
            return bytes([0, 255, number % 256])
        kind = column.type.python_type
        if column.nullable and number % 2:
            return None
        text = "é" * (column.type.__dict__.get("length") or 20)
        return {bool: number % 2 == 0, int: number, float: number + 0.1, str: text}[kind]

    def write(conn: Connection) -> None:
        for table in metadata.sorted_tables:
            row = {column.name: value(column, 4) for column in table.columns}
            conn.execute(table.insert(), row)
        events = [{"seq": 10 + n, "kind": "token", "subject": str(n), "epoch": n, "at": n} for n in range(MANY)]
        conn.execute(invalidation_feed.changes.insert(), events)

    return write


def content(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: sorted((tuple(row) for row in conn.execute(select(table))), key=repr)
        for table in metadata.sorted_tables
    }


def test_every_table_and_type_is_copied(database: Database, fill: Callable[[Connection], None], tmp_path: Path) -> None:
    source = create_engine(f"sqlite:///{tmp_path / 'source.db'}")
    progress: list[tuple[int, int]] = []

    def load(conn: Connection, found: Connection) -> dict[str, int]:
        assert is_empty(conn)
        counts = copy_rows(found, conn, on_progress=lambda done, total: progress.append((done, total)))
        assert not is_empty(conn)
        return counts

    def number_and_empty(conn: Connection) -> int:
        invalidation_feed.append(conn, None, "token", "later")
        seq: int = conn.execute(
            select(invalidation_feed.changes.c.seq).where(invalidation_feed.changes.c.subject == "later")
        ).scalar_one()
        delete_rows(conn)
        assert is_empty(conn)
        return seq

    async def run(found: Connection) -> tuple[dict[str, int], dict[str, list[tuple[Any, ...]]], int]:
        await migrate(database)
        await database.read_long(require_known_tables)
        counts = await database.run_exclusive(load, found)
        return counts, await database.read_long(content), await database.run_exclusive(number_and_empty)

    with source.begin() as found:
        upgrade(found)
        fill(found)
        counts, copied, number = asyncio.run(run(found))
        assert copied == content(found)
    source.dispose()
    assert set(counts) == set(metadata.tables)
    assert counts["changes"] == MANY + 1
    assert progress[-1] == (sum(counts.values()), sum(counts.values()))
    assert number >= 10 + MANY, "the next number is above every copied one"


def test_a_table_that_the_program_does_not_know_is_not_left_out_silently(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.begin() as conn:
        upgrade(conn)
        conn.exec_driver_sql("create table stranger (a integer)")
        with pytest.raises(CopyError, match="stranger"):
            require_known_tables(conn)
    engine.dispose()
