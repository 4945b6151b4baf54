"""How do the rows that failed come back, so that they can be mended and sent again?

In the columns in which they came, with two more that say what is wrong and are not read when the file is sent again.
Cells that a spreadsheet would take for formulas get an apostrophe, which is taken off again as well.
"""

import csv
import io
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from linkxg.db import Database
from linkxg.imports import store
from linkxg.imports.columns import ERROR_COLUMNS, neutralised
from linkxg.imports.json_rows import read_value
from linkxg.imports.model import FailedRow, JobRow
from linkxg.imports.read_import import ROWS_AT_ONCE

FileType = Literal["text/csv", "application/x-ndjson"]


def type_of(job: JobRow) -> FileType:
    """What the failed rows of a job can be told as: only a CSV file has cells."""
    return "text/csv" if job.format == "csv" else "application/x-ndjson"


async def failed_rows(database: Database, account_id: str, job: JobRow) -> AsyncIterator[bytes]:
    """The file, in parts."""
    names: list[str] = msgspec.json.decode(job.columns)
    own = [name for name in names if name not in ERROR_COLUMNS]
    if job.format == "csv":
        yield _line([*own, *ERROR_COLUMNS])
    after = 0
    while found := await database.read(store.list_errors, account_id, job.id, after=after, limit=ROWS_AT_ONCE):
        yield b"".join(_csv_row(names, own, row) if job.format == "csv" else _json_row(row) for row in found)
        after = found[-1].row


def _csv_row(names: list[str], own: list[str], row: FailedRow) -> bytes:
    cells: list[str] = msgspec.json.decode(row.raw)
    came_neutralised = len(own) < len(names)
    given = dict(zip(names, cells, strict=False))
    # A row with too many cells keeps them: the message says so, and nothing is lost.
    kept = [given.get(name, "") for name in own] + ([] if came_neutralised else cells[len(names) :])
    shown = kept if came_neutralised else [neutralised(cell) for cell in kept]
    return _line([*shown, _codes(row), _messages(row)])


def _json_row(row: FailedRow) -> bytes:
    told = {"errorCode": _codes(row), "errorMessage": _messages(row)}
    try:
        value = read_value(row.raw)
    except ValueError:
        value = None
    members = value if isinstance(value, dict) else {"value": row.raw}
    return msgspec.json.encode({**members, **told}) + b"\n"


def _codes(row: FailedRow) -> str:
    return " ".join(dict.fromkeys(fault.code for fault in row.faults))


def _messages(row: FailedRow) -> str:
    return " ".join(f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in row.faults)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
