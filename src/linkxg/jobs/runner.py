"""Claims the jobs of this worker and watches the process that runs them.

A job is claimed in the database by a lease, which the process renews with every batch and the worker in between; when
both end with their machine, any other worker goes on from the checkpoint.
"""

import asyncio
from collections.abc import Callable, Collection

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.ids import uuid7
from linkxg.jobs import lease_store, store
from linkxg.jobs.lease import HEARTBEAT_MS, LEASE_MS, STUCK_MS
from linkxg.jobs.model import JobError, as_json
from linkxg.jobs.process import JobProcess
from linkxg.jobs.process_main import JobSpec
from linkxg.jobs.upload_lease import OrphanedUploads
from linkxg.runtime.background import BackgroundTask
from linkxg.runtime.cache import evict_oldest

EVERY_S = 1.0
MAX_SERVED = 10_000
MAX_ATTEMPTS = 4
"""A job whose process has died so often without committing a batch has FAILED."""


class JobRunner:
    """Runs jobs of these resources in processes of the module `process`; `wake()` says that a job is due.

    `on_progress` is called for an account while a job of it runs and when it has ended: rows may have been written.
    """

    def __init__(
        self, database: Database, database_url: str, log_level: str, *, resources: Collection[str], process: str
    ) -> None:
        self._database, self._url, self._log_level = database, database_url, log_level
        self._resources = resources
        self.on_progress: Callable[[str], None] = lambda account_id: None
        self.task = BackgroundTask("imports", self._run_next, every_s=EVERY_S)
        self.orphans = OrphanedUploads(database)
        self._process = JobProcess(process)
        self._served: dict[str, int] = {}
        """When this worker last served each account, least recently served first."""

    def wake(self) -> None:
        self.task.wake()

    async def stop(self) -> None:
        """Let the running job finish its batch, and release it."""
        # First, so that no further job is claimed.
        self.task.stopping.set()
        await self._process.stop()
        await self.task.stop()

    async def _run_next(self) -> None:
        found = await self._claim()
        # A job may take hours.
        self.task.recovered()
        if found is not None:
            await self._run_job(*found)
            self.task.wake()
        else:
            await self._process.end_when_idle()

    async def _keep_lease(self, account_id: str, job_id: str, worker: str) -> bool:
        """Renew the lease while a batch takes long; false once the process is stuck, or the job is another worker's."""
        try:
            job = await self._database.read_single(store.find_job, account_id, job_id)
            if job is None or job.status != "RUNNING":
                return True
            now = now_ms()
            if job.worker == worker and job.lease_until < now + 2 * HEARTBEAT_MS:
                if job.touched_at < now - STUCK_MS:
                    return False
                until = now + LEASE_MS
                await self._database.write(lease_store.renew_lease, account_id, job_id, worker=worker, until=until)
            return job.worker == worker
        except PublicError:
            # The database is unavailable to the process as well.
            return True

    async def _claim(self) -> tuple[str, str, str] | None:
        """(account, job, holder of the lease) of a job that this worker has leased."""
        due = await self._database.read_single(
            lease_store.find_due_job, resources=self._resources, now=now_ms(), served=self._served
        )
        if due is None:
            return None
        account_id, job_id = due
        worker = uuid7()

        def unit(conn: Connection) -> bool:
            now = now_ms()
            if not lease_store.claim_job(conn, account_id, job_id, worker=worker, now=now, lease_ms=LEASE_MS):
                return False
            job = store.find_job(conn, account_id, job_id)
            if job is None or job.attempts <= MAX_ATTEMPTS:
                return job is not None
            error = as_json(
                JobError("server_error", "The import could not be completed; the server's log has the reason.")
            )
            lease_store.finish_job(conn, account_id, job_id, worker=worker, status="FAILED", error=error, now=now)
            return False

        return (account_id, job_id, worker) if await self._database.write(unit) else None

    async def _run_job(self, account_id: str, job_id: str, worker: str) -> None:
        log.info("import.started", job_id=job_id, account_id=account_id)
        spec = JobSpec(self._url, self._log_level, account_id, job_id, worker)
        running = asyncio.create_task(self._process.run(spec), name="import process")
        try:
            while not (await asyncio.wait({running}, timeout=HEARTBEAT_MS / 1_000))[0]:
                self.on_progress(account_id)
                if not await self._keep_lease(account_id, job_id, worker):
                    self._process.kill()
            code = running.result()
        finally:
            running.cancel()
            self.on_progress(account_id)
            self._end_turn(account_id)
        if code:
            log.error("import.died", job_id=job_id, code=code)
            # Nobody need wait for the lease of a dead process.
            await self._database.write(lease_store.release_job, account_id, job_id, worker=worker)

    def _end_turn(self, account_id: str) -> None:
        self._served.pop(account_id, None)
        evict_oldest(self._served, MAX_SERVED)
        self._served[account_id] = now_ms()
