"""The rows of a CSV file (RFC 4180), with the separator that `csv_dialect` detects."""

import csv
from collections.abc import Iterator

from linkxg.catalog.product_imports.csv_dialect import CsvRecords, is_blank, read_dialect
from linkxg.jobs.lines import Lines, Unreadable, too_large
from linkxg.jobs.model import MAX_ROW_BYTES

_TOO_LONG = "field larger"
"""The start of the csv module's message for a cell beyond `field_size_limit`."""


class CsvRows:
    """(line, cells) of each row after the header, without blank rows. Raises Unreadable."""

    def __init__(self, blocks: Iterator[bytes], head: bytes) -> None:
        self.dialect = read_dialect(head)
        self._lines = Lines(blocks)
        self._records = CsvRecords(self._lines, self.dialect.separator)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        rows = self._rows()
        for _ in range(2 if self.dialect.has_separator_line else 1):
            next(rows, None)
        return rows

    def bytes_read(self) -> int:
        return self._lines.bytes_read(self._lines.row_after)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        lines, records, before = self._lines, self._records, 0
        try:
            for cells in records:
                line = records.line
                if line - before > 1 and sum(map(len, cells)) > MAX_ROW_BYTES:
                    raise too_large(before + 1)
                lines.row_after = line
                first = cells[0] if cells else ""
                if (first and not first.isspace()) or not is_blank(cells):
                    yield before + 1, cells
                before = line
        except csv.Error as error:
            is_too_long = str(error).startswith(_TOO_LONG)
            raise too_large(before + 1) if is_too_long else _misplaced_quotes(before + 1) from None


def _misplaced_quotes(line: int) -> Unreadable:
    message = (
        "In the row that begins here, a quotation mark is misplaced or never closed, so the beginning of the next row "
        "cannot be found. Close it, double it if it is part of the text, and send the file again."
    )
    return Unreadable("quotes", message, line)
