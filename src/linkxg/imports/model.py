"""An import job: its options, its state and its representation."""

from typing import Any, Literal, NamedTuple

import msgspec

from linkxg.clock import DAY, HOUR, MINUTE

MIB = 1024 * 1024
MAX_UPLOAD = 100 * MIB
MAX_CONTENT = 1024 * MIB
MAX_RATIO = 50
MAX_MEMBERS = 20_000
"""Of a gzip file. Compressors of blocks (BGZF) make one of each 64 KiB: 16,449 of the largest file."""
MAX_ROWS = 500_000
MAX_ROW_BYTES = MIB
MAX_COLUMNS = 500
MAX_ERRORS = 10_000
"""Rows whose faults are kept in detail; they are counted beyond it."""
MAX_ROW_FAULTS = 50
"""Faults of one row that are named."""
MAX_OPEN_JOBS = 2
KEEP_MS = 7 * DAY
UPLOAD_LEASE_MS = 20_000
"""An upload in one piece belongs to its worker for so long after the last part that was noted."""
ORPHANED = 1
"""The lease of an upload that was found without a worker: nothing can be added to it any more."""
STALE_MS = 15 * MINUTE
"""An upload without a lease (of a version before leases) that nothing was added to for so long was given up."""
RESUMABLE_MS = HOUR
"""The same of an upload in parts, whose sender may have to find its way back."""

Format = Literal["csv", "ndjson", "json"]
Mode = Literal["upsert", "create", "update"]
Key = Literal["sku", "gtin"]
OnError = Literal["proceed", "rollback"]
EmptyAs = Literal["unchanged", "null"]
Status = Literal[
    "UPLOADING", "QUEUED", "RUNNING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"
]  # fmt: skip
RowStatus = Literal["CREATED", "UPDATED", "UNCHANGED", "FAILED"]
OPEN: tuple[Status, ...] = ("UPLOADING", "QUEUED", "RUNNING")


class Options(msgspec.Struct, frozen=True):
    """What was asked for, with the file."""

    format: Format = "csv"
    mode: Mode = "upsert"
    key: Key = "sku"
    on_error: OnError = "proceed"
    empty_as: EmptyAs = "unchanged"
    dry_run: bool = False
    publish: bool = False


class JobRow(NamedTuple):
    """A row of `import_jobs`; times in milliseconds, `columns` a JSON list, `actor` a JSON object.

    `file_id` is the job that holds the file, `only_failed_of` the one whose failed rows alone are to be read;
    `upload_length` is that of a file that comes in parts.
    """

    id: str
    resource: str
    format: Format
    mode: Mode
    key: Key
    on_error: OnError
    empty_as: EmptyAs
    dry_run: int
    status: Status
    columns: str
    file_id: str
    only_failed_of: str | None
    file_name: str
    bytes_uploaded: int
    bytes_total: int
    bytes_processed: int
    rows_processed: int
    line: int
    created: int
    updated: int
    unchanged: int
    failed: int
    sha256: str
    actor: str
    error: str | None
    cancel_wanted: int
    created_at: int
    started_at: int | None
    finished_at: int | None
    touched_at: int
    lease_until: int = 0
    worker: str | None = None
    attempts: int = 0
    publish: int = 0
    upload_length: int | None = None

    @property
    def options(self) -> Options:
        flags = bool(self.dry_run), bool(self.publish)
        return Options(self.format, self.mode, self.key, self.on_error, self.empty_as, *flags)


class Fault(NamedTuple):
    """What is wrong with one field of a row; `value` is what stood there, shortened."""

    field: str
    code: str
    message: str
    value: str = ""


class FailedRow(NamedTuple):
    """A row that was not taken. `raw` is JSON: the list of its cells, or the row's own text."""

    row: int
    line: int
    key: str
    raw: str
    faults: tuple[Fault, ...]


class Progress(NamedTuple):
    """Where a job stands: rows and bytes of the file taken, lines read, and what became of the rows."""

    rows: int = 0
    bytes: int = 0
    line: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0


class Checkpoint(msgspec.Struct, rename="camel"):
    """The last row that is written for good, and the byte of the unpacked file after it."""

    row: int
    byte_offset: int


class Links(msgspec.Struct, rename="camel"):
    """Addresses of what can be done with the job; null where it cannot."""

    self: str
    errors: str
    results: str
    content: str | None
    cancel: str | None
    retry: str | None


class JobError(msgspec.Struct, rename="camel"):
    """Why a job FAILED as a whole."""

    code: str
    message: str


class Job(msgspec.Struct, rename="camel"):
    """An import as its account sees it. Bytes are those of the unpacked file; times are RFC 3339."""

    id: str
    resource: str
    format: Format
    mode: Mode
    key: Key
    on_error: OnError
    empty_as: EmptyAs
    dry_run: bool
    publish: bool
    status: Status
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


class RowError(msgspec.Struct, rename="camel"):
    """One fault of one row; `line` is where the row begins in the file, counted from 1."""

    row: int
    line: int
    key: str
    field: str
    code: str
    message: str
    value: str


class RowResult(NamedTuple):
    """What became of one row; `version` is the version of the product that it left."""

    row: int
    status: RowStatus
    id: str | None
    version: int | None


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
