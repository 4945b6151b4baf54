"""The rows that failed, as a file to mend and send again.

It has the columns and the separator of the file that came, with two more columns that say what is wrong and are not
read when the file is sent again. Cells that a spreadsheet would take for formulas get an apostrophe, which is taken off
again as well. The byte order mark at the beginning lets a spreadsheet read it as UTF-8.
"""

import asyncio
import codecs
import csv
import io
import zlib
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from linkxg.catalog.product_imports.columns import ERROR_COLUMNS
from linkxg.catalog.product_imports.csv_dialect import SEPARATORS, read_dialect
from linkxg.db import Database
from linkxg.http.csv_injection import guarded
from linkxg.http.strict_json import parse
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import FailedRow, JobRow
from linkxg.jobs.read_job import ROWS_AT_ONCE
from linkxg.jobs.store import find_block, list_errors

FileType = Literal["text/csv", "application/x-ndjson"]


def type_of(job: JobRow) -> FileType:
    """What the failed rows of a job can be told as: only a CSV file has cells."""
    return "text/csv" if job.format == "csv" else "application/x-ndjson"


async def failed_rows(database: Database, account_id: str, job: JobRow) -> AsyncIterator[bytes]:
    """The file, in parts."""
    names: list[str] = msgspec.json.decode(job.columns)
    separator = await _separator(database, account_id, job) if job.format == "csv" else ""
    if job.format == "csv":
        own = [name for name in names if name not in ERROR_COLUMNS]
        yield codecs.BOM_UTF8 + _line([*own, *ERROR_COLUMNS], separator)
    after = 0
    while found := await database.read_in_thread(
        list_errors, account_id, job.id, after=after, limit=ROWS_AT_ONCE, with_raw=True
    ):
        # In a thread: they may be 1 MB each.
        yield await asyncio.to_thread(_lines, found, names, separator)
        after = found[-1].row


def _lines(rows: list[FailedRow], names: list[str], separator: str) -> bytes:
    """Of a CSV file, which has a separator, or of any other."""
    return b"".join(_csv_row(names, row, separator) if separator else _json_row(row) for row in rows)


async def _separator(database: Database, account_id: str, job: JobRow) -> str:
    """That of the file, by its first block."""
    block = await database.read_single(find_block, account_id, job.file_id, 0)
    try:
        return SEPARATORS[0] if block is None else read_dialect(zlib.decompress(block)).separator
    except Unreadable:
        return SEPARATORS[0]


def _csv_row(names: list[str], row: FailedRow, separator: str) -> bytes:
    cells: list[str] = msgspec.json.decode(row.raw)
    came_neutralised = all(name in names for name in ERROR_COLUMNS)
    cells += [""] * (len(names) - len(cells))
    kept = [cell for name, cell in zip(names, cells, strict=False) if name not in ERROR_COLUMNS]
    # A row with too many cells keeps them, beyond every column: nothing is lost, and the others stay in place.
    beyond = cells[len(names) :]
    if not came_neutralised:
        kept, beyond = list(map(guarded, kept)), list(map(guarded, beyond))
    return _line([*kept, _codes(row), _messages(row), *beyond], separator)


def _json_row(row: FailedRow) -> bytes:
    told = {"errorCode": _codes(row), "errorMessage": _messages(row)}
    try:
        value = parse(row.raw)
    except ValueError:
        value = None
    members = value if isinstance(value, dict) else {"value": row.raw}
    return msgspec.json.encode({**members, **told}) + b"\n"


def _codes(row: FailedRow) -> str:
    return " ".join(dict.fromkeys(fault.code for fault in row.faults))


def _messages(row: FailedRow) -> str:
    return " ".join(f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in row.faults)


def _line(cells: list[str], separator: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerow(cells)
    return text.getvalue().encode()
