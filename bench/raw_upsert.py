"""Measures an engine writing the rows of an import. Run as `python -m bench.raw_upsert ENGINE ADDRESS ROWS`.

Prepared rows go into a table of heads and one of versions, in one transaction, with the two unique keys that every
catalogue needs. SQLite gets them from its driver; PostgreSQL by COPY into a temporary table, and from there.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import NamedTuple

import asyncpg

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.ids import uuid7
from linkxg.jobs.process_main import NICENESS

_HEAD_COLUMNS = """account_id varchar(36), id varchar(36), sku varchar(64), gtin14 varchar(14), gtin_length smallint,
category varchar(100), search_key text, revision bigint, created_at bigint, updated_at bigint, status varchar(10),
latest_version bigint, draft_version bigint"""
_VERSION_COLUMNS = """account_id varchar(36), product_id varchar(36), version bigint, status varchar(10), digest {blob},
created_at bigint, created_by varchar(64), content text"""
_KEYS = (
    "create unique index heads_sku on heads (account_id, sku)",
    "create unique index heads_gtin on heads (account_id, gtin14)",
)
_HEAD_CLAUSE = "on conflict (account_id, id) do update set revision = heads.revision + 1"
_VERSION_CLAUSE = "on conflict (account_id, product_id, version) do update set content = excluded.content"
_CONTENT = '{"brand":"Acme","category":{"code":"10003743"},"modelNumber":"M-1","name":"Cordless drill 18 V"}'
Rows = list[tuple[object, ...]]


class Raw(NamedTuple):
    """Rows a second, and microseconds of the processor for each row (of the client's, where there is a server)."""

    rate: float
    busy: float


def raw_upsert(engine: str, address: str, rows: int) -> Raw:
    """In a process as nice as the one that imports."""
    command = [sys.executable, "-m", "bench.raw_upsert", engine, address, str(rows)]
    done = subprocess.run(["nice", "-n", str(NICENESS), *command], check=True, stdout=subprocess.PIPE)
    return Raw(*map(float, done.stdout.split()))


def gtin(number: int) -> str:
    body = f"{400_000_000_000 + number:012d}"
    return body + str(check_digit(body))


def _rows(count: int) -> tuple[Rows, Rows]:
    account, now = uuid7(), time.time_ns() // 1_000_000
    ids = [uuid7() for _ in range(count)]
    heads: Rows = [
        (account, ids[n], f"SKU-{n:07d}", gtin(n).rjust(14, "0"), 13, "10003743", f"sku-{n:07d}\ncordless drill", 1,
         now, now, "DRAFT", None, 1)
        for n in range(count)
    ]  # fmt: skip
    versions: Rows = [(account, ids[n], 1, "DRAFT", os.urandom(32), now, account, _CONTENT) for n in range(count)]
    return heads, versions


def _on_sqlite(path: str, count: int) -> Raw:
    heads, versions = _rows(count)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_tables("blob"), *_KEYS):
            connection.execute(statement)
        started, busy = time.perf_counter(), time.process_time()
        connection.execute("BEGIN IMMEDIATE")
        for table, rows, on_conflict in (
            ("heads", heads, _HEAD_CLAUSE),
            ("versions", versions, _VERSION_CLAUSE),
        ):
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into {table} values ({marks}) {on_conflict}", rows)
        connection.execute("COMMIT")
        return Raw(count / (time.perf_counter() - started), (time.process_time() - busy) / count * 1e6)


async def _on_postgres(url: str, count: int) -> Raw:
    heads, versions = _rows(count)
    connection = await asyncpg.connect(url)
    for statement in ("drop table if exists heads, versions", *_tables("bytea"), *_KEYS):
        await connection.execute(statement)
    started, busy = time.perf_counter(), time.process_time()
    async with connection.transaction():
        for table, rows, on_conflict in (
            ("heads", heads, _HEAD_CLAUSE),
            ("versions", versions, _VERSION_CLAUSE),
        ):
            await connection.execute(f"create temporary table new_{table} (like {table}) on commit drop")
            await connection.copy_records_to_table(f"new_{table}", records=rows)
            await connection.execute(f"insert into {table} select * from new_{table} {on_conflict}")
    found = Raw(count / (time.perf_counter() - started), (time.process_time() - busy) / count * 1e6)
    await connection.execute("drop table heads, versions")
    await connection.close()
    return found


def _tables(blob: str) -> tuple[str, str]:
    return (
        f"create table heads ({_HEAD_COLUMNS}, primary key (account_id, id))",
        f"create table versions ({_VERSION_COLUMNS.format(blob=blob)}, primary key (account_id, product_id, version))",
    )


if __name__ == "__main__":
    _, engine, address, rows = sys.argv
    found = _on_sqlite(address, int(rows)) if engine == "sqlite" else asyncio.run(_on_postgres(address, int(rows)))
    sys.stdout.write(f"{found.rate} {found.busy}\n")
