"""The records of a bulk job: the job, its progress, and the result of each row."""

from typing import Any, Literal, NamedTuple

import msgspec

from linkxg.audit.model import Actor
from linkxg.clock import DAY, HOUR, MINUTE

MIB = 1024 * 1024
MAX_UPLOAD = 100 * MIB
MAX_CONTENT = 1024 * MIB
MAX_RATIO = 50
MAX_MEMBERS = 20_000
"""Of a gzip file. Block compressors (BGZF) make one per 64 KiB: 16,449 for the largest file."""
MAX_ROWS = 500_000
MAX_ROW_BYTES = MIB
MAX_ERRORS = 10_000
"""Rejected rows that are stored; more are only counted."""
MAX_ROW_FAULTS = 50
"""Stored faults of one row."""
MAX_OPEN_JOBS = 2
KEEP_MS = 7 * DAY
UPLOAD_LEASE_MS = 20_000
"""Lease of an upload in one request, from the last part that was recorded."""
ORPHANED = 1
"""`lease_until` of an upload whose worker has died: nothing can be added to it any more."""
STALE_MS = 15 * MINUTE
"""An upload without a lease (of a version before leases) is abandoned after this time without a part."""
RESUMABLE_MS = HOUR
"""A resumable upload is abandoned after this time without a part."""

FileFormat = Literal["csv", "ndjson", "json"]
OnError = Literal["proceed", "rollback"]
JobStatus = Literal[
    "UPLOADING", "QUEUED", "RUNNING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"
]  # fmt: skip
RowStatus = Literal["CREATED", "UPDATED", "UNCHANGED", "FAILED", "NOT_WRITTEN"]
OPEN: tuple[JobStatus, ...] = ("UPLOADING", "QUEUED", "RUNNING")


OPTIONS = ("format", "mode", "key", "on_error", "empty_as", "dry_run", "publish")
"""The members of a job that the caller chooses."""
_FLAGS = ("dry_run", "publish")


class JobRow(NamedTuple):
    """A row of `import_jobs`; times in milliseconds, `columns` a JSON list, `actor` a JSON array.

    `resource` names the kind of job; only its handler reads `mode`, `key`, `empty_as` and `publish`. `file_id` is the
    job that holds the file, `only_failed_of` the job whose failed rows alone are read, `upload_length` the length of a
    resumable upload.
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

    def is_of(self, actor: Actor) -> bool:
        """Whether this person or client started the job."""
        return bool(msgspec.json.decode(self.actor)[1] == actor.id)

    @property
    def is_written(self) -> bool:
        """Whether counts and results are true: with `onError=rollback` nothing is written before the end, if at all.

        Those of a dry run say what would happen.
        """
        return bool(self.dry_run) or self.on_error == "proceed" or self.status == "COMPLETED"

    @property
    def options(self) -> dict[str, Any]:
        """The caller's options."""
        return {name: bool(getattr(self, name)) if name in _FLAGS else getattr(self, name) for name in OPTIONS}


class RowFault(NamedTuple):
    """What is wrong with one field of a row; `value` is the field's value, shortened."""

    field: str
    code: str
    message: str
    value: str = ""


class FailedRow(NamedTuple):
    """A rejected row. `raw` is JSON: the list of its cells, or the row's own text."""

    row: int
    line: int
    key: str
    raw: str
    faults: tuple[RowFault, ...]


class Progress(NamedTuple):
    """The checkpoint of a job: rows and bytes processed, lines read, and the results of the rows."""

    rows: int = 0
    bytes: int = 0
    line: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0


_NOT_OF_FILE = {"access_denied", "conflict", "rolled_back", "server_error"}


class JobError(msgspec.Struct, rename="camel"):
    """Why a job FAILED as a whole."""

    code: str
    message: str

    @property
    def is_of_file(self) -> bool:
        """Whether the same file would fail again."""
        return self.code not in _NOT_OF_FILE


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
    """The result of one row; `id` and `version` are those of its record."""

    row: int
    status: RowStatus
    id: str | None
    version: int | None


encode_batch = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(list[RowResult]).decode


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
