"""How are the rows of a CSV file read?

RFC 4180, with the comma, semicolon or tab that the header has most of: spreadsheets write what their country uses.
"""

import csv
import re
from collections.abc import Iterator

from linkxg.imports.lines import Lines, Row, Unreadable
from linkxg.imports.model import MAX_ROW_BYTES

_SEPARATORS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')


def read_header(head: bytes) -> list[str]:
    """The first row that has a cell, from the first block of a file. Raises Unreadable."""
    first = next(_records(Lines(iter([head])), _separator(head)), None)
    return [] if first is None else list(first.value)


def csv_rows(blocks: Iterator[bytes], head: bytes) -> Iterator[Row]:
    """The rows after the header; lines without any cell are none. Raises Unreadable."""
    records = _records(Lines(blocks), _separator(head))
    next(records, None)
    yield from records


def _separator(head: bytes) -> str:
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    return max(_SEPARATORS, key=_QUOTED.sub("", line).count)


def _records(lines: Lines, separator: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_ROW_BYTES)
    reader = csv.reader(iter(lines), delimiter=separator, strict=True)
    # The header is row 0.
    number = 0
    while True:
        before, lines.of_row = lines.number, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(
                "quotes", "A quotation mark is misplaced or never closed, so nobody can say where the next row begins."
            ) from None
        if cells:
            yield Row(number, before + 1, lines.taken, cells)
            number += 1
