"""The columns of a CSV file, and the product that a row of cells describes.

A column is the path of a member: `sku`, `name`, `dimensions.netWeight.value`; lists are JSON in one cell;
`attributes.voltage` is an attribute of that name. The paths come from the type of a content, so that there is one list.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import inspect

from linkxg.catalog.product_imports.decimal_comma import AMBIGUOUS, COMMA_NUMBER, LOCAL_FLAGS, is_ambiguous
from linkxg.catalog.product_imports.model import MAX_COLUMNS, EmptyAs, KeyField, Mode
from linkxg.catalog.product_imports.spreadsheet_artifacts import artifact, rounded
from linkxg.catalog.products.content import Content
from linkxg.http.csv_injection import unguarded
from linkxg.http.strict_json import CONTROL, NumberOutOfRange, parse
from linkxg.jobs.model import RowFault

ERROR_COLUMNS = ("errorCode", "errorMessage")
"""Of a file of failed rows: not read when it is sent again."""
HEAD_COLUMNS = ("sku", "gtin")
_ATTRIBUTE = "attributes."
_NUMBER = re.compile(r"-?[0-9]{1,17}(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?")
_FLAGS = {"true": True, "false": False}
SPREADSHEET_FLAGS = {name.upper(): value for name, value in _FLAGS.items()}
"""As spreadsheets write truth values."""
_SHOWN = 200

Reading = Callable[[str], Any]


class NotAValue(ValueError):
    """The cell cannot be read as what its column holds; the message says as what."""


def _number(cell: str) -> Any:
    if not _NUMBER.fullmatch(cell):
        raise NotAValue("This must be a number with a decimal point and no thousands separator.")
    return float(cell) if set(cell) & set(".eE") else int(cell)


def _comma_number(cell: str) -> Any:
    """A number of a file in which a comma separates no cells."""
    if is_ambiguous(cell):
        raise NotAValue(AMBIGUOUS)
    if "," not in cell:
        return _number(cell)
    if not COMMA_NUMBER.fullmatch(cell):
        raise NotAValue("This must be a number with a decimal comma and no thousands separator.")
    return float(cell.replace(",", "."))


def _flag(cell: str) -> Any:
    try:
        return _FLAGS[cell.lower()]
    except KeyError:
        raise NotAValue("This must be true or false.") from None


def _json(cell: str) -> Any:
    try:
        return parse(cell)
    except NumberOutOfRange as error:
        raise NotAValue(str(error)) from None
    except ValueError:
        raise NotAValue("This must be JSON, such as a list of objects.") from None


def _attribute(cell: str) -> Any:
    """A number, a flag, a list or an object where the cell is one, else a text; in quotation marks it stays a text."""
    if cell in SPREADSHEET_FLAGS:
        return SPREADSHEET_FLAGS[cell]
    if cell[0] in '-0123456789tf"[{':
        try:
            return parse(cell)
        except NumberOutOfRange as error:
            raise NotAValue(f"{error} Put text into JSON quotation marks.") from None
        except ValueError:
            return cell
    return cell


def _comma_attribute(cell: str) -> Any:
    if cell in LOCAL_FLAGS:
        return LOCAL_FLAGS[cell]
    if is_ambiguous(cell):
        raise NotAValue(f"{AMBIGUOUS} Put text into JSON quotation marks.")
    return float(cell.replace(",", ".")) if COMMA_NUMBER.fullmatch(cell) else _attribute(cell)


def _local_flag(cell: str) -> Any:
    found = LOCAL_FLAGS.get(cell.upper())
    return _flag(cell) if found is None else found


_WITH_COMMA: dict[Reading | None, Reading] = {
    _number: _comma_number,
    _attribute: _comma_attribute,
    _flag: _local_flag,
}


class ColumnTypes(NamedTuple):
    """Path → how its cells are read, None for a text."""

    columns: dict[str, Reading | None]

    def reading(self, name: str) -> Reading | None:
        return _attribute if name.startswith(_ATTRIBUTE) else self.columns[name]

    def is_number(self, name: str) -> bool:
        return self.columns.get(name) is _number

    def has(self, name: str) -> bool:
        return name in self.columns or (name.startswith(_ATTRIBUTE) and 0 < len(name) - len(_ATTRIBUTE) <= _SHOWN)


def _members(kind: inspect.Type, path: str) -> dict[str, Reading | None]:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _members(kinds[0], path)
    if isinstance(kind, inspect.StructType):
        found: dict[str, Reading | None] = {}
        for field in kind.fields:
            found |= _members(field.type, f"{path}.{field.encode_name}" if path else field.encode_name)
        return found
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return {path: _number}
    if isinstance(kind, inspect.BoolType):
        return {path: _flag}
    if isinstance(kind, inspect.ListType | inspect.DictType):
        return {path: _json}
    return {path: None}


def _wholes(kind: inspect.Type, path: str) -> set[str]:
    """The parts that cannot be without one of their members, such as a measure: they are cleared as a whole."""
    if isinstance(kind, inspect.UnionType):
        return _wholes(kind.types[0], path)
    if not isinstance(kind, inspect.StructType):
        return set()
    found = {path} if path and any(field.required for field in kind.fields) else set()
    for field in kind.fields:
        found |= _wholes(field.type, f"{path}.{field.encode_name}" if path else field.encode_name)
    return found


WHOLES = _wholes(inspect.type_info(Content), "")
CATALOGUE = ColumnTypes(dict.fromkeys(HEAD_COLUMNS) | _members(inspect.type_info(Content), ""))


def path_of(name: str) -> tuple[str, ...]:
    """The members on the way to what a column of the content holds; an attribute's name may have points in it."""
    if name.startswith(_ATTRIBUTE):
        return _ATTRIBUTE[:-1], name.removeprefix(_ATTRIBUTE)
    return tuple(name.split("."))


