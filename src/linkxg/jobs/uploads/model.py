"""The state of a resumable upload."""

from typing import NamedTuple

import msgspec

from linkxg.clock import rfc3339_or_none
from linkxg.jobs.model import MIB, RESUMABLE_MS, JobRow

BLOCK = MIB
"""A part is stored in pieces of this size."""
MAX_PIECES = 10_000


class UploadState(NamedTuple):
    """Stored bytes and total bytes; `complete` says that the file is complete and queued.

    `expires_at` (milliseconds) is when the upload expires without another part; None once it is complete.
    """

    offset: int
    length: int
    complete: bool
    expires_at: int | None


class Upload(msgspec.Struct, rename="camel"):
    """An upload as its account sees it; `expiresAt` is later with each part, and null once the file is complete."""

    offset: int
    length: int
    complete: bool
    expires_at: str | None


def state_of(job: JobRow) -> UploadState:
    assert job.upload_length is not None
    complete = job.status != "UPLOADING"
    expires_at = None if complete else job.touched_at + RESUMABLE_MS
    return UploadState(job.bytes_uploaded, job.upload_length, complete, expires_at)


def view(state: UploadState) -> Upload:
    return Upload(state.offset, state.length, state.complete, rfc3339_or_none(state.expires_at))
