"""`onError=rollback`: a file is written as a whole, or not at all.

The first pass plans every row and keeps the plans in an anonymous file. The second writes them in one transaction,
which is rolled back if a record has changed since.
"""

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.jobs import lease_store
from linkxg.jobs.handler import RowHandler
from linkxg.jobs.lease import LEASE_MS, ROLLBACK_LEASE_MS, JobLease, is_authorised


class Spool:
    """Batches of encoded plans, in the order in which they were added."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="linkxg-import-")  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, encoded: bytes) -> None:
        self._file.write(len(encoded).to_bytes(8))
        self._file.write(encoded)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        while size := self._file.read(8):
            yield self._file.read(int.from_bytes(size))


class RollbackFailed(Exception):
    """Rolls the transaction back: a plan no longer holds."""


class AccessEnded(Exception):
    """Rolls the transaction back: the caller who started the job has lost the right to import."""


def extend_lease(conn: Connection, lease: JobLease) -> bool:
    """Hold the job for the whole of `write_spooled`; committed before it, so that other workers see it."""
    return lease_store.hold_job(
        conn, lease.account_id, lease.job_id, worker=lease.worker, now=now_ms(), lease_ms=ROLLBACK_LEASE_MS
    )


def write_spooled(conn: Connection, lease: JobLease, handler: RowHandler, spool: Spool) -> None:
    """Write every plan. Raises RollbackFailed when one no longer holds, or the job is another worker's.

    Raises AccessEnded when whoever started the job may no longer import. That is decided last: a revocation need not
    wait for minutes, and one that comes first is seen.
    """
    if not extend_lease(conn, lease):
        raise RollbackFailed
    if not all(handler.write_encoded(conn, encoded) for encoded in spool):
        raise RollbackFailed
    for encoded in spool:
        handler.finish_encoded(conn, encoded)
    if not is_authorised(conn, lease):
        raise AccessEnded
    lease_store.hold_job(conn, lease.account_id, lease.job_id, worker=lease.worker, now=now_ms(), lease_ms=LEASE_MS)
