"""Import jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ImportStatus = Literal["UPLOADING", "QUEUED", "RUNNING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"]
FileFormat = Literal["csv", "ndjson", "json"]
IN_PROGRESS = ("UPLOADING", "QUEUED", "RUNNING")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFault:
    """Why an import failed as a whole."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """An import and its progress."""

    id: str
    format: str
    mode: str
    key: str
    on_error: str
    dry_run: bool
    publish: bool
    status: ImportStatus
    file_name: str | None
    bytes_total: int
    bytes_processed: int
    rows_processed: int
    created: int
    updated: int
    unchanged: int
    failed: int
    rows_per_second: int | None
    error: ImportFault | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_done(self) -> bool:
        return self.status not in IN_PROGRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """What is wrong with one field of a rejected row; `line` is counted from 1."""

    row: int
    line: int
    key: str
    field: str
    code: str
    message: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of a row; `id` and `version` are those of its product."""

    row: int
    status: Literal["CREATED", "UPDATED", "UNCHANGED", "FAILED", "NOT_WRITTEN"]
    id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How much of an upload in parts has arrived."""

    offset: int
    length: int
    complete: bool
    expires_at: datetime | None
