"""The offset and length of an upload in parts."""

from typing import NamedTuple

import msgspec

from linkxg.clock import rfc3339_or_none
from linkxg.jobs.model import MIB, RESUMABLE_MS, JobRow

BLOCK = MIB
"""A part is stored in pieces of this size, each for good."""
MAX_PIECES = 10_000


class UploadState(NamedTuple):
    """Bytes stored and bytes in all; `complete` tells that the file is whole and taken over by the import.

    `expires_at` (milliseconds) is when the upload is given up, unless more of it comes; None once it is complete.
    """

    offset: int
    length: int
    complete: bool
    expires_at: int | None


class Upload(msgspec.Struct, rename="camel"):
    """An upload as its account sees it; `expiresAt` moves on with each part and is null once the file is whole."""

    offset: int
    length: int
    complete: bool
    expires_at: str | None


def state_of(job: JobRow) -> UploadState:
    """Of a job whose file comes in parts."""
    assert job.upload_length is not None
    complete = job.status != "UPLOADING"
    expires_at = None if complete else job.touched_at + RESUMABLE_MS
    return UploadState(job.bytes_uploaded, job.upload_length, complete, expires_at)


def view(standing: UploadState) -> Upload:
    return Upload(standing.offset, standing.length, standing.complete, rfc3339_or_none(standing.expires_at))
