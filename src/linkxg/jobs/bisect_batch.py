"""Writes a failing batch in halves, until the row at fault is alone and fails alone."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from linkxg.errors import PublicError
from linkxg.jobs.model import Progress
from linkxg.jobs.row_crash import SERVER_FAULT, row_crash
from linkxg.jobs.write_batch import Batch, BatchOutcome

Write = Callable[[Batch, Sequence[Any], Progress], Awaitable[BatchOutcome | None]]


async def write_bisecting(
    write: Write, batch: Batch, plans: Sequence[Any], before: Progress, job_id: str
) -> BatchOutcome | None:
    """The outcome of `write`, in as many transactions as it takes; None if the job is another worker's.

    Raises PublicError while the database is unavailable, and any fault in writing a row that has failed already.
    """
    try:
        return await write(batch, plans, before)
    except PublicError:
        raise
    except Exception as fault:
        if len(plans) == 1:
            if list(plans) == [SERVER_FAULT]:
                raise
            row_crash(fault, job_id)
            return await write_bisecting(write, batch, [SERVER_FAULT], before, job_id)
    middle = len(plans) // 2
    outcome: BatchOutcome | None = BatchOutcome(before, cancel=False)
    seconds = 0.0
    for places in (range(middle), range(middle, len(plans))):
        if outcome is None or outcome.cancel or outcome.denied:
            break
        half = Batch(batch.rows.at(places), [batch.parsed[place] for place in places])
        outcome = await write_bisecting(write, half, [plans[place] for place in places], outcome.progress, job_id)
        seconds += outcome.seconds if outcome else 0.0
    return None if outcome is None else outcome._replace(seconds=seconds)