def check_header(names: Sequence[str], mode: Mode, key: KeyField) -> list[RowFault]:
    """What is wrong with a header as a whole; empty if nothing is."""
    if len(names) > MAX_COLUMNS:
        return [RowFault("header", "too_many_columns", f"A file may have at most {MAX_COLUMNS} columns.")]
    faults = []
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if not name:
            # Rows may not have anything under it.
            continue
        if name in seen:
            faults.append(
                RowFault(_shown(name, place), "repeated_column", f"Column {place} has the same name as another one.")
            )
        elif name not in ERROR_COLUMNS and not CATALOGUE.has(name):
            faults.append(RowFault(_shown(name, place), "unknown_column", _unknown(name, place)))
        seen.add(name)
    needed = {key} | ({"sku", "name"} if mode == "create" else set())
    for name in sorted(needed - seen):
        faults.append(RowFault(name, "missing_column", f"The column {name} is required for this import."))
    return faults[:MAX_COLUMNS]


def _unknown(name: str, place: int) -> str:
    known = {one.lower(): one for one in CATALOGUE.columns}
    # A name that is much longer than any of ours is not a slip of the pen, and comparing takes long.
    near = difflib.get_close_matches(name.lower(), known, 1) if len(name) <= 64 else []
    hint = f" Did you mean {known[near[0]]}?" if near else f" Members of your own are attributes: {_ATTRIBUTE}NAME."
    return f"Column {place} is unknown.{hint}"


def _shown(name: str, place: int) -> str:
    """A column's name for an error, if it can be told at all."""
    return name[:64] if name.isascii() and name.isprintable() and name else f"column {place}"


