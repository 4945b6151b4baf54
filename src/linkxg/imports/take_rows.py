"""Writes a batch of rows in one short transaction.

`Batch` is what was read. It is planned with no transaction open; in the transaction what has changed in between is
planned again, so that one short write holds whatever the truth is then.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.authorization.still_holds import still_holds
from linkxg.clock import now_ms
from linkxg.identifiers.sku import normal_sku, sku_forms
from linkxg.ids import uuid7s
from linkxg.imports import store
from linkxg.imports.model import MAX_ERRORS, MAX_ROW_FAULTS, FailedRow, Fault, Options, Progress, RowResult
from linkxg.imports.plan_rows import Read, plan_safely, raw_of
from linkxg.imports.stretches import Rows
from linkxg.products.bulk.model import Current, Planned, Unchanged, Written
from linkxg.products.bulk.store import find_current, write_planned
from linkxg.tokens.scopes import ROLE_SCOPES

LEASE_MS = 10_000
_SCOPE = "imports:write"
_ROLES = frozenset(role for role, scopes in ROLE_SCOPES.items() if _SCOPE in scopes)
Plan = Planned | Unchanged | tuple[Fault, ...]
_ATTEMPTS = 3
_SAYS = {
    Written.DUPLICATE_SKU: Fault("sku", "duplicate_sku", "Another product has this SKU."),
    Written.DUPLICATE_GTIN: Fault("gtin", "duplicate_gtin", "Another product has this GTIN."),
    Written.STALE: Fault("", "conflict", "The product was being changed by others again and again."),
}
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(list[RowResult]).decode


class Whose(NamedTuple):
    """The job that is worked at, and by whom."""

    account_id: str
    job_id: str
    worker: str
    actor_kind: str
    actor_id: str


class Batch(NamedTuple):
    """Rows, and what each of them says."""

    rows: Rows
    reads: Sequence[Read]


class Outcome(NamedTuple):
    """How the job stands after a batch, whether the account wants it to end, and how long the writing took.

    `denied`: the rights of who started it have ended, and nothing was written.
    """

    progress: Progress
    cancel: bool
    seconds: float = 0.0
    denied: bool = False


def look_up(conn: Connection, account_id: str, options: Options, reads: Sequence[Read]) -> dict[str, Current]:
    """What is stored under the keys of these rows."""
    keys = [read.key for read in reads if read.given is not None]
    if options.key == "sku":
        return _by_sku(conn, account_id, keys)
    return {one.gtin14: one for one in find_current(conn, account_id, gtins=keys) if one.gtin14}


def _by_sku(conn: Connection, account_id: str, keys: list[str]) -> dict[str, Current]:
    """Products under the normal form of their SKU."""
    if "".join(keys).isascii():
        return {one.sku: one for one in find_current(conn, account_id, skus=keys)}
    found = find_current(conn, account_id, skus=[form for key in keys for form in sku_forms(key)])
    # Where two products have what is one SKU today, the one that has its normal form is meant.
    return {normal_sku(one.sku): one for one in sorted(found, key=lambda one: one.sku == normal_sku(one.sku))}


def plan_all(reads: Sequence[Read], current: dict[str, Current], options: Options, job_id: str = "") -> list[Plan]:
    now, new_id = now_ms(), iter(uuid7s(len(reads) - len(current))).__next__
    return [
        read.faults if read.given is None else plan_safely(read, current.get(read.key), options, now, new_id, job_id)
        for read in reads
    ]


def is_authorised(conn: Connection, whose: Whose) -> bool:
    """Whether who started the job may still import; before any row is locked."""
    return still_holds(conn, whose.account_id, whose.actor_kind, whose.actor_id, scope=_SCOPE, roles=_ROLES)


def take(
    conn: Connection, whose: Whose, options: Options, batch: Batch, plans: list[Plan], before: Progress
) -> Outcome | None:
    """Write a batch and how far the job is then; None when the job is another worker's, and nothing was written."""
    authorised = is_authorised(conn, whose)
    if not store.hold_job(conn, whose.account_id, whose.job_id, worker=whose.worker, until=now_ms() + LEASE_MS):
        return None
    if not authorised:
        return Outcome(before, cancel=False, denied=True)
    started, plans = time.perf_counter(), list(plans)
    write_all(conn, whose, options, batch.reads, plans)
    progress = record(conn, whose, batch, plans, before)
    cancel = store.advance(
        conn, whose.account_id, whose.job_id, worker=whose.worker, at=progress, now=now_ms(), lease_ms=LEASE_MS
    )
    return Outcome(progress, bool(cancel), time.perf_counter() - started)


