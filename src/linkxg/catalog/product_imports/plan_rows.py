"""Parses rows (`RowReader`), and plans the writes that bring stored products to the state that the rows describe.

Neither needs a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from linkxg.catalog.identifiers.gtin import Gtin, NotAGtin, read_gtin
from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.product_imports.columns import ERROR_COLUMNS, CsvRowParser
from linkxg.catalog.product_imports.csv_fast import FlatRows
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.row_errors import content_row_errors, row_errors
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, StoredProduct, UnchangedProduct
from linkxg.catalog.products.bulk.plan_publish import plan_publish
from linkxg.catalog.products.bulk.plan_row import plan_row
from linkxg.catalog.products.check_content import FieldError as FieldError
from linkxg.catalog.products.check_keys import sku_error
from linkxg.http.strict_json import NumberOutOfRange, parse
from linkxg.jobs.model import RowFault
from linkxg.jobs.row_crash import SERVER_FAULT, row_crash

_MEMBERS = {"sku", "gtin", "content", *ERROR_COLUMNS}
_SHOWN = 200
Plan = PlannedWrite | UnchangedProduct | tuple[RowFault, ...]


class ReadRow(NamedTuple):
    """A parsed row or its errors; `key`, in its normal form, identifies the product."""

    key: str
    row: RowInput | None
    errors: tuple[RowFault, ...]


class RowReader:
    """Parses the rows of one file; a repeated key is an error of the later row."""

    def __init__(self, options: Options, columns: list[str], *, decimal_comma: bool = False, job_id: str = "") -> None:
        self._options = options
        self._job_id = job_id
        is_csv = options.format == "csv"
        self._parser = CsvRowParser(columns, options.empty_as, decimal_comma=decimal_comma) if is_csv else None
        self._fast_path = FlatRows(columns, options, decimal_comma=decimal_comma) if is_csv else None
        # Hashes instead of keys, to save memory; with half a million rows, two collide once in 10^8 files.
        self._seen: set[int] = set()

    def read(self, values: Sequence[Any]) -> list[ReadRow]:
        """Parse the next rows of the file."""
        rows = self._read_fast(values)
        key_of = _sku_of if self._options.key == "sku" else _gtin_of
        reads = [
            self._read_safely(value) if row is None else ReadRow(key_of(row), row, ())
            for row, value in zip(rows, values, strict=True)
        ]
        hashes = [hash(read.key) for read in reads if read.row is not None]
        unique = set(hashes)
        if len(unique) == len(hashes) and self._seen.isdisjoint(unique):
            self._seen |= unique
            return reads
        return list(map(self._reject_repeated_key, reads))

    def _reject_repeated_key(self, read: ReadRow) -> ReadRow:
        if read.row is None:
            return read
        hashed = hash(read.key)
        if hashed not in self._seen:
            self._seen.add(hashed)
            return read
        key, message = self._options.key, f"An earlier row of the file has the same {self._options.key}."
        return ReadRow(read.key, None, (RowFault(key, "duplicate_key_in_file", message, read.key[:_SHOWN]),))

    def _read_fast(self, values: Sequence[Any]) -> Sequence[RowInput | None]:
        if self._fast_path is not None:
            try:
                return self._fast_path.read(values)
            except Exception as crash:  # noqa: BLE001  the rows are then read one by one
                row_crash(crash, self._job_id)
        return [None] * len(values)

    def _read_safely(self, value: Any) -> ReadRow:
        try:
            return self._read(value)
        except Exception as crash:  # noqa: BLE001  a bug that one row triggers must not end the import
            row_crash(crash, self._job_id)
            return ReadRow("", None, SERVER_FAULT)

    def _read(self, value: Any) -> ReadRow:
        identifiers, content, errors = self._parser.read(value) if self._parser else _read_json(value)
        key = self._key(identifiers)
        if not key and not {"", self._options.key} & {error.field for error in errors}:
            errors = [RowFault(self._options.key, "missing", f"The row has no {self._options.key}.")]
        sku = identifiers.get("sku", UNSET)
        if isinstance(sku, str):
            sku = normal_sku(sku)
        gtin: Gtin | UnsetType | None = UNSET
        entered_gtin = identifiers.get("gtin", UNSET)
        if entered_gtin is None:
            gtin = None
        elif entered_gtin is not UNSET:
            try:
                gtin = read_gtin(entered_gtin)
            except NotAGtin as error:
                errors.append(RowFault("gtin", "invalid", str(error), entered_gtin[:_SHOWN]))
        if errors:
            # Report every error of the row at once.
            if isinstance(sku, str) and (invalid := sku_error(sku)) and "sku" not in {error.field for error in errors}:
                errors += row_errors([invalid], identifiers)
            errors += content_row_errors(content)
        return ReadRow(key, None if errors else RowInput(sku, gtin, content), tuple(errors))

    def _key(self, identifiers: Mapping[str, Any]) -> str:
        value = identifiers.get(self._options.key)
        if not value:
            return ""
        # With or without leading zeros, it is the same GTIN.
        return str(value).rjust(14, "0") if self._options.key == "gtin" else normal_sku(str(value))


_sku_of: Callable[[RowInput], Any] = attrgetter("sku")
_gtin_of: Callable[[RowInput], Any] = attrgetter("gtin.digits14")


def _read_json(text: str) -> tuple[dict[str, Any], dict[str, Any], list[RowFault]]:
    try:
        value = parse(text)
    except NumberOutOfRange as error:
        return {}, {}, [RowFault("", "out_of_range", str(error))]
    except ValueError:
        return {}, {}, [RowFault("", "not_json", "The row is not valid JSON or repeats a member name.")]
    if not isinstance(value, dict):
        return {}, {}, [RowFault("", "not_json", "The row is not a JSON object.")]
    errors = []
    if value.keys() - _MEMBERS:
        errors.append(RowFault("", "unknown_field", "A row may have only sku, gtin and content."))
    content = value.get("content", {})
    if not isinstance(content, dict):
        errors.append(RowFault("content", "invalid", "The content must be an object."))
        content = {}
    identifiers: dict[str, Any] = {}
    for name in ("sku", "gtin"):
        identifier = value.get(name, UNSET)
        if isinstance(identifier, str) or (identifier is None and name == "gtin"):
            identifiers[name] = identifier
        elif identifier is not UNSET:
            errors.append(RowFault(name, "invalid", f"The {name} must be a string."))
    return identifiers, content, errors


def plan_safely(
    read: ReadRow, current: StoredProduct | None, options: Options, now: int, new_id: Callable[[], str], job_id: str
) -> Plan:
    """As `plan`; an unexpected exception rejects only this row."""
    try:
        return plan(read, current, options, now, new_id)
    except Exception as crash:  # noqa: BLE001  a bug that one row triggers must not end the import
        row_crash(crash, job_id)
        return SERVER_FAULT


def plan(read: ReadRow, current: StoredProduct | None, options: Options, now: int, new_id: Callable[[], str]) -> Plan:
    """The write for a parsed row, or its errors."""
    assert read.row is not None
    if current is None and options.mode == "update":
        return (RowFault(options.key, "not_found", f"There is no product with this {options.key}.", read.key[:_SHOWN]),)
    if current is not None and options.mode == "create":
        code = f"duplicate_{options.key}"
        return (RowFault(options.key, code, f"A product with this {options.key} already exists.", read.key[:_SHOWN]),)
    planned = plan_row(read.row, current, now, new_id)
    if options.publish and not isinstance(planned, list):
        planned = plan_publish(planned, current, now)
    return _all_errors(planned, read.row) if isinstance(planned, list) else planned


def _all_errors(details: list[FieldError], row: RowInput) -> tuple[RowFault, ...]:
    """The errors that ended the planning of a row, and all other errors of its content."""
    values = dict(row.content)
    if isinstance(row.sku, str):
        values["sku"] = row.sku
    if isinstance(row.gtin, Gtin):
        values["gtin"] = row.gtin.digits14[-row.gtin.length :]
    errors = row_errors(details, values)
    known = {(error.field, error.code) for error in errors}
    others = (error for error in content_row_errors(row.content) if (error.field, error.code) not in known)
    return (*errors, *others)
