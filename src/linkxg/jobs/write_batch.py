"""The unit of work that writes a batch of rows: their records, their results, and the checkpoint.

A batch is planned with no transaction open; in the transaction the handler plans again what has changed since.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.jobs import lease_store, store
from linkxg.jobs.chunks import Rows
from linkxg.jobs.handler import ParsedRow, RowHandler
from linkxg.jobs.lease import LEASE_MS, JobLease, is_authorised
from linkxg.jobs.model import MAX_ERRORS, MAX_ROW_FAULTS, FailedRow, Progress, RowResult, as_json, encode_batch

_MAX_KEY = 200
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)}


class Batch(NamedTuple):
    """Rows and their parsed values."""

    rows: Rows
    parsed: Sequence[ParsedRow]


class BatchOutcome(NamedTuple):
    """The checkpoint after a batch, whether the job was cancelled, and how long the writing took.

    `denied`: the caller who started the job has lost the right to import, and nothing was written.
    """

    progress: Progress
    cancel: bool
    seconds: float = 0.0
    denied: bool = False


def write_batch(
    conn: Connection, lease: JobLease, handler: RowHandler, batch: Batch, plans: Sequence[Any], before: Progress
) -> BatchOutcome | None:
    """Write a batch and its checkpoint; None if the job is another worker's: then nothing is written."""
    return _write(conn, lease, handler, batch, plans, before, writes=True)


def record_batch(
    conn: Connection, lease: JobLease, handler: RowHandler, batch: Batch, plans: Sequence[Any], before: Progress
) -> BatchOutcome | None:
    """As `write_batch`, but only the results: for a pass that writes no records."""
    return _write(conn, lease, handler, batch, plans, before, writes=False)


def _write(
    conn: Connection,
    lease: JobLease,
    handler: RowHandler,
    batch: Batch,
    plans: Sequence[Any],
    before: Progress,
    *,
    writes: bool,
) -> BatchOutcome | None:
    account_id, job_id, worker = lease.account_id, lease.job_id, lease.worker
    authorised = is_authorised(conn, lease)
    if not lease_store.hold_job(conn, account_id, job_id, worker=worker, now=now_ms(), lease_ms=LEASE_MS):
        return None
    if not authorised:
        return BatchOutcome(before, cancel=False, denied=True)
    started = time.perf_counter()
    plans = list(plans)
    if writes:
        handler.write(conn, batch.parsed, plans)
    progress, results, failed = tally(batch, plans, handler.results(batch.rows.numbers, plans), before)
    if results:
        store.insert_batch(conn, account_id, job_id, first_row=results[0].row, results=encode_batch(results))
    store.insert_errors(conn, account_id, job_id, failed)
    cancel = lease_store.advance(
        conn, account_id, job_id, worker=worker, progress=progress, now=now_ms(), lease_ms=LEASE_MS
    )
    return BatchOutcome(progress, bool(cancel), time.perf_counter() - started if writes else 0.0)


def tally(
    batch: Batch, plans: Sequence[Any], results: list[RowResult], before: Progress
) -> tuple[Progress, list[RowResult], list[FailedRow]]:
    """(checkpoint, result of each row, rejected rows as far as they are to be stored)."""
    if not results:
        return before, results, []
    rows, count = batch.rows, Counter(result.status for result in results)
    failed: list[FailedRow] = []
    if count["FAILED"]:
        places = [place for place, result in enumerate(results) if result.status == "FAILED"]
        failed = [
            FailedRow(
                rows.numbers[place], rows.lines[place], batch.parsed[place].key[:_MAX_KEY], raw_of(rows.values[place]),
                plans[place][:MAX_ROW_FAULTS],
            )
            for place in places[: max(MAX_ERRORS - before.failed, 0)]
        ]  # fmt: skip
    progress = Progress(
        before.rows + len(results),
        rows.bytes_read,
        rows.lines[-1],
        before.created + count["CREATED"],
        before.updated + count["UPDATED"],
        before.unchanged + count["UNCHANGED"],
        before.failed + count["FAILED"],
    )
    return progress, results, failed


def raw_of(value: Any) -> str:
    """The row as it is stored for the file of rejected rows; PostgreSQL text cannot contain NUL."""
    text: str = as_json(value) if isinstance(value, list) else value
    return text.translate(_CONTROL)
