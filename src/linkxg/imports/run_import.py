"""Runs a job from its checkpoint to its end, in a process of its own.

In a process of its own: reading and planning are work for the processor, and beside the event loop of a worker they
would make every request wait.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.imports import store
from linkxg.imports.all_or_nothing import Denied, Spool, Undone, write_spooled
from linkxg.imports.claims import Claims
from linkxg.imports.csv_dialect import read_dialect
from linkxg.imports.csv_rows import CsvRows
from linkxg.imports.json_rows import JsonRows, NdjsonRows
from linkxg.imports.lines import Unreadable
from linkxg.imports.model import JobError, JobRow, Progress, Status
from linkxg.imports.plan_rows import Reader, row_fault
from linkxg.imports.stored_file import Blocks, read_failed
from linkxg.imports.stretches import Counted, Readable, Stretches
from linkxg.imports.take_rows import (
    LEASE_MS,
    Batch,
    Outcome,
    Plan,
    Whose,
    is_authorised,
    look_up,
    plan_all,
    record,
    take,
)
from linkxg.imports.write_bisecting import write_bisecting
from linkxg.products.bulk.model import Current


class Pace(NamedTuple):
    """Rows of a batch, and how long its transaction should take."""

    smallest: int
    largest: int
    seconds: float


PACES = {"sqlite": Pace(500, 1_500, 0.015), "postgresql": Pace(2_000, 4_000, 0.1)}
"""On SQLite every other writer waits for a batch, on PostgreSQL only those who set a SKU of the account. A smaller one
would not pay for its commit."""
_DENIED = (
    "The rights of whoever started this import have ended, so no more of it is written. "
    "To go on with it, retry it as somebody who may import."
)
TURNS = 4
"""Of the event loop, after which a write has left for its thread."""


class Stopped(Exception):
    """The job goes on later, elsewhere: this process is to end, or the job is another worker's."""


class Cancelled(Exception):
    """The account does not want it any more."""


