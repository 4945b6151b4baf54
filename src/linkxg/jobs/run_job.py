"""Runs a job from its checkpoint to its end, in a process of its own: parsing and planning would block requests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.jobs import store
from linkxg.jobs.bisect_batch import write_bisecting
from linkxg.jobs.block_reader import BlockReader, read_failed_rows
from linkxg.jobs.chunks import Chunks, CountedBlocks
from linkxg.jobs.handler import JobKind, Pace, Paces
from linkxg.jobs.lease import JobLease
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import JobError, JobRow, JobStatus, Progress
from linkxg.jobs.rollback_mode import AccessEnded, RollbackFailed, Spool, extend_lease, write_spooled
from linkxg.jobs.row_crash import row_crash
from linkxg.jobs.turn import Turn
from linkxg.jobs.write_batch import Batch, BatchOutcome, record_batch, write_batch

PACES: Paces = {"sqlite": Pace(500, 1_500, 0.015), "postgresql": Pace(2_000, 4_000, 0.1)}
"""On SQLite every other writer waits for a batch, on PostgreSQL only those of the same rows. A smaller batch would not
be worth its commit."""
_DENIED = (
    "The caller that started this import has lost the right to import, so nothing more is written. To continue, retry "
    "it as a caller that has this right."
)
LOOP_TURNS = 4
"""Turns of the event loop after which a write has reached its thread."""


class Stopped(Exception):
    """The process is to exit, or the job is another worker's: the job continues later."""


class TurnEnded(Stopped):
    """A job of another account waits: this one continues later."""


class Cancelled(Exception):
    """The job was cancelled."""


