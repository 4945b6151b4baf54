"""The engine runs a kind of job that the program does not know, beside product imports in the same database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory, assert_no_leaks
from harness.rows import count_rows, execute
from harness.world import World, build_world
from imports.files import IMPORTS, counts, csv_file, new_sku, run
from jobs.counting import KINDS
from jobs.lines import Lines, with_database
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import ValidationFailed
from linkxg.jobs.lease_store import find_due_job
from linkxg.jobs.model import KEEP_MS
from linkxg.jobs.read_job import list_row_errors, results_file
from linkxg.jobs.retention_store import purge_jobs, purge_parts
from linkxg.jobs.runner import JobRunner

WAIT_S = 120.0
PROCESS = "jobs.counting"
TABLES = ("import_jobs", "import_blocks", "import_batches", "import_errors", "import_parts")
Work = Callable[[Database], Awaitable[None]]


@pytest.fixture(scope="module")
def served(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A service that knows product imports alone."""
    built = build_world(new_server(engine))
    yield built
    built.close()
    assert_no_leaks(built.server, with_backup=False)
    built.server.close()


def test_a_second_kind_of_job_runs_beside_product_imports(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    bearer = served.owner.access

    async def work(database: Database) -> None:
        lines = Lines(database, served.account)
        job = await lines.start(b"ab\n12\nabc\n")
        assert await database.read(find_due_job, resources=["products"], now=now_ms()) is None
        # The service takes its own kind, and shows no other.
        imported = await asyncio.to_thread(run, served, csv_file(("sku", "name"), [[new_sku(), "Bolt"]]))
        assert counts(imported) == (1, 0, 0, 0)
        for route in ("GET ", "GET /errors", "GET /results", "POST /cancel", "POST /retry"):
            method, path = route.split(" ")
            served.api.request(method, f"{IMPORTS}/{job.id}{path}", bearer=bearer).expect(404, "not_found")
        assert [one["id"] for one in served.api.get(IMPORTS, bearer=bearer).json()["data"]] == [imported["id"]]

        runner = JobRunner(database, served.server.database.url, "info", resources=KINDS, process=PROCESS)
        runner.task.start()
        try:
            ended = await lines.ended(job)
            assert (ended.status, ended.created, ended.failed, ended.line) == ("COMPLETED_WITH_ERRORS", 2, 1, 3)
            errors, _ = await list_row_errors(database, lines.account_id, job.id, "lines", after=None, limit=10)
            assert [(one.row, one.line, one.key, one.code) for one in errors] == [(2, 2, "12", "empty")]
            results = b"".join([part async for part in results_file(database, lines.account_id, ended)])
            assert [json.loads(line)["status"] for line in results.splitlines()] == ["CREATED", "FAILED", "CREATED"]

            whole = await lines.start_in_parts(b"ab\nabcd\n", on_error="rollback")
            served.api.request("HEAD", f"{IMPORTS}/{whole.id}/content", bearer=bearer).expect(404)
            undone = await lines.start(b"ab\nabc\n", on_error="rollback")
            runner.wake()
            assert (await lines.ended(whole)).status == "COMPLETED"
            failed = await lines.ended(undone)
            assert (failed.status, "The lines changed" in str(failed.error)) == ("FAILED", True)
        finally:
            await runner.stop()

        with pytest.raises(ValidationFailed):
            await lines.start(b"12\n")

    with_database(served, work)
    assert {event["job_id"] for event in served.server.log_events("import.finished")} == {
        one["id"] for one in served.api.get(IMPORTS, bearer=bearer).json()["data"]
    }


def test_jobs_of_every_kind_are_deleted_after_seven_days(served: World) -> None:
    async def work(database: Database) -> None:
        lines = Lines(database, served.account)
        await lines.start(b"ab\n")
        await lines.start_in_parts(b"ab\nabcd\n")
        at = now_ms() - KEEP_MS - 1
        execute(served.server.database, f"update import_jobs set created_at = {at}, status = 'CANCELLED'")
        for purge in (purge_parts, purge_jobs):
            while await database.write(purge, now=now_ms(), limit=50):
                pass

    with_database(served, work)
    assert [count_rows(served.server.database, table) for table in TABLES] == [0] * len(TABLES)
