"""The records of a bulk import: the job, the progress of its rows, and what became of each."""

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

FileFormat = Literal["csv", "ndjson", "json"]
OnError = Literal["proceed", "rollback"]
JobStatus = Literal[
    "UPLOADING", "QUEUED", "RUNNING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"
]  # fmt: skip
RowStatus = Literal["CREATED", "UPDATED", "UNCHANGED", "FAILED", "NOT_WRITTEN"]
OPEN: tuple[JobStatus, ...] = ("UPLOADING", "QUEUED", "RUNNING")


OPTIONS = ("format", "mode", "key", "on_error", "empty_as", "dry_run", "publish")
"""The members of a job that say how the caller wants its file to be imported."""
_FLAGS = ("dry_run", "publish")


class JobRow(NamedTuple):
    """A row of `import_jobs`; times in milliseconds, `columns` a JSON list, `actor` a JSON array.

    `resource` is what the rows are, and so the kind of job; only its handler reads `mode`, `key`, `empty_as` and
    `publish`. `file_id` is the job that holds the file, `only_failed_of` the one whose failed rows alone are to be
    read; `upload_length` is that of a file that comes in parts.
    """

    id: str
    resource: str
    format: FileFormat
    mode: str
    key: str
    on_error: OnError
    empty_as: str
    dry_run: int
    publish: int
    status: JobStatus
    file_id: str
    file_name: str
    actor: str
    created_at: int
    touched_at: int
    only_failed_of: str | None = None
    upload_length: int | None = None
    sha256: str = ""
    columns: str = "[]"
    bytes_uploaded: int = 0
    bytes_total: int = 0
    bytes_processed: int = 0
    rows_processed: int = 0
    line: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    error: str | None = None
    cancel_wanted: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    lease_until: int = 0
    worker: str | None = None
    attempts: int = 0

    @property
    def is_written(self) -> bool:
        """Whether what the counts and results say has happened: all or nothing is written at the end, if at all.

        Those of a dry run say what would happen.
        """
        return bool(self.dry_run) or self.on_error == "proceed" or self.status == "COMPLETED"

    @property
    def options(self) -> dict[str, Any]:
        """What the caller asked for, with the file."""
        return {name: bool(getattr(self, name)) if name in _FLAGS else getattr(self, name) for name in OPTIONS}


class RowFault(NamedTuple):
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
    faults: tuple[RowFault, ...]


class Progress(NamedTuple):
    """Where a job stands: rows and bytes of the file taken, lines read, and what became of the rows."""

    rows: int = 0
    bytes: int = 0
    line: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0


class JobError(msgspec.Struct, rename="camel"):
    """Why a job FAILED as a whole."""

    code: str
    message: str


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
    """What became of one row; `id` and `version` are those of the record that it left."""

    row: int
    status: RowStatus
    id: str | None
    version: int | None


encode_batch = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(list[RowResult]).decode


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