class Run:
    """One run of one job. `should_stop` says that the process is to exit."""

    def __init__(
        self,
        database: Database,
        job: JobRow,
        lease: JobLease,
        kind: JobKind,
        should_stop: Callable[[], bool],
        turn: Turn,
    ) -> None:
        self._database, self._job, self._lease, self._kind = database, job, lease, kind
        self._should_stop, self._turn = should_stop, turn
        self._pace = (kind.paces or PACES)[database.dialect]
        self._size = self._pace.largest // 2
        # A dry run and `onError=rollback` write nothing before their end, so they start over.
        self._writes_batches = not job.dry_run and job.on_error == "proceed"
        self.progress = Progress()
        if self._writes_batches:
            self.progress = Progress(
                job.rows_processed, job.bytes_processed, job.line, job.created, job.updated, job.unchanged, job.failed
            )

    async def run(self) -> tuple[JobStatus, JobError | None]:
        """The status in which the job ends. Raises Stopped or Cancelled."""
        try:
            await self._open()
            if not self._writes_batches:
                return await self._check_all()
            await self._write_all()
        except Unreadable as error:
            message = f"Line {error.line}: {error}" if error.line else self._where(str(error))
            return "FAILED", JobError(error.code, message)
        except AccessEnded:
            return "FAILED", JobError("access_denied", self._where(_DENIED))
        return "COMPLETED_WITH_ERRORS" if self.progress.failed else "COMPLETED", None

    async def _open(self) -> None:
        self._blocks = BlockReader(self._database, self._lease.account_id, self._job.file_id)
        await self._blocks.fill()
        self._handler = self._kind.open(self._job, self._lease, self._blocks.first())

    def _where(self, message: str) -> str:
        return f"After line {self.progress.line}: {message}" if self.progress.line else message

    async def _batches(self, done: int) -> AsyncIterator[Batch]:
        """The rows of this job, parsed, without the first `done`."""
        job, wanted = self._job, None
        if job.only_failed_of is not None:
            wanted = await read_failed_rows(self._database, self._lease.account_id, job.only_failed_of)
        counted = CountedBlocks(self._blocks)
        chunks = Chunks(self._handler.open_rows(counted), counted)
        while True:
            await self._blocks.fill()
            rows = chunks.take(self._size)
            if not rows.numbers:
                return
            if wanted is not None:
                rows = rows.at([place for place, number in enumerate(rows.numbers) if number in wanted])
            # Rows of earlier attempts are parsed again: a key may occur only once in a file.
            if self._kind.parses_in_side_process:
                parsed = await asyncio.to_thread(self._handler.parse, rows.values)
            else:
                parsed = self._handler.parse(rows.values)
            if done:
                rest = range(min(done, len(parsed)), len(parsed))
                done -= len(parsed) - len(rest)
                rows, parsed = rows.at(rest), parsed[rest.start :]
            if parsed:
                yield Batch(rows, parsed)

    async def _write_all(self) -> None:
        """Pipeline: one batch is written and the next is looked up, each in a thread, while a third is parsed."""
        writing: asyncio.Task[BatchOutcome | None] | None = None
        ahead: list[tuple[Batch, asyncio.Task[Any]]] = []
        unreadable: Unreadable | None = None
        try:
            try:
                async for batch in self._batches(self._job.rows_processed):
                    ahead.append((batch, asyncio.create_task(self._look_up(batch))))
                    await _yield_to_threads()
                    if len(ahead) > 1:
                        if self.progress.rows > self._job.rows_processed and await self._turn.is_over():
                            raise TurnEnded
                        writing = await self._write_next(*ahead[0], writing)
                        del ahead[0]
            except Unreadable as error:
                # The rows before the unreadable place are written all the same.
                unreadable = error
            if ahead:
                writing = await self._write_next(*ahead[0], writing)
            if unreadable is not None:
                raise unreadable
        finally:
            await asyncio.gather(*(looking for _, looking in ahead), return_exceptions=True)
            if writing is not None:
                self._continue_after(await writing)

    async def _write_next(
        self,
        batch: Batch,
        looking: asyncio.Task[Any],
        writing: asyncio.Task[BatchOutcome | None] | None,
    ) -> asyncio.Task[BatchOutcome | None]:
        """Plan a batch, and start to write it once the previous batch is written."""
        plans = self._plan(batch, await looking)
        if writing is not None:
            self._continue_after(await writing)
        begun = asyncio.create_task(self._write(batch, plans, self.progress))
        await _yield_to_threads()
        return begun

    async def _look_up(self, batch: Batch) -> Any:
        return await self._database.read_in_thread(self._handler.look_up, batch.parsed)

    def _plan(self, batch: Batch, stored: Any) -> list[Any]:
        if self._should_stop():
            raise Stopped
        return self._handler.plan(batch.parsed, stored)

    async def _write(self, batch: Batch, plans: Sequence[Any], before: Progress) -> BatchOutcome | None:
        unit = write_batch if self._writes_batches else record_batch

        async def write(batch: Batch, plans: Sequence[Any], before: Progress) -> BatchOutcome | None:
            return await self._database.write(unit, self._lease, self._handler, batch, plans, before)

        return await write_bisecting(write, batch, plans, before, self._job.id)

    def _continue_after(self, outcome: BatchOutcome | None) -> None:
        if outcome is None:
            raise Stopped
        if outcome.seconds:
            wanted = (outcome.progress.rows - self.progress.rows) * self._pace.seconds / outcome.seconds
            self._size = int(min(max(wanted, self._pace.smallest), self._pace.largest))
        self.progress = outcome.progress
        if outcome.denied:
            raise AccessEnded
        if outcome.cancel:
            raise Cancelled

    async def _check_all(self) -> tuple[JobStatus, JobError | None]:
        """A dry run, or the first pass of `onError=rollback`: find every fault, write no record."""
        lease, database = self._lease, self._database
        await database.write(store.clear_outcomes, lease.account_id, lease.job_id)
        self._size = self._pace.largest
        with Spool() as spool:
            async for batch in self._batches(0):
                plans = self._plan(batch, await self._look_up(batch))
                await database.read(self._handler.check, plans)
                self._continue_after(await self._write(batch, plans, self.progress))
                if not self._job.dry_run and not self.progress.failed:
                    spool.add(self._handler.encode(plans))
            if self._job.dry_run:
                return "COMPLETED_WITH_ERRORS" if self.progress.failed else "COMPLETED", None
            if self.progress.failed:
                return "FAILED", JobError(
                    "rolled_back", f"{self.progress.failed} rows were rejected, so nothing was written."
                )
            if not await database.write(extend_lease, lease):
                raise Stopped
            try:
                await database.run_exclusive(write_spooled, lease, self._handler, spool)
            except RollbackFailed:
                changed = f"The {self._kind.resource} changed while the file was being checked"
                return "FAILED", JobError("conflict", f"{changed}, so nothing was written. Send it again.")
            except (AccessEnded, PublicError):
                raise
            except Exception as fault:  # noqa: BLE001  a retry would fail the same way
                row_crash(fault, self._job.id)
                message = (
                    "An internal error occurred on one of the rows, so nothing was written; the server's log has "
                    "the reason."
                )
                return "FAILED", JobError("server_error", message)
        return "COMPLETED", None


async def _yield_to_threads() -> None:
    """Let started tasks reach their threads."""
    for _ in range(LOOP_TURNS):
        await asyncio.sleep(0)
