"""Requests about imports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import httpx

from linkxg_client.call import Call, content_of, one, params, path
from linkxg_client.call import key as key_header
from linkxg_client.decode import decode
from linkxg_client.errors import UnexpectedAnswer
from linkxg_client.file_body import FileBody, OnSent
from linkxg_client.models.imports import FileFormat, ImportJob, RowError, RowResult, Upload
from linkxg_client.pages import PageCall, page_of

SCOPE = "imports:write"
ImportMode: TypeAlias = Literal["upsert", "create", "update"]
ImportKey: TypeAlias = Literal["sku", "gtin"]
OnError: TypeAlias = Literal["proceed", "rollback"]
EmptyAs: TypeAlias = Literal["unchanged", "null"]
_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
_SUFFIXES: dict[str, FileFormat] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}


def start(
    file: str | Path,
    *,
    format: FileFormat | None = None,
    mode: ImportMode | None = None,
    key: ImportKey | None = None,
    on_error: OnError | None = None,
    dry_run: bool | None = None,
    publish: bool | None = None,
    empty_as: EmptyAs | None = None,
    idempotency_key: str | None = None,
    on_sent: OnSent | None = None,
) -> Call[ImportJob]:
    """Send a file of products. The job runs in the service; `on_sent` follows the upload."""
    source = Path(file)
    found = format or format_of(source)
    content = FileBody(source, on_sent)
    headers = {"Content-Type": _TYPES[found], "Content-Length": str(content.size)} | key_header(idempotency_key)
    asked = params(format=found, mode=mode, key=key, on_error=on_error, dry_run=dry_run, publish=publish,
                   empty_as=empty_as)  # fmt: skip
    return Call("POST", "/imports", SCOPE, one(ImportJob), asked, headers, stream=content)


def announce(
    length: int,
    format: FileFormat,
    *,
    mode: ImportMode | None = None,
    key: ImportKey | None = None,
    on_error: OnError | None = None,
    dry_run: bool | None = None,
    publish: bool | None = None,
    empty_as: EmptyAs | None = None,
    idempotency_key: str | None = None,
) -> Call[ImportJob]:
    """Begin an upload in parts."""
    headers = {"Upload-Length": str(length)} | key_header(idempotency_key)
    asked = params(format=format, mode=mode, key=key, on_error=on_error, dry_run=dry_run, publish=publish,
                   empty_as=empty_as)  # fmt: skip
    return Call("POST", "/imports", SCOPE, one(ImportJob), asked, headers)


def upload_state(import_id: str) -> Call[Upload]:
    """How much of an upload has arrived."""
    return Call("GET", path("imports", import_id, "content"), SCOPE, one(Upload))


def send_part(import_id: str, content: FileBody, offset: int) -> Call[int]:
    """Append a part; the offset of the next one."""
    headers = {
        "Content-Type": "application/partial-upload",
        "Content-Length": str(content.size),
        "Upload-Offset": str(offset),
    }
    return Call("PATCH", path("imports", import_id, "content"), SCOPE, _offset, headers=headers, stream=content)


def format_of(file: Path) -> FileFormat:
    """By the suffix, also of a compressed file; CSV if it tells nothing."""
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    return _SUFFIXES.get(suffixes[-1], "csv") if suffixes else "csv"


def get(import_id: str, wait: int = 0) -> Call[ImportJob]:
    """The state of an import; with `wait`, once it has ended or after that many seconds."""
    return Call("GET", path("imports", import_id), SCOPE, one(ImportJob), params(wait=wait or None))


def list_imports(limit: int | None = None) -> PageCall[ImportJob]:
    """The imports of the last 7 days, newest first."""
    return lambda cursor: Call("GET", "/imports", SCOPE, page_of(ImportJob), params(limit=limit, cursor=cursor))


def results(import_id: str) -> Call[Iterator[RowResult]]:
    """The result of each row, in the order of the file."""
    return Call("GET", path("imports", import_id, "results"), SCOPE, _results, headers={"Accept": _TYPES["ndjson"]})


def list_errors(import_id: str, limit: int | None = None) -> PageCall[RowError]:
    """What is wrong with the rejected rows."""
    address = path("imports", import_id, "errors")
    return lambda cursor: Call("GET", address, SCOPE, page_of(RowError), params(limit=limit, cursor=cursor))


def rejected_rows(import_id: str, format: FileFormat = "csv") -> Call[bytes]:
    """The rejected rows as a file, to correct and import again."""
    headers = {"Accept": _TYPES[format]}
    return Call("GET", path("imports", import_id, "errors"), SCOPE, content_of, headers=headers)


def cancel(import_id: str) -> Call[ImportJob]:
    """Cancel an import: rows already written are kept."""
    return Call("POST", path("imports", import_id, "cancel"), SCOPE, one(ImportJob))


def retry(import_id: str) -> Call[ImportJob]:
    """Resume an import that ended early, or retry its rejected rows in a new one."""
    return Call("POST", path("imports", import_id, "retry"), SCOPE, one(ImportJob))


def _results(response: httpx.Response) -> Iterator[RowResult]:
    return (decode(RowResult, json.loads(line)) for line in response.iter_lines() if line)


def _offset(response: httpx.Response) -> int:
    value = response.headers.get("Upload-Offset", "")
    if not (value.isascii() and value.isdigit()):
        raise UnexpectedAnswer("The answer has no Upload-Offset. Is the address right?")
    return int(value)
