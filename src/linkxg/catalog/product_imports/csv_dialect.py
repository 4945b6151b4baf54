"""Detects the dialect of a CSV file from its first block: the separator, and whether there is a `sep=` line.

Spreadsheets use the separator of their locale, and names of attributes may contain any separator. The right one gives
the most known columns; among equals, the most columns.
"""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from linkxg.catalog.product_imports.columns import COLUMN_TYPES, ERROR_COLUMNS
from linkxg.catalog.product_imports.model import MAX_COLUMNS
from linkxg.http.csv_injection import unguarded
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_ROW_BYTES

SEPARATORS = ",;\t"
MAX_CELLS = 16_384
"""Cells of a header, including blank ones: the columns of a spreadsheet. Splitting more blocks the event loop."""
_BOM = "\ufeff"
_SAMPLE = 64 * 1024
_MAX_BLANK = 1_000
"""Quoted blank rows before the header; the number of other blank rows is not limited."""
_TEXT = {separator: re.compile(rf'[^\s{separator}"]') for separator in (*SEPARATORS, "|")}
_BLANKS = {separator: re.compile(rf"[\s{separator}]*") for separator in _TEXT}
_QUOTED = re.compile(r'"[^"]*"')
_LINE_END = re.compile(r"[\r\n]")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t| "]*(?:\r\n?|\n|$)', re.IGNORECASE)
"""The line that declares the separator to Excel."""


class Dialect(NamedTuple):
    """`names` is the header without blank cells at its end; `has_rows` if text follows it in the block."""

    separator: str
    names: list[str]
    has_separator_line: bool
    has_rows: bool = True

    @property
    def has_decimal_comma(self) -> bool:
        """Locales that use another separator than a comma use the comma as the decimal mark."""
        return self.separator != ","


class CsvRecords(Iterator[list[str]]):
    """The records of a CSV text by line; raises csv.Error."""

    def __init__(self, lines: Iterable[str], separator: str) -> None:
        csv.field_size_limit(MAX_ROW_BYTES)
        self._reader = csv.reader(lines, delimiter=separator, strict=True)

    def __next__(self) -> list[str]:
        return next(self._reader)

    @property
    def line(self) -> int:
        return self._reader.line_num


def read_dialect(head: bytes) -> Dialect:
    """Raises Unreadable if no separator gives a header."""
    # The block may end inside a character.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head).lstrip(_BOM)
    declared = _SEPARATOR_LINE.match(text)
    if declared:
        return _read(text[declared.end() :], declared[1], has_separator_line=True)
    candidates: list[Dialect] = []
    for separator in SEPARATORS:
        with contextlib.suppress(Unreadable):
            candidates.append(_read(text, separator))
    best = max(candidates, key=lambda dialect: (_count_known(dialect), len(dialect.names)), default=None)
    if best is not None and _count_known(best):
        return best
    # No column is known: the error is that of the most frequent separator in the first line.
    line = _QUOTED.sub("", _LINE_END.split(text.lstrip(), maxsplit=1)[0][:_SAMPLE])
    separator = max(SEPARATORS, key=line.count)
    return _read(text, separator)


def is_blank(cells: list[str]) -> bool:
    """Whether a row has no text; such rows are skipped."""
    return not "".join(cells).strip()


def _read(text: str, separator: str, *, has_separator_line: bool = False) -> Dialect:
    """Raises Unreadable if the first row that is not blank cannot be a header."""
    text = _from_header(text, separator)
    lines = io.StringIO(text, newline="")
    records = CsvRecords(_limit_cells(lines, separator), separator)
    try:
        cells = next((cells for cells in islice(records, _MAX_BLANK) if not is_blank(cells)), [])
    except csv.Error:
        raise Unreadable("quotes", "In the header, a quotation mark is misplaced or never closed.") from None
    if len(cells) > MAX_CELLS:
        raise _too_many_cells()
    names = [name.strip() for name in cells]
    while names and not names[-1]:
        del names[-1]
    if all(name in names for name in ERROR_COLUMNS):
        # Of a file of rejected rows the header is guarded as well.
        names = list(map(unguarded, names))
    return Dialect(separator, names, has_separator_line, _TEXT[separator].search(text, lines.tell()) is not None)


def _from_header(text: str, separator: str) -> str:
    """The text without blank rows before the header."""
    blanks = _BLANKS[separator].match(text)
    assert blanks is not None
    return text[max(text.rfind(end, 0, blanks.end()) for end in "\r\n") + 1 :]


def _limit_cells(lines: Iterable[str], separator: str) -> Iterator[str]:
    """The lines. Raises Unreadable before a line with too many cells is split."""
    for line in lines:
        if line.count(separator) >= MAX_CELLS:
            raise _too_many_cells()
        yield line


def _too_many_cells() -> Unreadable:
    message = f"A file may have at most {MAX_COLUMNS} columns, and {MAX_CELLS:,} header cells including blank ones."
    return Unreadable("too_many_columns", message)


def _count_known(dialect: Dialect) -> int:
    return sum(COLUMN_TYPES.has(name) or name in ERROR_COLUMNS for name in dialect.names)