class CsvShape:
    """Reads the cells of one file with this header; a comma may stand before a fraction where that is said."""

    def __init__(self, names: Sequence[str], empty_as: EmptyAs, *, decimal_comma: bool = False) -> None:
        self.names = tuple(names)
        self._clears = empty_as == "null"
        # Only a file of ours has apostrophes that we have put there.
        self._ours = all(name in names for name in ERROR_COLUMNS)
        self._heads = {name: names.index(name) for name in HEAD_COLUMNS if name in names}
        self._texts: list[tuple[int, str]] = []
        self._others: list[tuple[int, tuple[str, ...], Reading | None]] = []
        self._nameless = [place for place, name in enumerate(names) if not name]
        for place, name in enumerate(names):
            if not name or name in HEAD_COLUMNS or name in ERROR_COLUMNS:
                continue
            reading, path = CATALOGUE.reading(name), path_of(name)
            if decimal_comma:
                reading = _WITH_COMMA.get(reading, reading)
            if len(path) == 1 and reading is None:
                self._texts.append((place, name))
            else:
                self._others.append((place, path, reading))
        self._wholes: dict[tuple[str, ...], list[int]] = {}
        for place, path, _ in self._others if self._clears else ():
            if ".".join(path[:-1]) in WHOLES:
                self._wholes.setdefault(path[:-1], []).append(place)

    def read(self, cells: list[str]) -> tuple[dict[str, Any], dict[str, Any], list[RowFault]]:
        """(SKU and GTIN as far as given, merge patch of the content, faults)."""
        fitted = fitting(cells, len(self.names))
        if fitted is None:
            says = f"The row has {len(cells)} cells, the header {len(self.names)}."
            return {}, {}, [RowFault("", "cells", says)]
        cells = list(fitted)
        if tuple(map(str.strip, cells)) == self.names:
            return {}, {}, [RowFault("", "repeated_header", "The row repeats the header.")]
        if self._ours:
            cells = list(map(unguarded, cells))
        faults = self._controls(cells) + self._artifacts(cells)
        clears = self._clears
        head: dict[str, Any] = {name: cells[place] for name, place in self._heads.items() if cells[place]}
        content: dict[str, Any] = {name: cells[place] for place, name in self._texts if cells[place]}
        if clears:
            head |= {name: None for name, place in self._heads.items() if not cells[place] and name != "sku"}
            content |= {name: None for place, name in self._texts if not cells[place]}
        for place, path, reading in self._others:
            cell = cells[place]
            if not cell and not clears:
                continue
            try:
                value = None if not cell else reading(cell) if reading else cell
            except NotAValue as error:
                faults.append(RowFault(".".join(path), "not_a_value", str(error), cell[:_SHOWN]))
                continue
            _put(content, path, value)
        for path, places in self._wholes.items():
            if not any(cells[place] for place in places):
                _put(content, path, None)
        return head, content, faults

    def _controls(self, cells: list[str]) -> list[RowFault]:
        """Cells that hold what no text may; they are emptied, but for the SKU, which names the row."""
        if not CONTROL.search("".join(cells)):
            return []
        faults: list[RowFault] = []
        for place, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
            if CONTROL.search(cell):
                if name not in ERROR_COLUMNS:
                    says = "The cell contains a control character. Remove it, or type the cell again."
                    faults.append(RowFault(name, "control_character", says, CONTROL.sub("\ufffd", cell)[:_SHOWN]))
                cells[place] = CONTROL.sub("", cell) if name == "sku" else ""
        return faults

    def _artifacts(self, cells: list[str]) -> list[RowFault]:
        """What stands where no value can; such cells are emptied, but for the SKU, which names the row."""
        faults: list[RowFault] = []
        for place in self._nameless:
            if cells[place].strip():
                says = f"Column {place + 1} has no name in the header, so this cell cannot be imported."
                faults.append(RowFault("", "unnamed_column", says, cells[place][:_SHOWN]))
        for place, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
            if name in ERROR_COLUMNS:
                continue
            says_wrong = artifact(cell) if cell[:1] in ("#", "=") else None
            says_wrong = says_wrong or (rounded(cell) if name in HEAD_COLUMNS else None)
            if says_wrong:
                faults.append(RowFault(name, "spreadsheet_artifact", says_wrong, cell[:_SHOWN]))
                cells[place] = cell if name == "sku" else ""
        return faults


def fitting(cells: list[str], width: int) -> list[str] | None:
    """A row with as many cells as the header has: missing ones at the end are empty, and blank ones are left out.

    None for a row that holds more.
    """
    if len(cells) == width:
        return cells
    if len(cells) < width:
        return cells + [""] * (width - len(cells))
    return None if any(map(str.strip, cells[width:])) else cells[:width]


def _put(content: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    at = content
    for name in path[:-1]:
        inner = at.get(name)
        if not isinstance(inner, dict):
            inner = at[name] = {}
        at = inner
    at[path[-1]] = value
