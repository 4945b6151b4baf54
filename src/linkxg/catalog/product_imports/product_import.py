"""The job kind `products`: imports rows as drafts or published versions of products."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg.catalog.identifiers.sku import normal_sku, sku_forms
from linkxg.catalog.product_imports.csv_dialect import read_dialect
from linkxg.catalog.product_imports.csv_rows import CsvRows
from linkxg.catalog.product_imports.model import RESOURCE, options_of
from linkxg.catalog.product_imports.plan_rows import Plan, ReadRow, RowReader, plan_safely
from linkxg.catalog.product_imports.start_import import ProductHeadCheck
from linkxg.catalog.product_imports.uniqueness import UniqueKeys
from linkxg.catalog.products.bulk.model import PlannedWrite, StoredProduct, UnchangedProduct, WrittenProduct
from linkxg.catalog.products.bulk.store import find_stored
from linkxg.catalog.products.bulk.write_rows import call_hooks, write_rows
from linkxg.catalog.products.publication import PublishHooks
from linkxg.clock import now_ms
from linkxg.ids import uuid7s
from linkxg.jobs.chunks import RowSource
from linkxg.jobs.json_rows import JsonRows, NdjsonRows
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import JobRow, RowFault, RowResult

_ATTEMPTS = 3
_ERRORS = {
    WrittenProduct.DUPLICATE_SKU: RowFault("sku", "duplicate_sku", "Another product has this SKU."),
    WrittenProduct.DUPLICATE_GTIN: RowFault("gtin", "duplicate_gtin", "Another product has this GTIN."),
    WrittenProduct.STALE: RowFault("", "conflict", "The product was changed by others on every attempt."),
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[PlannedWrite]).decode


class ProductImport:
    """The kind of job for files of products (`jobs.handler.JobKind`)."""

    resource = RESOURCE
    paces = None
    parses_in_side_process = False

    def __init__(self, publish_hooks: PublishHooks) -> None:
        self._publish_hooks = publish_hooks

    def prepare(self) -> None:
        """Nothing: rows of products are parsed in the process of jobs."""

    def head_check(self, job: JobRow) -> ProductHeadCheck:
        return ProductHeadCheck(options_of(job))

    def open(self, job: JobRow, lease: JobLease, head: bytes) -> "ProductRows":
        return ProductRows(job, lease, head, self._publish_hooks)


class ProductRows:
    """The rows of one file of products (`jobs.handler.RowHandler`)."""

    def __init__(self, job: JobRow, lease: JobLease, head: bytes, publish_hooks: PublishHooks) -> None:
        self._options, self._lease, self._head, self._publish_hooks = options_of(job), lease, head, publish_hooks
        columns = msgspec.json.decode(job.columns)
        decimal_comma = job.format == "csv" and read_dialect(head).has_decimal_comma
        self._reader = RowReader(self._options, columns, decimal_comma=decimal_comma, job_id=job.id)
        self._unique_keys = UniqueKeys()

    def open_rows(self, blocks: Iterator[bytes]) -> RowSource:
        if self._options.format == "csv":
            return CsvRows(blocks, self._head)
        return NdjsonRows(blocks) if self._options.format == "ndjson" else JsonRows(blocks)

    def parse(self, values: Sequence[Any]) -> list[ReadRow]:
        return self._reader.read(values)

    def look_up(self, conn: Connection, parsed: Sequence[ReadRow]) -> dict[str, StoredProduct]:
        """The stored products by the keys of these rows."""
        keys = [read.key for read in parsed if read.row is not None]
        if self._options.key == "sku":
            return _by_sku(conn, self._lease.account_id, keys)
        found = find_stored(conn, self._lease.account_id, gtins=keys)
        return {one.head.gtin14: one for one in found if one.head.gtin14}

    def plan(self, parsed: Sequence[ReadRow], stored: Mapping[str, StoredProduct]) -> list[Plan]:
        options, job_id = self._options, self._lease.job_id
        now, new_id = now_ms(), iter(uuid7s(len(parsed) - len(stored))).__next__
        return [
            read.errors if read.row is None else plan_safely(read, stored.get(read.key), options, now, new_id, job_id)
            for read in parsed
        ]

    def check(self, conn: Connection, plans: list[Plan]) -> None:
        self._unique_keys.check(conn, self._lease.account_id, plans)

    def write(self, conn: Connection, parsed: Sequence[ReadRow], plans: list[Plan]) -> None:
        """Write the plans; those of rejected rows are replaced by their errors."""
        pending = [index for index, plan in enumerate(plans) if isinstance(plan, PlannedWrite)]
        for _ in range(_ATTEMPTS):
            if not pending:
                return
            planned: list[Any] = [plans[index] for index in pending]
            outcomes = dict(zip(pending, self._write(conn, planned, self._publish_hooks), strict=True))
            stale = [index for index, outcome in outcomes.items() if outcome is WrittenProduct.STALE]
            for index, outcome in outcomes.items():
                if outcome in (WrittenProduct.DUPLICATE_SKU, WrittenProduct.DUPLICATE_GTIN):
                    plans[index] = (_duplicate(outcome, plans[index]),)
            again = [parsed[index] for index in stale]
            # The other transaction has committed, and none can write now: this is the current state.
            found = self.look_up(conn, again) if again else {}
            for index, plan in zip(stale, self.plan(again, found), strict=True):
                plans[index] = plan
            pending = [index for index in stale if isinstance(plans[index], PlannedWrite)]
        for index in pending:
            plans[index] = (_ERRORS[WrittenProduct.STALE],)

    def results(self, numbers: Sequence[int], plans: Sequence[Plan]) -> list[RowResult]:
        return [_result(number, plan) for number, plan in zip(numbers, plans, strict=True)]

    def encode(self, plans: Sequence[Plan]) -> bytes:
        return _encode([plan for plan in plans if isinstance(plan, PlannedWrite)])

    def write_encoded(self, conn: Connection, encoded: bytes) -> bool:
        outcomes = self._write(conn, _decode(encoded), ())
        return all(outcome is WrittenProduct.WRITTEN for outcome in outcomes)

    def finish_encoded(self, conn: Connection, encoded: bytes) -> None:
        call_hooks(conn, self._lease.account_id, _decode(encoded), self._publish_hooks)

    def _write(self, conn: Connection, planned: Sequence[PlannedWrite], hooks: PublishHooks) -> list[WrittenProduct]:
        return write_rows(conn, self._lease.account_id, self._lease.actor_id, planned, hooks)


def _by_sku(conn: Connection, account_id: str, keys: list[str]) -> dict[str, StoredProduct]:
    """The products by the normal form of their SKU."""
    if "".join(keys).isascii():
        return {one.head.sku: one for one in find_stored(conn, account_id, skus=keys)}
    found = find_stored(conn, account_id, skus=[form for key in keys for form in sku_forms(key)])
    # If two old SKUs have the same normal form, the product that has that form comes last and wins.
    found.sort(key=lambda one: one.head.sku == normal_sku(one.head.sku))
    return {normal_sku(one.head.sku): one for one in found}


def _duplicate(outcome: WrittenProduct, plan: Any) -> RowFault:
    """The error with the SKU or GTIN that another product has."""
    head = plan.head
    return _ERRORS[outcome]._replace(value=(head.sku if outcome is WrittenProduct.DUPLICATE_SKU else head.gtin) or "")


def _result(number: int, plan: Plan) -> RowResult:
    if isinstance(plan, PlannedWrite):
        return RowResult(number, "CREATED" if plan.seen is None else "UPDATED", plan.head.id, plan.version)
    if isinstance(plan, UnchangedProduct):
        return RowResult(number, "UNCHANGED", plan.product_id, plan.version)
    return RowResult(number, "FAILED", None, None)