class Run:
    """One job in the hands of one worker. `should_stop` tells that the process is to end."""

    def __init__(self, database: Database, job: JobRow, whose: Whose, should_stop: Callable[[], bool]) -> None:
        self._database, self._job, self._whose, self._should_stop = database, job, whose, should_stop
        self._options = job.options
        self._pace = PACES[database.dialect]
        self._size = self._pace.largest // 2
        # The others write nothing before their end, so they begin anew.
        self._writes_at_once = not job.dry_run and job.on_error == "proceed"
        self.progress = Progress()
        if self._writes_at_once:
            self.progress = Progress(
                job.rows_processed, job.bytes_processed, job.line, job.created, job.updated, job.unchanged, job.failed
            )

    async def run(self) -> tuple[Status, JobError | None]:
        """The status in which the job ends. Raises Stopped or Cancelled."""
        try:
            if not self._writes_at_once:
                return await self._check_all()
            await self._take_all()
        except Unreadable as error:
            return "FAILED", JobError(error.code, self._where(str(error)))
        except Denied:
            return "FAILED", JobError("access_denied", self._where(_DENIED))
        return "COMPLETED_WITH_ERRORS" if self.progress.failed else "COMPLETED", None

    def _where(self, message: str) -> str:
        return f"After line {self.progress.line}: {message}" if self.progress.line else message

    async def _batches(self, done: int) -> AsyncIterator[Batch]:
        """The rows beyond the first `done` that this job takes, read."""
        job, wanted = self._job, None
        if job.only_failed_of is not None:
            wanted = await read_failed(self._database, self._whose.account_id, job.only_failed_of)
        blocks = Blocks(self._database, self._whose.account_id, job.file_id)
        await blocks.fill()
        columns = msgspec.json.decode(job.columns)
        decimal_comma = job.format == "csv" and read_dialect(blocks.first()).has_decimal_comma
        reader = Reader(self._options, columns, decimal_comma=decimal_comma, job_id=job.id)
        stretches = _stretches(job, blocks)
        while True:
            await blocks.fill()
            rows = stretches.take(self._size)
            if not rows.numbers:
                return
            if wanted is not None:
                rows = rows.at([place for place, number in enumerate(rows.numbers) if number in wanted])
            # Of rows that were taken before only the keys count.
            reads = reader.read(rows.values)
            if done:
                rest = range(min(done, len(reads)), len(reads))
                done -= len(reads) - len(rest)
                rows, reads = rows.at(rest), reads[rest.start :]
            if reads:
                yield Batch(rows, reads)

    async def _take_all(self) -> None:
        """While a batch is written and the next one is looked up, each in a thread, the one after that is read."""
        writing: asyncio.Task[Outcome | None] | None = None
        ahead: list[tuple[Batch, asyncio.Task[dict[str, Current]]]] = []
        unreadable: Unreadable | None = None
        try:
            try:
                async for batch in self._batches(self._job.rows_processed):
                    ahead.append((batch, asyncio.create_task(self._look_up(batch))))
                    await _leave()
                    if len(ahead) > 1:
                        writing = await self._write_next(*ahead[0], writing)
                        del ahead[0]
            except Unreadable as error:
                # The rows before that place stay.
                unreadable = error
            if ahead:
                writing = await self._write_next(*ahead[0], writing)
            if unreadable is not None:
                raise unreadable
        finally:
            await asyncio.gather(*(looking for _, looking in ahead), return_exceptions=True)
            if writing is not None:
                self._go_on(await writing)

    async def _write_next(
        self,
        batch: Batch,
        looking: asyncio.Task[dict[str, Current]],
        writing: asyncio.Task[Outcome | None] | None,
    ) -> asyncio.Task[Outcome | None]:
        """Plan a batch and begin to write it, once the one before it is written."""
        plans = self._plan(batch, await looking)
        if writing is not None:
            self._go_on(await writing)
        begun = asyncio.create_task(self._write(batch, plans, self.progress))
        await _leave()
        return begun

    async def _look_up(self, batch: Batch) -> dict[str, Current]:
        return await self._database.read_aside(look_up, self._whose.account_id, self._options, batch.reads)

    def _plan(self, batch: Batch, found: dict[str, Current]) -> list[Plan]:
        if self._should_stop():
            raise Stopped
        return plan_all(batch.reads, found, self._options, self._job.id)

    async def _write(self, batch: Batch, plans: list[Plan], before: Progress) -> Outcome | None:
        async def write(batch: Batch, plans: list[Plan], before: Progress) -> Outcome | None:
            return await self._database.write(take, self._whose, self._options, batch, plans, before)

        return await write_bisecting(write, batch, plans, before, self._job.id)

    async def _note(self, batch: Batch, plans: list[Plan]) -> Outcome | None:
        async def write(batch: Batch, plans: list[Plan], before: Progress) -> Outcome | None:
            return await self._database.write(_note, self._whose, batch, plans, before)

        return await write_bisecting(write, batch, plans, self.progress, self._job.id)

    def _go_on(self, outcome: Outcome | None) -> None:
        if outcome is None:
            raise Stopped
        if outcome.seconds:
            wanted = (outcome.progress.rows - self.progress.rows) * self._pace.seconds / outcome.seconds
            self._size = int(min(max(wanted, self._pace.smallest), self._pace.largest))
        self.progress = outcome.progress
        if outcome.denied:
            raise Denied
        if outcome.cancel:
            raise Cancelled

    async def _check_all(self) -> tuple[Status, JobError | None]:
        """A dry run, and the first pass of all or nothing: every fault is found, no product is written."""
        whose, database = self._whose, self._database
        await database.write(store.clear_outcomes, whose.account_id, whose.job_id)
        self._size = self._pace.largest
        claims = Claims()
        with Spool() as spool:
            async for batch in self._batches(0):
                plans = self._plan(batch, await self._look_up(batch))
                await database.read(claims.judge, whose.account_id, plans)
                self._go_on(await self._note(batch, plans))
                if not self._job.dry_run and not self.progress.failed:
                    spool.add(plans)
            if self._job.dry_run:
                return "COMPLETED_WITH_ERRORS" if self.progress.failed else "COMPLETED", None
            if self.progress.failed:
                return "FAILED", JobError("rolled_back", f"{self.progress.failed} rows failed, so nothing was written.")
            try:
                await database.administer(write_spooled, whose, spool)
            except Undone:
                says = "Products changed while the file was checked, so nothing was written. Send it again."
                return "FAILED", JobError("conflict", says)
            except (Denied, PublicError):
                raise
            except Exception as fault:  # noqa: BLE001  begun anew it would end the same
                row_fault(fault, self._job.id)
                says = "The server failed at one of the rows, so nothing was written; its log has the reason."
                return "FAILED", JobError("server_error", says)
        return "COMPLETED", None


async def _leave() -> None:
    """Let what was begun leave for its thread."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _stretches(job: JobRow, blocks: Blocks) -> Stretches:
    counted = Counted(blocks)
    file: Readable
    if job.format == "csv":
        file = CsvRows(counted, blocks.first())
    else:
        file = NdjsonRows(counted) if job.format == "ndjson" else JsonRows(counted)
    return Stretches(file, counted)


def _note(conn: Connection, whose: Whose, batch: Batch, plans: list[Plan], before: Progress) -> Outcome | None:
    """Keep what would become of a batch."""
    now, authorised = now_ms(), is_authorised(conn, whose)
    if not store.hold_job(conn, whose.account_id, whose.job_id, worker=whose.worker, until=now + LEASE_MS):
        return None
    if not authorised:
        return Outcome(before, cancel=False, denied=True)
    progress = record(conn, whose, batch, plans, before)
    cancel = store.advance(
        conn, whose.account_id, whose.job_id, worker=whose.worker, at=progress, now=now, lease_ms=LEASE_MS
    )
    return Outcome(progress, bool(cancel))
