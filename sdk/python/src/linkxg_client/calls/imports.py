"""Requests about imports."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import httpx

from linkxg_client.call import Call, one, params
from linkxg_client.file_body import FileBody, OnSent
from linkxg_client.models.imports import FileFormat, ImportJob, RowError
from linkxg_client.pages import PageCall, page_of

SCOPE = "imports:write"
WAIT_S = 20
_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
_SUFFIXES: dict[str, FileFormat] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}


def start(
    path: str | Path,
    *,
    format: FileFormat | None = None,
    mode: Literal["upsert", "create", "update"] | None = None,
    key: Literal["sku", "gtin"] | None = None,
    on_error: Literal["proceed", "rollback"] | None = None,
    dry_run: bool | None = None,
    publish: bool | None = None,
    empty_as: Literal["unchanged", "null"] | None = None,
    idempotency_key: str | None = None,
    on_sent: OnSent | None = None,
) -> Call[ImportJob]:
    """Send a file of products. The job runs in the service; `on_sent` follows the upload."""
    file = Path(path)
    found = format or format_of(file)
    content = FileBody(file, on_sent)
    headers = {"Content-Type": _TYPES[found], "Content-Length": str(content.size)}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    asked = params(format=found, mode=mode, key=key, on_error=on_error, dry_run=dry_run, publish=publish,
                   empty_as=empty_as)  # fmt: skip
    return Call("POST", "/imports", SCOPE, one(ImportJob), asked, headers, stream=content)


def format_of(file: Path) -> FileFormat:
    """By the suffix, also of a compressed file; CSV if it tells nothing."""
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    return _SUFFIXES.get(suffixes[-1], "csv") if suffixes else "csv"


def get(import_id: str, wait: int = 0) -> Call[ImportJob]:
    """The state of an import; with `wait`, once it has ended or after that many seconds."""
    return Call("GET", f"/imports/{import_id}", SCOPE, one(ImportJob), params(wait=wait or None))


def list_imports(limit: int | None = None) -> PageCall[ImportJob]:
    """The imports of the last 7 days, newest first."""
    return lambda cursor: Call("GET", "/imports", SCOPE, page_of(ImportJob), params(limit=limit, cursor=cursor))


def list_errors(import_id: str, limit: int | None = None) -> PageCall[RowError]:
    """What is wrong with the rejected rows."""
    path = f"/imports/{import_id}/errors"
    return lambda cursor: Call("GET", path, SCOPE, page_of(RowError), params(limit=limit, cursor=cursor))


def rejected_rows(import_id: str, format: FileFormat = "csv") -> Call[bytes]:
    """The rejected rows as a file, to correct and import again."""
    headers = {"Accept": _TYPES[format]}
    return Call("GET", f"/imports/{import_id}/errors", SCOPE, _content, headers=headers)


def cancel(import_id: str) -> Call[ImportJob]:
    """Cancel an import: rows already written are kept."""
    return Call("POST", f"/imports/{import_id}/cancel", SCOPE, one(ImportJob))


def retry(import_id: str) -> Call[ImportJob]:
    """Resume an import that ended early, or retry its rejected rows in a new one."""
    return Call("POST", f"/imports/{import_id}/retry", SCOPE, one(ImportJob))


def _content(response: httpx.Response) -> bytes:
    return response.content
