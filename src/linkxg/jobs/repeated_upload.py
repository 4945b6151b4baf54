"""Reads the file of a request that repeats an earlier one: only its digest is of interest.

Such a request opens no job, so the limit of open jobs does not bound it: an account has as many of them at a time, in
each worker.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from linkxg.errors import IdempotencyKeyReused
from linkxg.jobs.limit_error import limit_error
from linkxg.jobs.model import MAX_OPEN_JOBS
from linkxg.jobs.receive_file import gather
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

_RETRY_S = 1
_reading = ConcurrencyLimit(MAX_OPEN_JOBS)


async def digest_repeated_file(parts: AsyncIterator[bytes], account_id: str, *, size: int | None) -> str:
    """The SHA-256 of the file; `size` is that of the first request's file, if it is still known.

    Raises RateLimitExceeded, IdempotencyKeyReused as soon as the file is larger, and the errors of `parts`.
    """
    with _reading.slot(account_id) as is_free:
        if not is_free:
            description = (
                f"There are already {MAX_OPEN_JOBS} repeated imports in transit. Wait until one of them has ended."
            )
            raise limit_error(description, retry_s=_RETRY_S)
        digest, seen = hashlib.sha256(), 0
        async for gathered in gather(parts):
            seen += len(gathered)
            if size is not None and seen > size:
                raise IdempotencyKeyReused
            # In a thread, as a first request's file: hashing would block every other request.
            await asyncio.to_thread(digest.update, gathered)
        return digest.hexdigest()
