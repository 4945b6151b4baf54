"""Queries of a million EPCIS events: by item, by business step and time, first pages and deep ones.

Run as `python -m bench.epcis_query [EVENTS] [ENGINE…]`; the database is filled directly.
"""

import asyncio
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench.bulk_fill import without_indexes
from bench.postgres import cluster
from bench.report import Figure, report
from linkxg.clock import HOUR, now_ms, rfc3339
from linkxg.db import Database, open_database
from linkxg.db.append_rows import append_rows
from linkxg.db.bulk import refresh_statistics
from linkxg.db.migrations import migrate
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import ItemRole, Level
from linkxg.network.epcis.errors import QueryTooComplexException
from linkxg.network.epcis.events.store import event_items, event_values, events, items
from linkxg.network.epcis.query.find_events import find_events
from linkxg.network.epcis.query.model import EventQuery
from linkxg.network.epcis.query.parameters import read_query
from linkxg.network.epcis.query.query_document import write_document

COUNT, BATCH, LIMIT, ROUNDS, DEEP = 1_000_000, 5_000, 30, 60, 1_000
BAR_MS = 5.0
BEGIN = 1_767_225_600_000
STEPS = ("shipping", "receiving", "packing", "loading", "storing")
PLACES, LOTS, CRATE_EVERY, ORDERS = 200, 1_000, 25, 10
GTIN = "04012345123456"
CRATE = "https://id.gs1.org/8003/04012345000009CRATE"
"""A crate that goes round: an item with tens of thousands of events."""
_EVENT = (
    "id", "event_id", "declaration_time", "type", "action", "event_time", "record_time", "biz_step", "disposition",
    "read_point", "content_hash", "content", "context",
)  # fmt: skip


def measure(count: int = COUNT, engines: Sequence[str] = ("SQLite", "PostgreSQL")) -> list[Figure]:
    """In one process and without HTTP, with the document of the answer."""
    found: list[Figure] = []
    if "SQLite" in engines:
        with tempfile.TemporaryDirectory() as folder:
            found += asyncio.run(_measure(f"sqlite:///{Path(folder) / 'linkxg.db'}", count, "SQLite"))
    if "PostgreSQL" in engines:
        with cluster() as url:
            found += asyncio.run(_measure(url, count, "PostgreSQL"))
    return found


async def _measure(url: str, count: int, engine: str) -> list[Figure]:
    database = open_database(url)
    await migrate(database)
    account_id = uuid7()
    await database.run_exclusive(_fill_all, account_id, count)
    await database.open()
    try:
        found: list[Figure] = []
        for name, given in _queries(count):
            try:
                found += await _pages(database, account_id, name, given, engine)
            except QueryTooComplexException:
                found.append(
                    Figure(f"30 events {name}, without HTTP, {engine}", math.inf, 1.0, "takes too long", at_most=True)
                )
            report(found[-2:])
        return found
    finally:
        await database.close()


