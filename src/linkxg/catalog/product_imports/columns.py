"""The columns of a CSV file, and the parser of its rows.

A column is the path of a member, such as `sku`, `name` or `dimensions.netWeight.value`, or of an attribute, such as
`attributes.voltage`; a list is JSON in one cell. The paths are derived from the type `Content`.
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
"""Of a file of rejected rows; ignored when it is imported again."""
KEY_COLUMNS = ("sku", "gtin")
_ATTRIBUTE = "attributes."
_NUMBER = re.compile(r"-?[0-9]{1,17}(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?")
_FLAGS = {"true": True, "false": False}
SPREADSHEET_FLAGS = {name.upper(): value for name, value in _FLAGS.items()}
"""How spreadsheets write true and false."""
_SHOWN = 200

CellParser = Callable[[str], Any]


class InvalidCell(ValueError):
    """The cell does not have the type of its column; the message names the type."""


def _number(cell: str) -> Any:
    if not _NUMBER.fullmatch(cell):
        raise InvalidCell("This must be a number with a decimal point and no thousands separator.")
    return float(cell) if set(cell) & set(".eE") else int(cell)


def _comma_number(cell: str) -> Any:
    """A number in a file whose separator is not a comma."""
    if is_ambiguous(cell):
        raise InvalidCell(AMBIGUOUS)
    if "," not in cell:
        return _number(cell)
    if not COMMA_NUMBER.fullmatch(cell):
        raise InvalidCell("This must be a number with a decimal comma and no thousands separator.")
    return float(cell.replace(",", "."))


def _flag(cell: str) -> Any:
    try:
        return _FLAGS[cell.lower()]
    except KeyError:
        raise InvalidCell("This must be true or false.") from None


def _json(cell: str) -> Any:
    try:
        return parse(cell)
    except NumberOutOfRange as error:
        raise InvalidCell(str(error)) from None
    except ValueError:
        raise InvalidCell("This must be JSON, such as a list of objects.") from None


def _attribute(cell: str) -> Any:
    """JSON if the cell is a number, a flag, a list, an object or in quotation marks; otherwise text."""
    if cell in SPREADSHEET_FLAGS:
        return SPREADSHEET_FLAGS[cell]
    if cell[0] in '-0123456789tf"[{':
        try:
            return parse(cell)
        except NumberOutOfRange as error:
            raise InvalidCell(f"{error} Put text into JSON quotation marks.") from None
        except ValueError:
            return cell
    return cell


def _comma_attribute(cell: str) -> Any:
    if cell in LOCAL_FLAGS:
        return LOCAL_FLAGS[cell]
    if is_ambiguous(cell):
        raise InvalidCell(f"{AMBIGUOUS} Put text into JSON quotation marks.")
    return float(cell.replace(",", ".")) if COMMA_NUMBER.fullmatch(cell) else _attribute(cell)


def _local_flag(cell: str) -> Any:
    found = LOCAL_FLAGS.get(cell.upper())
    return _flag(cell) if found is None else found


_WITH_COMMA: dict[CellParser | None, CellParser] = {
    _number: _comma_number,
    _attribute: _comma_attribute,
    _flag: _local_flag,
}


class ColumnTypes(NamedTuple):
    """Path → the parser of its cells, None for text."""

    columns: dict[str, CellParser | None]

    def parser_of(self, name: str) -> CellParser | None:
        return _attribute if name.startswith(_ATTRIBUTE) else self.columns[name]

    def is_number(self, name: str) -> bool:
        return self.columns.get(name) is _number

    def has(self, name: str) -> bool:
        return name in self.columns or (name.startswith(_ATTRIBUTE) and 0 < len(name) - len(_ATTRIBUTE) <= _SHOWN)


def _members(kind: inspect.Type, path: str) -> dict[str, CellParser | None]:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _members(kinds[0], path)
    if isinstance(kind, inspect.StructType):
        found: dict[str, CellParser | None] = {}
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


def _parts_with_required_members(kind: inspect.Type, path: str) -> set[str]:
    """The parts with a required member, such as a measure: they are cleared as a whole."""
    if isinstance(kind, inspect.UnionType):
        return _parts_with_required_members(kind.types[0], path)
    if not isinstance(kind, inspect.StructType):
        return set()
    found = {path} if path and any(field.required for field in kind.fields) else set()
    for field in kind.fields:
        found |= _parts_with_required_members(field.type, f"{path}.{field.encode_name}" if path else field.encode_name)
    return found


PARTS_WITH_REQUIRED_MEMBERS = _parts_with_required_members(inspect.type_info(Content), "")
COLUMN_TYPES = ColumnTypes(dict.fromkeys(KEY_COLUMNS) | _members(inspect.type_info(Content), ""))


def path_of(name: str) -> tuple[str, ...]:
    """The path of a column in the content; the name of an attribute may contain points."""
    if name.startswith(_ATTRIBUTE):
        return _ATTRIBUTE[:-1], name.removeprefix(_ATTRIBUTE)
    return tuple(name.split("."))


def check_header(names: Sequence[str], mode: Mode, key: KeyField) -> list[RowFault]:
    """The errors of a header."""
    if len(names) > MAX_COLUMNS:
        return [RowFault("header", "too_many_columns", f"A file may have at most {MAX_COLUMNS} columns.")]
    errors = []
    seen: set[str] = set()
    for index, name in enumerate(names, 1):
        if not name:
            # A row with text in this column is rejected.
            continue
        if name in seen:
            errors.append(
                RowFault(_shown(name, index), "repeated_column", f"Column {index} has the same name as another one.")
            )
        elif name not in ERROR_COLUMNS and not COLUMN_TYPES.has(name):
            errors.append(RowFault(_shown(name, index), "unknown_column", _unknown(name, index)))
        seen.add(name)
    needed = {key} | ({"sku", "name"} if mode == "create" else set())
    for name in sorted(needed - seen):
        errors.append(RowFault(name, "missing_column", f"The column {name} is required for this import."))
    return errors[:MAX_COLUMNS]


def _unknown(name: str, index: int) -> str:
    known = {one.lower(): one for one in COLUMN_TYPES.columns}
    # A name much longer than any of ours is not a typing error, and comparing it takes long.
    near = difflib.get_close_matches(name.lower(), known, 1) if len(name) <= 64 else []
    if near:
        return f"Column {index} is unknown. Did you mean {known[near[0]]}?"
    return (
        f"Column {index} is unknown. The template has the most common columns, such as sku, name and brand; a column "
        f"for data of your own is called {_ATTRIBUTE}NAME."
    )


def _shown(name: str, index: int) -> str:
    """The name of a column for an error; its number if the name is not printable ASCII."""
    return name[:64] if name.isascii() and name.isprintable() and name else f"column {index}"


class CsvRowParser:
    """Parses the rows of a file with this header."""

    def __init__(self, names: Sequence[str], empty_as: EmptyAs, *, decimal_comma: bool = False) -> None:
        self.names = tuple(names)
        self._clears = empty_as == "null"
        # Only a file of rejected rows has formula guards of our own.
        self._is_guarded = all(name in names for name in ERROR_COLUMNS)
        self._key_columns = {name: names.index(name) for name in KEY_COLUMNS if name in names}
        self._text_columns: list[tuple[int, str]] = []
        self._parsed_columns: list[tuple[int, tuple[str, ...], CellParser | None]] = []
        self._nameless = [index for index, name in enumerate(names) if not name]
        for index, name in enumerate(names):
            if not name or name in KEY_COLUMNS or name in ERROR_COLUMNS:
                continue
            parser, path = COLUMN_TYPES.parser_of(name), path_of(name)
            if decimal_comma:
                parser = _WITH_COMMA.get(parser, parser)
            if len(path) == 1 and parser is None:
                self._text_columns.append((index, name))
            else:
                self._parsed_columns.append((index, path, parser))
        self._clearable_parts: dict[tuple[str, ...], list[int]] = {}
        for index, path, _ in self._parsed_columns if self._clears else ():
            if ".".join(path[:-1]) in PARTS_WITH_REQUIRED_MEMBERS:
                self._clearable_parts.setdefault(path[:-1], []).append(index)

    def read(self, cells: list[str]) -> tuple[dict[str, Any], dict[str, Any], list[RowFault]]:
        """(SKU and GTIN as far as given, merge patch of the content, errors)."""
        fitted = fit_to_width(cells, len(self.names))
        if fitted is None:
            message = f"The row has {len(cells)} cells, the header {len(self.names)}."
            return {}, {}, [RowFault("", "cells", message)]
        cells = list(fitted)
        if self._is_guarded:
            cells = list(map(unguarded, cells))
        if tuple(map(str.strip, cells)) == self.names:
            return {}, {}, [RowFault("", "repeated_header", "The row repeats the header.")]
        errors = self._controls(cells) + self._artifacts(cells)
        clears = self._clears
        head: dict[str, Any] = {name: cells[index] for name, index in self._key_columns.items() if cells[index]}
        content: dict[str, Any] = {name: cells[index] for index, name in self._text_columns if cells[index]}
        if clears:
            head |= {name: None for name, index in self._key_columns.items() if not cells[index] and name != "sku"}
            content |= {name: None for index, name in self._text_columns if not cells[index]}
        for index, path, parser in self._parsed_columns:
            cell = cells[index]
            if not cell and not clears:
                continue
            try:
                value = None if not cell else parser(cell) if parser else cell
            except InvalidCell as error:
                errors.append(RowFault(".".join(path), "not_a_value", str(error), cell[:_SHOWN]))
                continue
            _set_member(content, path, value)
        for path, places in self._clearable_parts.items():
            if not any(cells[index] for index in places):
                _set_member(content, path, None)
        return head, content, errors

    def _controls(self, cells: list[str]) -> list[RowFault]:
        """Reject control characters. The cells are emptied, except the SKU, which identifies the row."""
        if not CONTROL.search("".join(cells)):
            return []
        errors: list[RowFault] = []
        for index, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
            if CONTROL.search(cell):
                if name not in ERROR_COLUMNS:
                    message = "The cell contains a control character. Remove it, or type the cell again."
                    errors.append(RowFault(name, "control_character", message, CONTROL.sub("\ufffd", cell)[:_SHOWN]))
                cells[index] = CONTROL.sub("", cell) if name == "sku" else ""
        return errors

    def _artifacts(self, cells: list[str]) -> list[RowFault]:
        """Reject spreadsheet artifacts. The cells are emptied, except the SKU, which identifies the row."""
        errors: list[RowFault] = []
        for index in self._nameless:
            if cells[index].strip():
                unnamed = f"Column {index + 1} has no name in the header, so this cell cannot be imported."
                errors.append(RowFault("", "unnamed_column", unnamed, cells[index][:_SHOWN]))
        for index, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
            if name in ERROR_COLUMNS:
                continue
            message = artifact(cell) if cell[:1] in ("#", "=") else None
            message = message or (rounded(cell) if name in KEY_COLUMNS else None)
            if message:
                errors.append(RowFault(name, "spreadsheet_artifact", message, cell[:_SHOWN]))
                cells[index] = cell if name == "sku" else ""
        return errors


def fit_to_width(cells: list[str], width: int) -> list[str] | None:
    """The row with as many cells as the header: missing cells are empty, and extra blank cells are removed.

    None for a row with extra text.
    """
    if len(cells) == width:
        return cells
    if len(cells) < width:
        return cells + [""] * (width - len(cells))
    return None if any(map(str.strip, cells[width:])) else cells[:width]


def _set_member(content: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    at = content
    for name in path[:-1]:
        inner = at.get(name)
        if not isinstance(inner, dict):
            inner = at[name] = {}
        at = inner
    at[path[-1]] = value
