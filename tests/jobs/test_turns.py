"""Accounts take turns: the jobs of one do not hold those of another up (security rule 307)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.rows import execute, scalar
from harness.world import World, build_world
from imports.files import IMPORTS, UNFINISHED, counts, csv_file, ended, new_sku, send
from jobs.lines import Lines, with_database
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.jobs.lease import LEASE_MS
from linkxg.jobs.lease_store import claim_job, find_due_job, is_turn_of_another
from linkxg.jobs.model import JobRow

ROWS = 160_000
"""They take several turns."""
RESOURCES = ["lines"]


@pytest.fixture(scope="module")
def served(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server of one worker, which does not know the kind `lines`."""
    yield from checked_for_leaks(build_world(new_server(engine)))


class _Worker:
    """Claims jobs as a worker does, with its memory of the accounts that it has served."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._served: dict[str, int] = {}

    async def claim(self, now: int) -> str:
        due = await self._database.read(find_due_job, resources=RESOURCES, now=now, served=self._served)
        assert due is not None
        account_id, job_id = due
        assert await self._database.write(claim_job, account_id, job_id, worker=self._name, now=now, lease_ms=LEASE_MS)
        return job_id

    def end_turn(self, account_id: str) -> None:
        self._served[account_id] = now_ms() + 1


def test_rule_307_the_account_with_the_fewest_running_jobs_is_next_then_the_one_that_waits_longest(
    served: World,
) -> None:
    async def work(database: Database) -> None:
        one, other = Lines(database, served.account), Lines(database, served.other)
        worker, beside = _Worker(database, "worker"), _Worker(database, "beside")
        first, second, single = await one.start(b"ab\n"), await one.start(b"ab\n"), await other.start(b"ab\n")
        now = now_ms() + 1
        assert await worker.claim(now) == first.id
        assert await _is_turn_of_another(database, one, now)
        assert not await _is_turn_of_another(database, one, single.created_at), "an idle worker would claim it"
        # The other worker has served nobody yet, and sees that the first account has a job that runs.
        assert await beside.claim(now) == single.id
        # Each has one that runs: the first account would get its turn back.
        assert not await _is_turn_of_another(database, other, now)
        _end(served, first)
        assert await _is_turn_of_another(database, other, now)
        _end(served, single)

        # Nothing runs. This worker has served the first account, whose job is older, until after the other one came.
        single = await other.start(b"ab\n")
        worker.end_turn(one.account_id)
        assert await worker.claim(now_ms() + 1) == single.id
        assert await worker.claim(now_ms() + 1) == second.id
        _end(served, single)
        _end(served, second)

    with_database(served, work)


async def _is_turn_of_another(database: Database, lines: Lines, before: int) -> bool:
    return await database.read(
        is_turn_of_another, lines.account_id, resources=RESOURCES, now=now_ms() + 2, created_before=before
    )


def _end(world: World, job: JobRow) -> None:
    ended = f"status = 'COMPLETED', worker = null, lease_until = 0, finished_at = {now_ms()}"
    execute(world.server.database, f"update import_jobs set {ended} where id = '{job.id}'")


def test_rule_307_a_long_import_gives_way_to_that_of_another_account_and_ends_exactly_once(served: World) -> None:
    prefix = new_sku()
    rows = [[f"{prefix}-{number}", "Bolt"] for number in range(ROWS)]
    files = [csv_file(("sku", "name"), part) for part in (rows[: ROWS - 1], rows[ROWS - 1 :])]
    long, last = [send(served, file).expect(202).data() for file in files]
    by = served.other_owner
    single = ended(served, send(served, csv_file(("sku", "name"), [[new_sku(), "Nut"]]), by=by).expect(202).data(), by)
    assert counts(single) == (1, 0, 0, 0)
    held_up = served.api.get(f"{IMPORTS}/{long['id']}", bearer=served.owner.access).data()
    assert (held_up["status"] in UNFINISHED, held_up["rowsProcessed"] > 0) == (True, True), held_up
    assert [counts(ended(served, job)) for job in (long, last)] == [(ROWS - 1, 0, 0, 0), (1, 0, 0, 0)]
    assert scalar(served.server.database, f"select attempts from import_jobs where id = '{long['id']}'") == "0"
    assert {one["job_id"] for one in served.server.log_events("import.released")} == {long["id"]}