def _queries(count: int) -> list[tuple[str, dict[str, list[str]]]]:
    serial = count // 2 - count // 2 % CRATE_EVERY + 1
    half = _time_of(count // 2)
    return [
        ("by EPC", {"MATCH_epc": [f"urn:epc:id:sgtin:4012345.012345.{serial}"]}),
        ("by an EPC with many events", {"MATCH_epc": [CRATE]}),
        ("by business step and time", {"EQ_bizStep": ["shipping"], "GE_eventTime": [rfc3339(BEGIN + half)]}),
        ("by business step", {"EQ_bizStep": ["shipping"]}),
        ("of all", {}),
        ("by two business steps and a place", {"EQ_bizStep": ["shipping", "packing"], "EQ_readPoint": [_place(7)]}),
        ("by a pattern of all serials", {"MATCH_epc": ["urn:epc:idpat:sgtin:4012345.012345.*"]}),
        ("by lot", {"MATCH_anyEPCClass": [_lot(5)]}),
        ("by order", {"EQ_bizTransaction_po": ["urn:example:po:77"]}),
        ("by EPC and disposition", {"MATCH_epc": [CRATE], "EQ_disposition": ["in_transit"]}),
    ]


async def _pages(
    database: Database, account_id: str, name: str, given: dict[str, list[str]], engine: str
) -> list[Figure]:
    """The pages alternate, so that a disturbance of the machine affects both."""
    query = read_query(given, {})
    assert isinstance(query, EventQuery), query
    place = await _deep(database, account_id, query)
    first, deep = [], []
    for _ in range(ROUNDS):
        first.append(await _timed(database, account_id, query, None))
        if place is not None:
            deep.append(await _timed(database, account_id, query, place))
    median = statistics.median(first)
    note = f"{median:.2f} ms"
    figures = [
        Figure(
            f"30 events {name}, without HTTP, beside {BAR_MS:.0f} ms, {engine}",
            median / BAR_MS,
            1.0,
            note,
            at_most=True,
        )
    ]
    if deep:
        note = f"{statistics.median(deep):.2f} ms beside {median:.2f} ms"
        ratio = statistics.median(deep) / median
        figures.append(Figure(f"events {name}, page {DEEP:,} beside page 1, {engine}", ratio, 1.2, note, at_most=True))
    return figures


async def _timed(database: Database, account_id: str, query: EventQuery, at: list[Any] | None) -> float:
    """Milliseconds of one page."""
    started = time.perf_counter()
    page = await find_events(database, account_id, query, at=at, limit=LIMIT)
    write_document(page.found, created=now_ms())
    assert page.found
    return (time.perf_counter() - started) * 1_000


async def _deep(database: Database, account_id: str, query: EventQuery) -> list[Any] | None:
    """The place of the deep page; None if there are fewer."""
    at: list[Any] | None = None
    for _ in range(DEEP * LIMIT // 500):
        at = (await find_events(database, account_id, query, at=at, limit=500)).position
        if at is None:
            return None
    return at


def _fill_all(conn: Connection, account_id: str, count: int) -> None:
    with without_indexes(conn, (events, items, event_items, event_values)):
        for start in range(0, count, BATCH):
            _fill(conn, account_id, start)
    _analyze(conn)


def _fill(conn: Connection, account_id: str, start: int) -> None:
    numbers = range(start + 1, start + BATCH + 1)
    same = {"account_id": account_id}
    rows: list[tuple[Any, ...]] = [_event_row(number) for number in numbers]
    append_rows(conn, events, _EVENT, rows, same=same)
    made: list[tuple[Any, ...]] = [
        (number + 10_000, _serial(number), int(Level.INSTANCE), GTIN, None, str(number)) for number in numbers
    ]
    if start == 0:
        made.append((1, CRATE, int(Level.INSTANCE), None, None, None))
        made += [(2 + lot, _lot(lot), int(Level.LOT), GTIN, f"L{lot}", None) for lot in range(LOTS)]
    append_rows(conn, items, ("id", "uri", "level", "gtin14", "lot", "serial"), made, same=same)
    observed = int(ItemRole.OBSERVED)
    uses: list[tuple[Any, ...]] = []
    for number in numbers:
        at = BEGIN + _time_of(number)
        uses.append((number + 10_000, observed, at, number, 0, 0, None, None))
        uses.append((2 + number % LOTS, observed, at, number, 0, 1, 2.5, "KGM"))
        if number % CRATE_EVERY == 0:
            uses.append((1, observed, at, number, 0, 0, None, None))
    columns = ("item_id", "role", "event_time", "event_id", "position", "is_class", "quantity", "uom")
    append_rows(conn, event_items, columns, sorted(uses), same=same)
    values = [(number, 0, "bizTransaction_po", f"urn:example:po:{number // ORDERS}", None) for number in numbers]
    append_rows(conn, event_values, ("event_id", "position", "name", "text", "number"), values, same=same)


def _event_row(number: int) -> tuple[Any, ...]:
    at, step, place = BEGIN + _time_of(number), STEPS[number % 5], _place(number % PLACES)
    content = (
        f'{{"type":"ObjectEvent","action":"OBSERVE","eventID":"urn:example:{number}","eventTime":"{rfc3339(at)}",'
        f'"eventTimeZoneOffset":"+00:00","bizStep":"{step}","disposition":"in_transit","readPoint":{{"id":"{place}"}},'
        f'"epcList":["{_serial(number)}"],"quantityList":[{{"epcClass":"{_lot(number % LOTS)}","quantity":2.5}}]}}'
    )
    return (
        number, f"urn:example:{number}", "", "ObjectEvent", "OBSERVE", at, at, step, "in_transit", place,
        number.to_bytes(32), content.encode(), "",
    )  # fmt: skip


def _time_of(number: int) -> int:
    """Not quite in the order of capture, as partners deliver."""
    return number * 1_000 + number * 7_919 % (6 * HOUR)


def _serial(number: int) -> str:
    return f"https://id.gs1.org/01/{GTIN}/21/{number}"


def _lot(number: int) -> str:
    return f"https://id.gs1.org/01/{GTIN}/10/L{number}"


def _place(number: int) -> str:
    return f"https://id.gs1.org/414/4012345000009/254/{number}"


def _analyze(conn: Connection) -> None:
    for table in (events, items, event_items, event_values):
        refresh_statistics(conn, table)


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    names = [one for one in sys.argv[1:] if not one.isdigit()]
    report(measure(numbers[0] if numbers else COUNT, names or ("SQLite", "PostgreSQL")))
