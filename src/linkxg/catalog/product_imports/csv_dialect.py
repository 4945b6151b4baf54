"""The dialect of a CSV file, found by its first block: the separator, and whether a `sep=` line comes first.

The separator is the one with which most columns are known; of several, the one that makes most columns. Spreadsheets
write what their country uses, and names of attributes may hold any of them.
"""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from linkxg.catalog.product_imports.columns import CATALOGUE, ERROR_COLUMNS
from linkxg.catalog.product_imports.model import MAX_COLUMNS
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_ROW_BYTES

SEPARATORS = ",;\t"
MAX_CELLS = 16_384
"""Of a header, blank ones counted: as many as a spreadsheet has columns. To split more holds up other requests."""
_BOM = "\ufeff"
_SAMPLE = 64 * 1024
_MAX_BLANK = 1_000
"""Blank rows in quotation marks before the header; of others there may be any number."""
_TEXT = {separator: re.compile(rf'[^\s{separator}"]') for separator in (*SEPARATORS, "|")}
_BLANKS = {separator: re.compile(rf"[\s{separator}]*") for separator in _TEXT}
_QUOTED = re.compile(r'"[^"]*"')
_LINE_END = re.compile(r"[\r\n]")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t| "]*(?:\r\n?|\n|$)', re.IGNORECASE)
"""The line by which Excel is told the separator."""


class Dialect(NamedTuple):
    """`names` is the header; blank ones at its end are left out. `has_rows`: whether text follows it in the block."""

    separator: str
    names: list[str]
    has_separator_line: bool
    has_rows: bool = True

    @property
    def has_decimal_comma(self) -> bool:
        """Where a comma separates no cells, the country writes it before a fraction."""
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
    """From the first block of a file. Raises Unreadable when no separator gives a header."""
    # The block may end within a character.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head).lstrip(_BOM)
    told = _SEPARATOR_LINE.match(text)
    if told:
        return _read(text[told.end() :], told[1], has_separator_line=True)
    found: list[Dialect] = []
    for separator in SEPARATORS:
        with contextlib.suppress(Unreadable):
            found.append(_read(text, separator))
    best = max(found, key=lambda one: (_known(one), len(one.names)), default=None)
    if best is not None and _known(best):
        return best
    # No column is known, so the fault is told of the separator that the first line has most of.
    line = _QUOTED.sub("", _LINE_END.split(text.lstrip(), maxsplit=1)[0][:_SAMPLE])
    separator = max(SEPARATORS, key=line.count)
    return _read(text, separator)


def is_blank(cells: list[str]) -> bool:
    """Whether a row holds no text; such a row is none."""
    return not "".join(cells).strip()


def misplaced_quotes() -> Unreadable:
    return Unreadable(
        "quotes", "A quotation mark is misplaced or never closed, so the beginning of the next row cannot be found."
    )


def _read(text: str, separator: str, *, has_separator_line: bool = False) -> Dialect:
    """Raises Unreadable when the first row that is not blank is no header."""
    text = _from_header(text, separator)
    lines = io.StringIO(text, newline="")
    records = CsvRecords(_few_cells(lines, separator), separator)
    try:
        cells = next((cells for cells in islice(records, _MAX_BLANK) if not is_blank(cells)), [])
    except csv.Error:
        raise misplaced_quotes() from None
    if len(cells) > MAX_CELLS:
        raise _too_many_cells()
    names = [name.strip() for name in cells]
    while names and not names[-1]:
        del names[-1]
    return Dialect(separator, names, has_separator_line, _TEXT[separator].search(text, lines.tell()) is not None)


def _from_header(text: str, separator: str) -> str:
    """Without the blank rows before the header."""
    blanks = _BLANKS[separator].match(text)
    assert blanks is not None
    return text[max(text.rfind(end, 0, blanks.end()) for end in "\r\n") + 1 :]


def _few_cells(lines: Iterable[str], separator: str) -> Iterator[str]:
    """Lines that are worth splitting. Raises Unreadable."""
    for line in lines:
        if line.count(separator) >= MAX_CELLS:
            raise _too_many_cells()
        yield line


def _too_many_cells() -> Unreadable:
    says = f"A file may have at most {MAX_COLUMNS} columns, and {MAX_CELLS:,} header cells including blank ones."
    return Unreadable("too_many_columns", says)


def _known(dialect: Dialect) -> int:
    return sum(CATALOGUE.has(name) or name in ERROR_COLUMNS for name in dialect.names)
