"""Which rows of a CSV file hold nothing but plain texts, and what do they say?

A whole stretch is looked at column by column. A row that has anything unusual is left to `CsvShape` and `plan_row`,
which find out what is wrong with it, if anything is, and say so.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from linkxg.identifiers.check_digit import are_checked, are_digits
from linkxg.identifiers.gtin import FORMATS, Gtin
from linkxg.imports.columns import ERROR_COLUMNS, HEAD_COLUMNS, path_of
from linkxg.imports.model import Options
from linkxg.products.bulk.model import Given
from linkxg.products.bulk.plain import PlainContents
from linkxg.products.model import LONGEST_SKU

_NOTHING: dict[str, Any] = {}


class PlainRows:
    """`read()` gives what rows say that are surely right, None for every other; of a file with this header."""

    def __init__(self, names: Sequence[str], options: Options) -> None:
        self._width = len(names)
        self._sku = names.index("sku") if "sku" in names else None
        self._gtin = names.index("gtin") if "gtin" in names else None
        self._places = [place for place, name in enumerate(names) if name not in HEAD_COLUMNS]
        # In a file of failed rows cells may have apostrophes of ours.
        self._is_usable = "sku" in names and not set(ERROR_COLUMNS) & set(names)
        self._contents = PlainContents([path_of(names[place]) for place in self._places if self._is_usable])
        self._clears = options.empty_as == "null"
        self._needs_gtin = options.key == "gtin"

    def read(self, rows: Sequence[list[str]]) -> list[Given | None]:
        found: list[Given | None] = [None] * len(rows)
        if not self._is_usable:
            return found
        fits = [place for place, cells in enumerate(rows) if len(cells) == self._width]
        if self._clears:
            # What an empty cell takes away depends on what is stored.
            fits = [place for place in fits if all(rows[place])]
        if not fits:
            return found
        columns = list(zip(*(rows[place] for place in fits), strict=True))
        contents = self._contents.read([columns[place] for place in self._places], len(fits))
        assert self._sku is not None
        skus = _skus(columns[self._sku])
        gtins = [UNSET] * len(fits) if self._gtin is None else _gtins(columns[self._gtin])
        for place, sku, gtin, content in zip(fits, skus, gtins, contents, strict=True):
            if sku is None or gtin is None or content is None or (self._needs_gtin and gtin is UNSET):
                continue
            found[place] = Given(sku, gtin, _NOTHING, content)
        return found


def _skus(column: Sequence[str]) -> Sequence[str | None]:
    if _are_skus(column):
        return column
    return [sku if _are_skus((sku,)) else None for sku in column]


def _are_skus(column: Sequence[str]) -> bool:
    """What is printable has none of the characters that `SKU_PATTERN` keeps out, but for spaces around it."""
    framed = "\n" + "\n".join(column) + "\n"
    is_short = max(map(len, column)) <= LONGEST_SKU and all(column)
    return is_short and "".join(column).isprintable() and " \n" not in framed and "\n " not in framed


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
