"""How are the rows of a CSV file read?

RFC 4180, with the comma, semicolon or tab that the header has most of: spreadsheets write what their country uses.
"""

import csv
import re
from collections.abc import Iterator

from linkxg.imports.lines import Lines, Unreadable, too_large
from linkxg.imports.model import MAX_ROW_BYTES

_SEPARATORS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')
_TOO_LONG = "field larger"
"""How the reader's words for a cell beyond `field_size_limit` begin."""


def read_header(head: bytes) -> list[str]:
    """The first row that has a cell, from the first block of a file. Raises Unreadable."""
    return next((cells for _, cells in _Records(iter([head]), head)), [])


class CsvRows:
    """(line, cells) of each row after the header; lines without any cell are none. Raises Unreadable."""

    def __init__(self, blocks: Iterator[bytes], head: bytes) -> None:
        self._records = _Records(blocks, head)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        records = iter(self._records)
        next(records, None)
        return records

    def taken(self) -> int:
        return self._records.taken()


class _Records:
    """With the header."""

    def __init__(self, blocks: Iterator[bytes], head: bytes) -> None:
        csv.field_size_limit(MAX_ROW_BYTES)
        self._lines = Lines(blocks)
        self._reader = csv.reader(iter(self._lines), delimiter=_separator(head), strict=True)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines, reader, before = self._lines, self._reader, 0
        try:
            for cells in reader:
                line = reader.line_num
                if line - before > 1 and sum(map(len, cells)) > MAX_ROW_BYTES:
                    raise too_large()
                lines.row_after = line
                if cells:
                    yield before + 1, cells
                before = line
        except csv.Error as error:
            if str(error).startswith(_TOO_LONG):
                raise too_large() from None
            raise Unreadable(
                "quotes", "A quotation mark is misplaced or never closed, so nobody can say where the next row begins."
            ) from None

    def taken(self) -> int:
        return self._lines.taken(self._lines.row_after)


def _separator(head: bytes) -> str:
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    return max(_SEPARATORS, key=_QUOTED.sub("", line).count)
