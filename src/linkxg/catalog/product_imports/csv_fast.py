"""The fast path for CSV rows of plain text, which parses a chunk of rows column by column.

A row with anything unusual is left to `CsvRowParser` and `plan_row`, which report what is wrong with it, if anything.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from linkxg.catalog.identifiers.check_digit import are_checked, are_digits
from linkxg.catalog.identifiers.gtin import FORMATS, Gtin
from linkxg.catalog.identifiers.sku import are_normal
from linkxg.catalog.product_imports.columns import COLUMN_TYPES, ERROR_COLUMNS, KEY_COLUMNS, fit_to_width, path_of
from linkxg.catalog.product_imports.decimal_comma import is_ambiguous, is_local
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.spreadsheet_artifacts import FORMULA_MARK, ROUNDED_MARK, SPREADSHEET_ERRORS
from linkxg.catalog.products.bulk.flat_content import FlatContents
from linkxg.catalog.products.bulk.model import RowInput
from linkxg.catalog.products.model import MAX_SKU_LENGTH

_NOTHING: dict[str, Any] = {}
_ATTRIBUTES = "attributes"
_NOT_PLAIN = '"'
"""Replaces a cell that needs the slow path."""


class FlatRows:
    """Parses rows of a file with this header; `read()` returns None for rows that need the slow path."""

    def __init__(self, names: Sequence[str], options: Options, *, decimal_comma: bool = False) -> None:
        self._width = len(names)
        self._sku = names.index("sku") if "sku" in names else None
        self._gtin = names.index("gtin") if "gtin" in names else None
        self._places = [index for index, name in enumerate(names) if name and name not in KEY_COLUMNS]
        self._nameless = [index for index, name in enumerate(names) if not name]
        self._numbers = {index for index in self._places if decimal_comma and COLUMN_TYPES.is_number(names[index])}
        self._attributes = {
            index for index in self._places if decimal_comma and path_of(names[index])[0] == _ATTRIBUTES
        }
        # A file of rejected rows may have formula guards.
        self._is_usable = "sku" in names and not set(ERROR_COLUMNS) & set(names)
        self._contents = FlatContents(
            [path_of(names[index]) for index in self._places if self._is_usable], SPREADSHEET_ERRORS
        )
        self._clears = options.empty_as == "null"
        self._needs_gtin = options.key == "gtin"

    def read(self, rows: Sequence[list[str]]) -> list[RowInput | None]:
        found: list[RowInput | None] = [None] * len(rows)
        if not self._is_usable:
            return found
        rows, fits = self._fitting(rows)
        if self._clears:
            # The effect of an empty cell depends on the stored product.
            fits = [index for index in fits if all(rows[index])]
        if not fits:
            return found
        columns = list(zip(*(rows[index] for index in fits), strict=True))
        contents = self._contents.read([self._column(columns, index) for index in self._places], len(fits))
        assert self._sku is not None
        skus = _skus(columns[self._sku])
        gtins = [UNSET] * len(fits) if self._gtin is None else _gtins(columns[self._gtin])
        for index, sku, gtin, content in zip(fits, skus, gtins, contents, strict=True):
            if sku is None or gtin is None or content is None or (self._needs_gtin and gtin is UNSET):
                continue
            found[index] = RowInput(sku, gtin, _NOTHING, content)
        return found

    def _fitting(self, rows: Sequence[list[str]]) -> tuple[Sequence[list[str]], list[int]]:
        """(the rows with as many cells as the header, the indexes of those that can be plain)."""
        width = self._width
        if any(len(cells) != width for cells in rows):
            fitted = [fit_to_width(cells, width) for cells in rows]
            rows = [cells or [] for cells in fitted]
        fits = [index for index, cells in enumerate(rows) if len(cells) == width]
        if self._nameless:
            fits = [index for index in fits if not any(rows[index][at] for at in self._nameless)]
        return rows, fits

    def _column(self, columns: Sequence[Sequence[str]], index: int) -> Sequence[str]:
        """A column with decimal points for decimal commas, and without ambiguous cells."""
        column = columns[index]
        if index in self._numbers:
            return [_NOT_PLAIN if is_ambiguous(cell) else cell.replace(",", ".") for cell in column]
        if index in self._attributes:
            return [_NOT_PLAIN if is_local(cell) else cell for cell in column]
        return column


def _skus(column: Sequence[str]) -> Sequence[str | None]:
    if _are_skus(column):
        return column
    return [sku if _are_skus((sku,)) else None for sku in column]


def _are_skus(column: Sequence[str]) -> bool:
    """Whether all are valid SKUs: printable text can only violate `SKU_PATTERN` with spaces around it.

    A repeated header, and possible spreadsheet artifacts, need the slow path.
    """
    framed = "\n" + "\n".join(column) + "\n"
    text = "".join(column)
    is_short = max(map(len, column)) <= MAX_SKU_LENGTH and all(column)
    return (
        is_short and text.isprintable() and " \n" not in framed and "\n " not in framed and are_normal(framed)
        and FORMULA_MARK not in text and ROUNDED_MARK not in text and "\nsku\n" not in framed
        and ("#" not in text or SPREADSHEET_ERRORS.isdisjoint(column))
    )  # fmt: skip


def _gtins(column: Sequence[str]) -> list[Gtin | UnsetType | None]:
    """UNSET for an empty cell, None for an invalid GTIN."""
    padded = [text.rjust(14, "0") for text in column]
    if {*map(len, column)} <= FORMATS.keys() and are_digits("".join(padded)):
        are_right = are_checked(padded)
        gtins = zip(padded, column, are_right, strict=True)
        return [Gtin(digits14, len(text)) if is_right else None for digits14, text, is_right in gtins]
    return [UNSET if not text else _gtins((text,))[0] if _is_gtin(text) else None for text in column]


def _is_gtin(text: str) -> bool:
    return len(text) in FORMATS and are_digits(text)
