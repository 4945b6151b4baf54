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
from typing import NamedTuple

from linkxg.imports.columns import CATALOGUE, ERROR_COLUMNS
from linkxg.imports.lines import Unreadable
from linkxg.imports.model import MAX_ROW_BYTES

SEPARATORS = ",;\t"
_BOM = "\ufeff"
_QUOTED = re.compile(r'"[^"]*"')
_LINE_END = re.compile(r"[\r\n]")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t| "]*(?:\r\n?|\n|$)', re.IGNORECASE)
"""The line by which Excel is told the separator."""


class Dialect(NamedTuple):
    """`names` is the header; blank ones at its end are left out."""

    separator: str
    names: list[str]
    has_separator_line: bool

    @property
    def has_decimal_comma(self) -> bool:
        """Where a comma separates no cells, the country writes it before a fraction."""
        return self.separator == ";"


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
        return Dialect(told[1], _header(text[told.end() :], told[1]), True)
    found: list[Dialect] = []
    for separator in SEPARATORS:
        with contextlib.suppress(Unreadable):
            found.append(Dialect(separator, _header(text, separator), False))
    best = max(found, key=lambda one: (_known(one), len(one.names)), default=None)
    if best is not None and _known(best):
        return best
    # No column is known, so the fault is told of the separator that the first line has most of.
    line = _QUOTED.sub("", _LINE_END.split(text.lstrip(), maxsplit=1)[0])
    separator = max(SEPARATORS, key=line.count)
    return Dialect(separator, _header(text, separator), False)


def is_blank(cells: list[str]) -> bool:
    """Whether a row holds no text; such a row is none."""
    return not "".join(cells).strip()


def misplaced_quotes() -> Unreadable:
    return Unreadable(
        "quotes", "A quotation mark is misplaced or never closed, so nobody can say where the next row begins."
    )


def _header(text: str, separator: str) -> list[str]:
    records = CsvRecords(io.StringIO(text, newline=""), separator)
    try:
        cells = next((cells for cells in records if not is_blank(cells)), [])
    except csv.Error:
        raise misplaced_quotes() from None
    names = [name.strip() for name in cells]
    while names and not names[-1]:
        del names[-1]
    return names


def _known(dialect: Dialect) -> int:
    return sum(CATALOGUE.has(name) or name in ERROR_COLUMNS for name in dialect.names)
