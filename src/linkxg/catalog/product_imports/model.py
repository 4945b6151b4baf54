"""The options of a product import, and the import as its account sees it."""

from typing import Literal

import msgspec

from linkxg.jobs.model import FileFormat, JobError, JobRow, JobStatus, OnError

RESOURCE = "products"
MAX_COLUMNS = 500
Mode = Literal["upsert", "create", "update"]
KeyField = Literal["sku", "gtin"]
EmptyAs = Literal["unchanged", "null"]


class Options(msgspec.Struct, frozen=True):
    """The options of an import, as requested."""

    format: FileFormat = "csv"
    mode: Mode = "upsert"
    key: KeyField = "sku"
    on_error: OnError = "proceed"
    empty_as: EmptyAs = "unchanged"
    dry_run: bool = False
    publish: bool = False


def options_of(job: JobRow) -> Options:
    """The options that a job was opened with."""
    return msgspec.convert(job.options, Options)


class Checkpoint(msgspec.Struct, rename="camel"):
    """The last committed row, and the offset in the decompressed file after it."""

    row: int
    byte_offset: int


class Links(msgspec.Struct, rename="camel"):
    """Addresses of the actions on the job; null if an action is not available."""

    self: str
    errors: str
    results: str
    content: str | None
    cancel: str | None
    retry: str | None


class Job(msgspec.Struct, rename="camel"):
    """An import for its account. Bytes count the decompressed file; times are RFC 3339."""

    id: str
    resource: str
    format: FileFormat
    mode: Mode
    key: KeyField
    on_error: OnError
    empty_as: EmptyAs
    dry_run: bool
    publish: bool
    status: JobStatus
    file_name: str | None
    bytes_total: int
    bytes_processed: int
    rows_processed: int
    created: int
    updated: int
    unchanged: int
    failed: int
    rows_per_second: int | None
    checkpoint: Checkpoint
    sha256: str
    error: JobError | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    links: Links
