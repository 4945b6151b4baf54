"""The job kind `products`: rows become products, drafts or published versions."""

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
from linkxg.catalog.products.bulk.store import find_current
from linkxg.catalog.products.bulk.write_rows import write_rows
from linkxg.catalog.products.publication import PublishHooks
from linkxg.clock import now_ms
from linkxg.ids import uuid7s
from linkxg.jobs.chunks import RowSource
from linkxg.jobs.json_rows import JsonRows, NdjsonRows
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import Fault, JobRow, RowResult

_ATTEMPTS = 3
_SAYS = {
    WrittenProduct.DUPLICATE_SKU: Fault("sku", "duplicate_sku", "Another product has this SKU."),
    WrittenProduct.DUPLICATE_GTIN: Fault("gtin", "duplicate_gtin", "Another product has this GTIN."),
    WrittenProduct.STALE: Fault("", "conflict", "The product was changed by others on every attempt."),
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[PlannedWrite]).decode


class ProductImport:
    """The kind of job that `linkxg.jobs` runs for files of products."""

    resource = RESOURCE

    def __init__(self, publish_hooks: PublishHooks) -> None:
        self._publish_hooks = publish_hooks

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
        self._claims = UniqueKeys()

    def open_rows(self, blocks: Iterator[bytes]) -> RowSource:
        if self._options.format == "csv":
            return CsvRows(blocks, self._head)
        return NdjsonRows(blocks) if self._options.format == "ndjson" else JsonRows(blocks)

    def parse(self, values: Sequence[Any]) -> list[ReadRow]:
        return self._reader.read(values)

    def look_up(self, conn: Connection, parsed: Sequence[ReadRow]) -> dict[str, StoredProduct]:
        """What is stored under the keys of these rows."""
        keys = [read.key for read in parsed if read.given is not None]
        if self._options.key == "sku":
            return _by_sku(conn, self._lease.account_id, keys)
        found = find_current(conn, self._lease.account_id, gtins=keys)
        return {one.head.gtin14: one for one in found if one.head.gtin14}

    def plan(self, parsed: Sequence[ReadRow], stored: Mapping[str, StoredProduct]) -> list[Plan]:
        options, job_id = self._options, self._lease.job_id
        now, new_id = now_ms(), iter(uuid7s(len(parsed) - len(stored))).__next__
        return [
            read.faults if read.given is None else plan_safely(read, stored.get(read.key), options, now, new_id, job_id)
            for read in parsed
        ]

    def check(self, conn: Connection, plans: list[Plan]) -> None:
        self._claims.judge(conn, self._lease.account_id, plans)

    def write(self, conn: Connection, parsed: Sequence[ReadRow], plans: list[Plan]) -> None:
        """Write what is planned; what cannot be written becomes faults, in place."""
        waiting = [place for place, one in enumerate(plans) if isinstance(one, PlannedWrite)]
        for _ in range(_ATTEMPTS):
            if not waiting:
                return
            planned: list[Any] = [plans[place] for place in waiting]
            outcomes = dict(zip(waiting, self._write(conn, planned), strict=True))
            stale = [place for place, outcome in outcomes.items() if outcome is WrittenProduct.STALE]
            for place, outcome in outcomes.items():
                if outcome in (WrittenProduct.DUPLICATE_SKU, WrittenProduct.DUPLICATE_GTIN):
                    plans[place] = (_SAYS[outcome],)
            again = [parsed[place] for place in stale]
            # Whoever was faster has committed, and nobody else can write now: this is the truth.
            found = self.look_up(conn, again) if again else {}
            for place, one in zip(stale, self.plan(again, found), strict=True):
                plans[place] = one
            waiting = [place for place in stale if isinstance(plans[place], PlannedWrite)]
        for place in waiting:
            plans[place] = (_SAYS[WrittenProduct.STALE],)

    def results(self, numbers: Sequence[int], plans: Sequence[Plan]) -> list[RowResult]:
        return [_result(number, plan) for number, plan in zip(numbers, plans, strict=True)]

    def encode(self, plans: Sequence[Plan]) -> bytes:
        return _encode([one for one in plans if isinstance(one, PlannedWrite)])

    def write_encoded(self, conn: Connection, encoded: bytes) -> bool:
        return all(outcome is WrittenProduct.WRITTEN for outcome in self._write(conn, _decode(encoded)))

    def _write(self, conn: Connection, planned: Sequence[PlannedWrite]) -> list[WrittenProduct]:
        return write_rows(conn, self._lease.account_id, self._lease.actor_id, planned, self._publish_hooks)


def _by_sku(conn: Connection, account_id: str, keys: list[str]) -> dict[str, StoredProduct]:
    """Products under the normal form of their SKU."""
    if "".join(keys).isascii():
        return {one.head.sku: one for one in find_current(conn, account_id, skus=keys)}
    found = find_current(conn, account_id, skus=[form for key in keys for form in sku_forms(key)])
    # Where two products have what is one SKU today, the one that has its normal form is meant.
    found.sort(key=lambda one: one.head.sku == normal_sku(one.head.sku))
    return {normal_sku(one.head.sku): one for one in found}


def _result(number: int, plan: Plan) -> RowResult:
    if isinstance(plan, PlannedWrite):
        return RowResult(number, "CREATED" if plan.seen is None else "UPDATED", plan.head.id, plan.version)
    if isinstance(plan, UnchangedProduct):
        return RowResult(number, "UNCHANGED", plan.product_id, plan.version)
    return RowResult(number, "FAILED", None, None)
