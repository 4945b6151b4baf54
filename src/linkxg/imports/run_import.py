"""How is a job done, from its checkpoint to its end?

Runs in a thread of a process of its own: reading and planning are work for the processor, and beside the event loop of
a worker they would make every request wait. While a unit of work is done this thread waits, so that the two never fight
for the interpreter.
"""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec

from linkxg.clock import now_ms
from linkxg.imports import store
from linkxg.imports.all_or_nothing import Spool, Undone, write_spooled
from linkxg.imports.claims import Claims
from linkxg.imports.csv_rows import csv_rows
from linkxg.imports.json_rows import json_rows, ndjson_rows
from linkxg.imports.lines import Row, Unreadable
from linkxg.imports.model import MAX_ROWS, MIB, JobError, JobRow, Progress, Status
from linkxg.imports.plan_rows import Read, Reader
from linkxg.imports.stored_file import read_blocks, read_failed
from linkxg.imports.take_rows import LEASE_MS, Outcome, Plan, Whose, look_up, plan_all, record, take

Call = Callable[..., Any]
"""`call(unit, …)` runs a unit of work and waits for its outcome."""
LARGEST_BATCH, SMALLEST_BATCH = 1_000, 50
WRITE_S = 0.012
"""How long one transaction should take on SQLite, where others wait for it."""


class Stopped(Exception):
    """The job goes on later, elsewhere: this process is to end, or the job is another worker's."""


class Cancelled(Exception):
    """The account does not want it any more."""


class Run:
    """One job in the hands of one worker. `read`, `write` and `alone` are the doors to the database.

    `alone` runs one unit in one transaction of any length. `should_stop` tells that the process is to end.
    """

    def __init__(
        self, job: JobRow, whose: Whose, *, read: Call, write: Call, alone: Call, should_stop: Callable[[], bool]
    ) -> None:
        self._job, self._whose = job, whose
        self._read, self._write, self._alone, self._should_stop = read, write, alone, should_stop
        self._options = job.options
        self._size = SMALLEST_BATCH * 4
        # Neither writes before its end, so both begin anew.
        self._writes_at_once = not job.dry_run and job.on_error == "proceed"
        self.progress = Progress()
        if self._writes_at_once:
            self.progress = Progress(
                job.rows_processed, job.bytes_processed, job.line, job.created, job.updated, job.unchanged, job.failed
            )

    def run(self) -> tuple[Status, JobError | None]:
        """The status in which the job ends. Raises Stopped or Cancelled."""
        try:
            if self._writes_at_once:
                for reads in self._batches(self._job.rows_processed):
                    self._take(reads)
            else:
                return self._check_all()
        except Unreadable as error:
            return "FAILED", JobError(error.code, self._where(str(error)))
        return "COMPLETED_WITH_ERRORS" if self.progress.failed else "COMPLETED", None

    def _where(self, message: str) -> str:
        return f"After line {self.progress.line}: {message}" if self.progress.line else message

    # -- reading ----------------------------------------------------------------------------------------------

    def _batches(self, done: int) -> Iterator[list[Read]]:
        """The rows beyond the first `done` that this job takes, read, in batches of at most a MiB."""
        job = self._job
        reader = Reader(self._options, msgspec.json.decode(job.columns))
        wanted = None
        if job.only_failed_of is not None:
            wanted = read_failed(self._read, self._whose.account_id, job.only_failed_of)
        rows = (row for row in self._rows() if wanted is None or row.number in wanted)
        for row in islice(rows, done):
            reader.read(row)  # Of rows that were taken before only the keys count.
        batch: list[Read] = []
        begun = self.progress.bytes
        for row in rows:
            if row.number > MAX_ROWS:
                raise Unreadable("too_many_rows", f"A file has at most {MAX_ROWS} rows.")
            batch.append(reader.read(row))
            if len(batch) >= self._size or row.taken - begun > MIB:
                yield batch
                batch, begun = [], row.taken
        if batch:
            yield batch

    def _rows(self) -> Iterator[Row]:
        job = self._job
        blocks = read_blocks(self._read, self._whose.account_id, job.file_id)
        if job.format == "csv":
            first = next(blocks, b"")
            return csv_rows(_with(first, blocks), first)
        return ndjson_rows(blocks) if job.format == "ndjson" else json_rows(blocks)

    # -- writing ----------------------------------------------------------------------------------------------

    def _take(self, reads: list[Read]) -> None:
        plans = self._plan(reads)
        started = time.perf_counter()
        outcome = self._write(take, self._whose, self._options, reads, plans, self.progress)
        spent = time.perf_counter() - started
        self._size = int(min(max(len(reads) * WRITE_S / spent, SMALLEST_BATCH), LARGEST_BATCH, 2 * self._size))
        self._go_on(outcome)

    def _plan(self, reads: list[Read]) -> list[Plan]:
        if self._should_stop():
            raise Stopped
        found = self._read(look_up, self._whose.account_id, self._options, reads)
        return plan_all(reads, found, self._options)

    def _go_on(self, outcome: Outcome | None) -> None:
        if outcome is None:
            raise Stopped
        self.progress = outcome.progress
        if outcome.cancel:
            raise Cancelled

    # -- looking only -----------------------------------------------------------------------------------------

    def _check_all(self) -> tuple[Status, JobError | None]:
        """A dry run, and the first pass of all or nothing: every fault is found, no product is written."""
        whose = self._whose
        self._write(store.clear_outcomes, whose.account_id, whose.job_id)
        self._size = LARGEST_BATCH
        claims = Claims()
        with Spool() as spool:
            for reads in self._batches(0):
                plans = self._plan(reads)
                self._read(claims.judge, whose.account_id, plans)
                self._go_on(self._write(_note, whose, reads, plans, self.progress))
                if not self._job.dry_run and not self.progress.failed:
                    spool.add(plans)
            if self._job.dry_run:
                return "COMPLETED_WITH_ERRORS" if self.progress.failed else "COMPLETED", None
            if self.progress.failed:
                return "FAILED", JobError("rolled_back", f"{self.progress.failed} rows failed, so nothing was written.")
            return self._write_all(spool)

    def _write_all(self, spool: Spool) -> tuple[Status, JobError | None]:
        try:
            self._alone(write_spooled, self._whose, spool)
        except Undone:
            says = "Products changed while the file was checked, so nothing was written. Send it again."
            return "FAILED", JobError("conflict", says)
        return "COMPLETED", None


def _note(conn: Any, whose: Whose, reads: list[Read], plans: list[Plan], before: Progress) -> Outcome | None:
    """Keep what would become of a batch."""
    now = now_ms()
    if not store.hold_job(conn, whose.account_id, whose.job_id, worker=whose.worker, until=now + LEASE_MS):
        return None
    progress = record(conn, whose, reads, plans, before)
    cancel = store.advance(
        conn, whose.account_id, whose.job_id, worker=whose.worker, at=progress, now=now, lease_ms=LEASE_MS
    )
    return Outcome(progress, bool(cancel))


def _with(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from blocks