def write_all(conn: Connection, whose: Whose, options: Options, reads: Sequence[Read], plans: list[Plan]) -> None:
    """Write what is planned; what cannot be written becomes faults, in place."""
    waiting = [place for place, one in enumerate(plans) if isinstance(one, Planned)]
    for _ in range(_ATTEMPTS):
        if not waiting:
            return
        planned: list[Any] = [plans[place] for place in waiting]
        outcomes = dict(zip(waiting, write_planned(conn, whose.account_id, whose.actor_id, planned), strict=True))
        stale = [place for place, outcome in outcomes.items() if outcome is Written.STALE]
        for place, outcome in outcomes.items():
            if outcome in (Written.DUPLICATE_SKU, Written.DUPLICATE_GTIN):
                plans[place] = (_SAYS[outcome],)
        again = [reads[place] for place in stale]
        # Whoever was faster has committed, and nobody else can write now: this is the truth.
        found = look_up(conn, whose.account_id, options, again) if again else {}
        for place, one in zip(stale, plan_all(again, found, options, whose.job_id), strict=True):
            plans[place] = one
        waiting = [place for place in stale if isinstance(plans[place], Planned)]
    for place in waiting:
        plans[place] = (_SAYS[Written.STALE],)


def record(conn: Connection, whose: Whose, batch: Batch, plans: Sequence[Plan], before: Progress) -> Progress:
    """Keep what became of each row; the progress with them."""
    progress, results, failed = tally(batch, plans, before)
    if results:
        store.insert_batch(conn, whose.account_id, whose.job_id, first_row=batch.rows.numbers[0], results=pack(results))
    store.insert_errors(conn, whose.account_id, whose.job_id, failed)
    return progress


def tally(batch: Batch, plans: Sequence[Plan], before: Progress) -> tuple[Progress, list[RowResult], list[FailedRow]]:
    """(progress, result of each row, failed rows as far as they are kept)."""
    results: list[RowResult] = []
    failed: list[FailedRow] = []
    count = dict.fromkeys(("CREATED", "UPDATED", "UNCHANGED", "FAILED"), 0)
    rows = batch.rows
    for place, (number, one) in enumerate(zip(rows.numbers, plans, strict=True)):
        if isinstance(one, Planned):
            result = RowResult(number, "CREATED" if one.seen is None else "UPDATED", one.head.id, one.version)
        elif isinstance(one, Unchanged):
            result = RowResult(number, "UNCHANGED", one.product_id, one.version)
        else:
            result = RowResult(number, "FAILED", None, None)
            if before.failed + count["FAILED"] < MAX_ERRORS:
                raw = raw_of(rows.values[place])
                faults, key = one[:MAX_ROW_FAULTS], batch.reads[place].key[:200]
                failed.append(FailedRow(number, rows.lines[place], key, raw, faults))
        count[result.status] += 1
        results.append(result)
    if not results:
        return before, results, failed
    progress = Progress(
        before.rows + len(results),
        rows.taken,
        rows.lines[-1],
        before.created + count["CREATED"],
        before.updated + count["UPDATED"],
        before.unchanged + count["UNCHANGED"],
        before.failed + count["FAILED"],
    )
    return progress, results, failed
