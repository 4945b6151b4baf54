"""The fast path for CSV rows of plain text.

A whole chunk is looked at column by column. A row that has anything unusual is left to `CsvShape` and `plan_row`,
which find out what is wrong with it, if anything is, and say so.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from linkxg.catalog.identifiers.check_digit import are_checked, are_digits
from linkxg.catalog.identifiers.gtin import FORMATS, Gtin
from linkxg.catalog.identifiers.sku import are_normal
from linkxg.catalog.product_imports.columns import CATALOGUE, ERROR_COLUMNS, HEAD_COLUMNS, fitting, path_of
from linkxg.catalog.product_imports.decimal_comma import is_ambiguous, is_local
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.spreadsheet_artifacts import FORMULA_MARK, ROUNDED_MARK, SPREADSHEET_ERRORS
from linkxg.catalog.products.bulk.flat_content import FlatContents
from linkxg.catalog.products.bulk.model import RowInput
from linkxg.catalog.products.model import LONGEST_SKU

_NOTHING: dict[str, Any] = {}
_ATTRIBUTES = "attributes"
_ODD = '"'
"""No plain cell."""


class FlatRows:
    """`read()` gives what rows say that are surely right, None for every other; of a file with this header."""

    def __init__(self, names: Sequence[str], options: Options, *, decimal_comma: bool = False) -> None:
        self._width = len(names)
        self._sku = names.index("sku") if "sku" in names else None
        self._gtin = names.index("gtin") if "gtin" in names else None
        self._places = [place for place, name in enumerate(names) if name and name not in HEAD_COLUMNS]
        self._nameless = [place for place, name in enumerate(names) if not name]
        self._numbers = {place for place in self._places if decimal_comma and CATALOGUE.is_number(names[place])}
        self._attributes = {
            place for place in self._places if decimal_comma and path_of(names[place])[0] == _ATTRIBUTES
        }
        # In a file of failed rows cells may have apostrophes of ours.
        self._is_usable = "sku" in names and not set(ERROR_COLUMNS) & set(names)
        self._contents = FlatContents(
            [path_of(names[place]) for place in self._places if self._is_usable], SPREADSHEET_ERRORS
        )
        self._clears = options.empty_as == "null"
        self._needs_gtin = options.key == "gtin"

    def read(self, rows: Sequence[list[str]]) -> list[RowInput | None]:
        found: list[RowInput | None] = [None] * len(rows)
        if not self._is_usable:
            return found
        rows, fits = self._fitting(rows)
        if self._clears:
            # What an empty cell takes away depends on what is stored.
            fits = [place for place in fits if all(rows[place])]
        if not fits:
            return found
        columns = list(zip(*(rows[place] for place in fits), strict=True))
        contents = self._contents.read([self._column(columns, place) for place in self._places], len(fits))
        assert self._sku is not None
        skus = _skus(columns[self._sku])
        gtins = [UNSET] * len(fits) if self._gtin is None else _gtins(columns[self._gtin])
        for place, sku, gtin, content in zip(fits, skus, gtins, contents, strict=True):
            if sku is None or gtin is None or content is None or (self._needs_gtin and gtin is UNSET):
                continue
            found[place] = RowInput(sku, gtin, _NOTHING, content)
        return found

    def _fitting(self, rows: Sequence[list[str]]) -> tuple[Sequence[list[str]], list[int]]:
        """(the rows with as many cells as the header has, the places of those that can be read so)."""
        width = self._width
        if any(len(cells) != width for cells in rows):
            fitted = [fitting(cells, width) for cells in rows]
            rows = [cells or [] for cells in fitted]
        fits = [place for place, cells in enumerate(rows) if len(cells) == width]
        if self._nameless:
            fits = [place for place in fits if not any(rows[place][at] for at in self._nameless)]
        return rows, fits

    def _column(self, columns: Sequence[Sequence[str]], place: int) -> Sequence[str]:
        """A column; of numbers with a point before their fraction, and without what has to be looked at closely."""
        column = columns[place]
        if place in self._numbers:
            return [_ODD if is_ambiguous(cell) else cell.replace(",", ".") for cell in column]
        if place in self._attributes:
            return [_ODD if is_local(cell) else cell for cell in column]
        return column


def _skus(column: Sequence[str]) -> Sequence[str | None]:
    if _are_skus(column):
        return column
    return [sku if _are_skus((sku,)) else None for sku in column]


def _are_skus(column: Sequence[str]) -> bool:
    """What is printable has few of the characters that `SKU_PATTERN` keeps out, but for spaces around it.

    One that may be of a repeated header, or what a spreadsheet has left, is looked at closely.
    """
    framed = "\n" + "\n".join(column) + "\n"
    text = "".join(column)
    is_short = max(map(len, column)) <= LONGEST_SKU and all(column)
    return (
        is_short and text.isprintable() and " \n" not in framed and "\n " not in framed and are_normal(framed)
        and FORMULA_MARK not in text and ROUNDED_MARK not in text and "\nsku\n" not in framed
        and ("#" not in text or SPREADSHEET_ERRORS.isdisjoint(column))
    )  # fmt: skip


def _gtins(column: Sequence[str]) -> list[Gtin | UnsetType | None]:
    """UNSET for an empty cell, None for what is none."""
    padded = [text.rjust(14, "0") for text in column]
    if {*map(len, column)} <= FORMATS.keys() and are_digits("".join(padded)):
        are_right = are_checked(padded)
        gtins = zip(padded, column, are_right, strict=True)
        return [Gtin(digits14, len(text)) if is_right else None for digits14, text, is_right in gtins]
    return [UNSET if not text else _gtins((text,))[0] if _is_gtin(text) else None for text in column]


def _is_gtin(text: str) -> bool:
    return len(text) in FORMATS and are_digits(text)
