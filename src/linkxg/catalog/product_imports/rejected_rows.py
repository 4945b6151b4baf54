"""The rejected rows, as a file to correct and import again.

It has the columns and the separator of the original file, and two columns for the errors, which an import ignores.
Cells that a spreadsheet would evaluate as formulas get an apostrophe, which an import removes. With the byte order
mark, spreadsheets read the file as UTF-8.
"""

import asyncio
import codecs
import zlib
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from linkxg.catalog.product_imports.columns import ERROR_COLUMNS
from linkxg.catalog.product_imports.csv_dialect import SEPARATORS, read_dialect
from linkxg.db import Database
from linkxg.http.csv_injection import unguarded
from linkxg.http.csv_table import format_rows
from linkxg.http.strict_json import parse
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import FailedRow, JobRow
from linkxg.jobs.read_job import ROWS_AT_ONCE
from linkxg.jobs.store import find_block, list_errors

FileType = Literal["text/csv", "application/x-ndjson"]


def media_type_of(job: JobRow) -> FileType:
    """The media type of the rejected rows of a job."""
    return "text/csv" if job.format == "csv" else "application/x-ndjson"


async def rejected_rows_file(database: Database, account_id: str, job: JobRow) -> AsyncIterator[bytes]:
    """The file, in parts."""
    names: list[str] = msgspec.json.decode(job.columns)
    separator = await _separator(database, account_id, job) if job.format == "csv" else ""
    if job.format == "csv":
        columns = [name for name in names if name not in ERROR_COLUMNS]
        yield codecs.BOM_UTF8 + _line([*columns, *ERROR_COLUMNS], separator)
    after = 0
    while found := await database.read_in_thread(
        list_errors, account_id, job.id, after=after, limit=ROWS_AT_ONCE, with_raw=True
    ):
        # In a thread: a row may have 1 MB.
        yield await asyncio.to_thread(_lines, found, names, separator)
        after = found[-1].row


def _lines(rows: list[FailedRow], names: list[str], separator: str) -> bytes:
    return b"".join(_csv_row(names, row, separator) if separator else _json_row(row) for row in rows)


async def _separator(database: Database, account_id: str, job: JobRow) -> str:
    """The separator, from the first block of the file."""
    block = await database.read_single(find_block, account_id, job.file_id, 0)
    try:
        return SEPARATORS[0] if block is None else read_dialect(zlib.decompress(block)).separator
    except Unreadable:
        return SEPARATORS[0]


def _csv_row(names: list[str], row: FailedRow, separator: str) -> bytes:
    cells: list[str] = msgspec.json.decode(row.raw)
    already_guarded = all(name in names for name in ERROR_COLUMNS)
    cells += [""] * (len(names) - len(cells))
    kept = [cell for name, cell in zip(names, cells, strict=False) if name not in ERROR_COLUMNS]
    # Extra cells of a row follow after the error columns.
    extra = cells[len(names) :]
    if already_guarded:
        kept, extra = list(map(unguarded, kept)), list(map(unguarded, extra))
    return _line([*kept, _codes(row), _messages(row), *extra], separator)


def _json_row(row: FailedRow) -> bytes:
    errors = {"errorCode": _codes(row), "errorMessage": _messages(row)}
    try:
        value = parse(row.raw)
    except ValueError:
        value = None
    members = value if isinstance(value, dict) else {"value": row.raw}
    return msgspec.json.encode({**members, **errors}) + b"\n"


def _codes(row: FailedRow) -> str:
    return " ".join(dict.fromkeys(error.code for error in row.faults))


def _messages(row: FailedRow) -> str:
    return " ".join(f"{error.field}: {error.message}" if error.field else error.message for error in row.faults)


def _line(cells: list[str], separator: str) -> bytes:
    return format_rows([cells], separator).encode()
