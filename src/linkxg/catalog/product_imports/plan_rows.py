"""Plans the writes that bring products to the state that rows describe.

Rows are read into what they say (`RowReader`), then planned beside what is stored. Neither needs a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from linkxg.catalog.identifiers.gtin import Gtin, NotAGtin, read_gtin
from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.product_imports.columns import ERROR_COLUMNS, CsvShape
from linkxg.catalog.product_imports.csv_fast import FlatRows
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.row_errors import content_faults, row_error
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, StoredProduct, UnchangedProduct
from linkxg.catalog.products.bulk.plan_publish import plan_publish
from linkxg.catalog.products.bulk.plan_row import plan_row
from linkxg.catalog.products.check_content import Fault as FaultDetail
from linkxg.catalog.products.check_keys import sku_fault
from linkxg.http.strict_json import NumberOutOfRange, parse
from linkxg.jobs.model import Fault
from linkxg.jobs.row_crash import SERVER_FAULT, row_crash

_MEMBERS = {"sku", "gtin", "content", *ERROR_COLUMNS}
_SHOWN = 200
Plan = PlannedWrite | UnchangedProduct | tuple[Fault, ...]


class ReadRow(NamedTuple):
    """What a row says, or what is wrong with it; `key`, in its normal form, is what its product is looked up by."""

    key: str
    given: RowInput | None
    faults: tuple[Fault, ...]


class RowReader:
    """Reads the rows of one file; a key that came before is a fault of the later row."""

    def __init__(self, options: Options, columns: list[str], *, decimal_comma: bool = False, job_id: str = "") -> None:
        self._options = options
        self._job_id = job_id
        is_csv = options.format == "csv"
        self._shape = CsvShape(columns, options.empty_as, decimal_comma=decimal_comma) if is_csv else None
        self._plain = FlatRows(columns, options, decimal_comma=decimal_comma) if is_csv else None
        # Digests of keys, not keys: half a million must fit, and two of them are alike once in 10^8 full files.
        self._seen: set[int] = set()

    def read(self, values: Sequence[Any]) -> list[ReadRow]:
        """Of a chunk of rows, as they come in the file."""
        plain = self._read_plain(values)
        key_of = _sku_of if self._options.key == "sku" else _gtin_of
        reads = [
            self._read_safely(value) if given is None else ReadRow(key_of(given), given, ())
            for given, value in zip(plain, values, strict=True)
        ]
        digests = [hash(read.key) for read in reads if read.given is not None]
        fresh = set(digests)
        if len(fresh) == len(digests) and self._seen.isdisjoint(fresh):
            self._seen |= fresh
            return reads
        return list(map(self._first_only, reads))

    def _first_only(self, read: ReadRow) -> ReadRow:
        if read.given is None:
            return read
        digest = hash(read.key)
        if digest not in self._seen:
            self._seen.add(digest)
            return read
        says = f"An earlier row of the file has the same {self._options.key}."
        return ReadRow(read.key, None, (Fault(self._options.key, "duplicate_key_in_file", says, read.key[:_SHOWN]),))

    def _read_plain(self, values: Sequence[Any]) -> Sequence[RowInput | None]:
        if self._plain is not None:
            try:
                return self._plain.read(values)
            except Exception as fault:  # noqa: BLE001  read one by one, the others are not held up
                row_crash(fault, self._job_id)
        return [None] * len(values)

    def _read_safely(self, value: Any) -> ReadRow:
        try:
            return self._read(value)
        except Exception as fault:  # noqa: BLE001  what nobody foresaw in one row must not end the import
            row_crash(fault, self._job_id)
            return ReadRow("", None, SERVER_FAULT)

    def _read(self, value: Any) -> ReadRow:
        head, content, faults = self._shape.read(value) if self._shape else _read_json(value)
        key = self._key(head)
        if not key and not {"", self._options.key} & {one.field for one in faults}:
            faults = [Fault(self._options.key, "missing", f"The row has no {self._options.key}.")]
        sku = head.get("sku", UNSET)
        if isinstance(sku, str):
            sku = normal_sku(sku)
        gtin: Gtin | UnsetType | None = UNSET
        given_gtin = head.get("gtin", UNSET)
        if given_gtin is None:
            gtin = None
        elif given_gtin is not UNSET:
            try:
                gtin = read_gtin(given_gtin)
            except NotAGtin as error:
                faults.append(Fault("gtin", "invalid", str(error), given_gtin[:_SHOWN]))
        if faults:
            # Whoever mends the row wants to hear of everything at once.
            if isinstance(sku, str) and (wrong := sku_fault(sku)) and "sku" not in {one.field for one in faults}:
                faults += row_error([wrong], head)
            faults += content_faults(content)
        return ReadRow(key, None if faults else RowInput(sku, gtin, content), tuple(faults))

    def _key(self, head: Mapping[str, Any]) -> str:
        value = head.get(self._options.key)
        if not value:
            return ""
        # Padded with zeros or not, it is the same GTIN.
        return str(value).rjust(14, "0") if self._options.key == "gtin" else normal_sku(str(value))


_sku_of: Callable[[RowInput], Any] = attrgetter("sku")
_gtin_of: Callable[[RowInput], Any] = attrgetter("gtin.digits14")


def _read_json(text: str) -> tuple[dict[str, Any], dict[str, Any], list[Fault]]:
    try:
        value = parse(text)
    except NumberOutOfRange as error:
        return {}, {}, [Fault("", "out_of_range", str(error))]
    except ValueError:
        return {}, {}, [Fault("", "not_json", "The row is not valid JSON or repeats a member name.")]
    if not isinstance(value, dict):
        return {}, {}, [Fault("", "not_json", "The row is not a JSON object.")]
    faults = []
    if value.keys() - _MEMBERS:
        faults.append(Fault("", "unknown_field", "A row may have only sku, gtin and content."))
    content = value.get("content", {})
    if not isinstance(content, dict):
        faults.append(Fault("content", "invalid", "The content must be an object."))
        content = {}
    head: dict[str, Any] = {}
    for name in ("sku", "gtin"):
        given = value.get(name, UNSET)
        if isinstance(given, str) or (given is None and name == "gtin"):
            head[name] = given
        elif given is not UNSET:
            faults.append(Fault(name, "invalid", f"The {name} must be a string."))
    return head, content, faults


def plan_safely(
    read: ReadRow, current: StoredProduct | None, options: Options, now: int, new_id: Callable[[], str], job_id: str
) -> Plan:
    """As `plan`; a fault that nobody foresaw fails the row alone."""
    try:
        return plan(read, current, options, now, new_id)
    except Exception as fault:  # noqa: BLE001  what nobody foresaw in one row must not end the import
        row_crash(fault, job_id)
        return SERVER_FAULT


def plan(read: ReadRow, current: StoredProduct | None, options: Options, now: int, new_id: Callable[[], str]) -> Plan:
    """What is to be done for a row that could be read; faults if it cannot be."""
    assert read.given is not None
    if current is None and options.mode == "update":
        return (Fault(options.key, "not_found", f"There is no product with this {options.key}.", read.key[:_SHOWN]),)
    if current is not None and options.mode == "create":
        code = f"duplicate_{options.key}"
        return (Fault(options.key, code, f"A product with this {options.key} already exists.", read.key[:_SHOWN]),)
    planned = plan_row(read.given, current, now, new_id)
    if options.publish and not isinstance(planned, list):
        planned = plan_publish(planned, current, now)
    return _all_faults(planned, read.given) if isinstance(planned, list) else planned


def _all_faults(details: list[FaultDetail], given: RowInput) -> tuple[Fault, ...]:
    """Those that ended the planning of a row, and what else is wrong with its content."""
    said = dict(given.content)
    if isinstance(given.sku, str):
        said["sku"] = given.sku
    if isinstance(given.gtin, Gtin):
        said["gtin"] = given.gtin.digits14[-given.gtin.length :]
    found = row_error(details, said)
    known = {(one.field, one.code) for one in found}
    return (*found, *(one for one in content_faults(given.content) if (one.field, one.code) not in known))
