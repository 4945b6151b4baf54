"""The jobs of this worker.

One at a time, each in a process of its own. A job is claimed in the database by a lease that the process renews with
every batch; when it ends with its machine, any other worker goes on from the checkpoint.
"""

import asyncio
import contextlib
import sys
from collections.abc import Collection

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.ids import uuid7
from linkxg.jobs import store
from linkxg.jobs.lease import LEASE_MS
from linkxg.jobs.model import JobError, as_json
from linkxg.jobs.process import Order
from linkxg.jobs.upload_lease import OrphanedUploads
from linkxg.web.logs import log

EVERY_S = 1.0
END_S = 15.0
MOST_ATTEMPTS = 4
"""A job whose process has died so often without taking one batch is given up."""


class JobRunner:
    """Runs jobs of these resources in processes of the module `process`; `wake()` says that a job has come."""

    def __init__(
        self, database: Database, database_url: str, log_level: str, *, resources: Collection[str], process: str
    ) -> None:
        self._database, self._url, self._log_level = database, database_url, log_level
        self._resources, self._module = resources, process
        self._orphans = OrphanedUploads(database)
        self._woken = asyncio.Event()
        self._ending = False
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="imports")
        self._orphans.start()

    def wake(self) -> None:
        self._woken.set()

    async def stop(self) -> None:
        """Let the running job finish its batch, and give it back."""
        self._ending = True
        await self._orphans.stop()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), END_S)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        while not self._ending:
            self._woken.clear()
            try:
                found = await self._claim()
                if found is not None:
                    await self._do(*found)
                    continue
            except PublicError as error:
                log.warning("imports.waiting", reason=error.reason)
            except Exception as fault:  # noqa: BLE001  one job's fault must not end the imports of this worker
                log.error("imports.fault", fault=type(fault).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), EVERY_S)

    async def _claim(self) -> tuple[str, str, str] | None:
        """(account, job, our name in it) of a job that is ours now."""
        due = await self._database.read(store.find_due_job, resources=self._resources, now=now_ms())
        if due is None:
            return None
        account_id, job_id = due
        worker = uuid7()

        def unit(conn: Connection) -> bool:
            now = now_ms()
            if not store.claim_job(conn, account_id, job_id, worker=worker, now=now, lease_ms=LEASE_MS):
                return False
            job = store.find_job(conn, account_id, job_id)
            if job is None or job.attempts <= MOST_ATTEMPTS:
                return job is not None
            error = as_json(JobError("server_error", "The import could not be completed; the log says why."))
            store.finish_job(conn, account_id, job_id, worker=worker, status="FAILED", error=error, now=now)
            return False

        return (account_id, job_id, worker) if await self._database.write(unit) else None

    async def _do(self, account_id: str, job_id: str, worker: str) -> None:
        log.info("import.started", job_id=job_id, account_id=account_id)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, stdin=asyncio.subprocess.PIPE
        )
        self._process = process
        try:
            assert process.stdin is not None
            order = Order(self._url, self._log_level, account_id, job_id, worker)
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            code = await process.wait()
            if code:
                log.error("import.died", job_id=job_id, code=code)
        finally:
            self._process = None
