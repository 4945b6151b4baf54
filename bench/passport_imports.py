"""Measures what issuing passports adds to an import that publishes. Run as `python -m bench.passport_imports [ROWS]`.

The job runs in this process as in that of a worker, with the hook that issues passports and without, in turn, each time
into an empty database.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text

from bench.postgres import cluster
from bench.raw_upsert import gtin
from bench.report import Figure, report
from bench.seed import Seeded, seed
from linkxg.audit.model import Actor
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.product_import import ProductImport
from linkxg.catalog.product_imports.start_import import start_import
from linkxg.catalog.products.publication import PublishHooks
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.jobs import lease_store, store
from linkxg.jobs.lease import JobLease
from linkxg.jobs.run_job import Run
from linkxg.jobs.turn import Turn
from linkxg.network.passports.issue.issue_models import issue_models
from linkxg.publish_hooks import PUBLISH_HOOKS

ROWS, ROUNDS, LEASE_MS = 30_000, 5, 3_600_000
ISSUING_NOTHING: PublishHooks = tuple(hook for hook in PUBLISH_HOOKS if hook is not issue_models)
HEADER = (
    "sku,gtin,name,brand,category.code,category.name,category.schemeId,category.schemeName,facility.name,facility.gln,"
    "countryOfProduction,modelNumber,description\n"
)


class Took(NamedTuple):
    """Seconds: on the clock, and of the processor."""

    clock: float
    processor: float


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> list[Figure]:
    """On both engines."""
    content = _file(rows)
    pairs = [(_run(content, None, ISSUING_NOTHING), _run(content, None, PUBLISH_HOOKS)) for _ in range(rounds)]
    figures = _figures("SQLite", pairs, rows)
    pairs = []
    for _ in range(rounds):
        with cluster() as without, cluster() as issuing:
            pairs.append((_run(content, without, ISSUING_NOTHING), _run(content, issuing, PUBLISH_HOOKS)))
    return figures + _figures("PostgreSQL", pairs, rows)


def _figures(engine: str, pairs: Sequence[tuple[Took, Took]], rows: int) -> list[Figure]:
    added = [100 * (issuing.clock / without.clock - 1) for without, issuing in pairs]
    plain, whole = (statistics.median(rows / pair[column].clock for pair in pairs) for column in (0, 1))
    work = statistics.median(100 * (issuing.processor / without.processor - 1) for without, issuing in pairs)
    note = f"{whole:,.0f}/s of {plain:,.0f}/s, {rows:,} rows; {work:.0f} % of processor time"
    return [
        Figure(f"issuing, added to publishing in an import (%), {engine}", statistics.median(added), 20.0, note, True)
    ]


def _run(content: bytes, url: str | None, hooks: PublishHooks) -> Took:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        address = url or f"sqlite:///{data_dir / 'linkxg.db'}"
        made = seed(data_dir, address, client_count=1, people=1)
        return asyncio.run(_import(address, made, content, hooks))


async def _import(url: str, made: Seeded, content: bytes, hooks: PublishHooks) -> Took:
    database = open_database(url, writes_bulk=True)
    await database.open()
    kind = ProductImport(hooks)
    kind.prepare()
    try:
        job_id = await _start(database, made, content)
        job = await database.read_single(store.find_job, made.account_id, job_id)
        assert job is not None
        lease = JobLease(made.account_id, job_id, "bench", "client", made.clients[0][0])
        clock, processor = time.perf_counter(), time.process_time()
        turn = Turn(database, made.account_id, [kind.resource])
        status, error = await Run(database, job, lease, kind, lambda: False, turn).run()
        took = Took(time.perf_counter() - clock, time.process_time() - processor)
        if status != "COMPLETED":
            raise RuntimeError(f"the import ended as {status}: {error}")
        await _check(database, content, issues=issue_models in hooks)
        return took
    finally:
        await database.close()


async def _start(database: Database, made: Seeded, content: bytes) -> str:
    async def parts() -> AsyncIterator[bytes]:
        yield content

    operator = Actor("cli", None, made.account_id, "cli", "bench")
    outcome = await start_import(database, operator, made.account_id, Options(format="csv", publish=True), parts())
    job_id = outcome.value.id
    now = now_ms() + LEASE_MS
    claimed = await database.write(
        lease_store.claim_job, made.account_id, job_id, worker="bench", now=now, lease_ms=LEASE_MS
    )
    if not claimed:
        raise RuntimeError("the job could not be claimed")
    return job_id


async def _check(database: Database, content: bytes, *, issues: bool) -> None:
    def count(conn: Connection) -> tuple[int, int]:
        published = conn.execute(text("select count(*) from products where status = 'PUBLISHED'")).scalar_one()
        return published, conn.execute(text("select count(*) from passports")).scalar_one()

    rows = content.count(b"\n") - 1
    if await database.read(count) != (rows, rows if issues else 0):
        raise RuntimeError("the import did not publish all rows, or issued another number of passports")


def _file(rows: int) -> bytes:
    lines = [
        f"SKU-{n:07d},{gtin(n)},Cordless drill {n},Acme,10003743,Drills,https://gpc.example/,GS1 GPC,Works 1,"
        f"4012345000009,DE,M-{n % 100},Two gears and a chuck of 13 mm\n"
        for n in range(rows)
    ]
    return (HEADER + "".join(lines)).encode()


if __name__ == "__main__":
    os.umask(0o077)
    report(measure(next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), ROWS)))
