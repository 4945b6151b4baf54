"""Measures an engine inserting the rows of captured events. Run as `python -m bench.raw_events URL PATH`.

The rows are read from the database of a service and go into empty tables with the same indexes, in one transaction: by
SQLite's driver into the file PATH, by COPY into tables beside those of the service.
"""

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import NamedTuple

import asyncpg

from linkxg.jobs.process_main import NICENESS

TABLES = ("epcis_events", "epcis_items", "epcis_event_items", "epcis_event_values", "epcis_genealogy")


class RawInsert(NamedTuple):
    """Events a second, and the processor's microseconds of an event in this process; PostgreSQL's are in another."""

    rate: float
    busy: float


def raw_insert(url: str, path: str, events: int) -> RawInsert:
    """In a process as nice as the one that captures."""
    command = [sys.executable, "-m", "bench.raw_events", url, path]
    done = subprocess.run(["nice", "-n", str(NICENESS), *command], check=True, stdout=subprocess.PIPE)
    seconds, busy = map(float, done.stdout.split())
    return RawInsert(events / seconds, busy / events * 1e6)


def _on_sqlite(source: str, path: str) -> tuple[float, float]:
    with closing(sqlite3.connect(source)) as origin:
        places = ", ".join("?" * len(TABLES))
        made = origin.execute(
            f"select sql from sqlite_master where tbl_name in ({places}) and sql is not null order by type desc", TABLES
        ).fetchall()
        rows = {table: origin.execute(f"select * from {table}").fetchall() for table in TABLES}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *(sql for (sql,) in made)):
            connection.execute(statement)
        started, busy = time.perf_counter(), time.process_time()
        connection.execute("BEGIN IMMEDIATE")
        for table, of_table in rows.items():
            if of_table:
                marks = ", ".join("?" * len(of_table[0]))
                connection.executemany(f"insert into {table} values ({marks})", of_table)
        connection.execute("COMMIT")
        return time.perf_counter() - started, time.process_time() - busy


async def _on_postgresql(url: str) -> tuple[float, float]:
    connection = await asyncpg.connect(url)
    try:
        rows = {table: await connection.fetch(f"select * from {table}") for table in TABLES}
        for table in TABLES:
            await connection.execute(f"drop table if exists raw_{table}")
            await connection.execute(f"create table raw_{table} (like {table} including all)")
        started, busy = time.perf_counter(), time.process_time()
        async with connection.transaction():
            for table, of_table in rows.items():
                await connection.copy_records_to_table(f"raw_{table}", records=of_table)
        return time.perf_counter() - started, time.process_time() - busy
    finally:
        await connection.close()


if __name__ == "__main__":
    address, file = sys.argv[1:3]
    if address.startswith("sqlite:///"):
        taken = _on_sqlite(address.removeprefix("sqlite:///"), file)
    else:
        taken = asyncio.run(_on_postgresql(address))
    sys.stdout.write("{} {}".format(*taken))
