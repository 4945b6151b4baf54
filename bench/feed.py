"""Measures appends to the feeds of partners while they are read. Run as `python -m bench.feed`.

In one process and without HTTP: writers append as a publication does, to the feeds of all who see the product, and
readers follow the feeds by pages and by waiting. What a reader misses or gets twice is counted.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from bench.postgres import cluster
from bench.report import Figure, report
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.db.bulk import insert_many
from linkxg.db.migrations import migrate
from linkxg.ids import uuid7, uuid7s
from linkxg.network.feed.append import append_all
from linkxg.network.feed.feed_waits import FeedWaits
from linkxg.network.feed.model import Change
from linkxg.network.feed.read_feed import read_feed
from linkxg.network.feed.store import feed_entries

RATE, PUBLICATIONS = 2_000, 1_000
WRITERS, READERS, VIEWERS = 4, 200, 50
SEEN_BY = (10, 1)
"""Accounts that see a product."""
LIMIT, WAIT_S, SETTLE_S = 100, 30.0, 1.0

_Publication = tuple[str, list[str]]
"""(product, the accounts that see it)"""


def measure(count: int = PUBLICATIONS) -> list[Figure]:
    """On both engines."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(f"sqlite:///{Path(folder) / 'linkxg.db'}", "SQLite", count))
    with cluster() as url:
        return figures + asyncio.run(_measure(url, "PostgreSQL", count))


async def _measure(url: str, engine: str, count: int) -> list[Figure]:
    database = open_database(url)
    await migrate(database)
    await database.open()
    try:
        return [figure for seen_by in SEEN_BY for figure in await _seen_by(database, engine, seen_by, count)]
    finally:
        await database.close()


async def _seen_by(database: Database, engine: str, seen_by: int, count: int) -> list[Figure]:
    """A change is an entry of a feed; a publication is one for each account that sees the product."""
    bare = await _write(_publications(count, uuid7s(VIEWERS), seen_by), lambda one: database.write(_insert_bare, one))
    alone = await _write(_publications(count, uuid7s(VIEWERS), seen_by), lambda one: database.write(_append, one))
    rate, wrong = await _write_and_read(database, count, seen_by)
    name = f"changes a second, {WRITERS} writers and {READERS} readers"
    where = f"each seen by {seen_by}, {engine}"
    note = f"{rate:,.0f} entries/s, {rate / seen_by:,.0f} publications/s"
    return [
        Figure(f"{name}, {where}, in {RATE:,}/s", rate / RATE, 1, note),
        Figure(f"the same beside no readers, {where}", rate / alone, 0, f"of {alone:,.0f} entries/s"),
        Figure(f"the same beside a bare insert of the rows, {where}", rate / bare, 0, f"of {bare:,.0f} entries/s"),
        Figure(f"entries lost, doubled or out of order, {where}", wrong, 0, f"{READERS} readers", at_most=True),
    ]


def _publications(count: int, viewers: Sequence[str], seen_by: int) -> list[_Publication]:
    chosen = random.Random(1)
    return [(uuid7(), chosen.sample(viewers, seen_by)) for _ in range(count)]


def _append(conn: Connection, publication: _Publication) -> None:
    product_id, viewers = publication
    change = Change("PRODUCT_UPDATED", "connection", product_id=product_id, version=2)
    append_all(conn, {viewer: [change] for viewer in viewers})


def _insert_bare(conn: Connection, publication: _Publication) -> None:
    """The entries under numbers that nobody has to agree on."""
    product_id, viewers = publication
    change = Change("PRODUCT_UPDATED", "connection", product_id=product_id, version=2)
    rows = [(viewer, time.monotonic_ns(), *change) for viewer in viewers]
    insert_many(conn, feed_entries, ("account_id", "seq", *Change._fields), rows, same={"at": now_ms()})


async def _write(publications: list[_Publication], write: Callable[[_Publication], Awaitable[None]]) -> float:
    """Entries a second."""

    async def work(number: int) -> None:
        for one in publications[number::WRITERS]:
            await write(one)

    started = time.perf_counter()
    await asyncio.gather(*(work(number) for number in range(WRITERS)))
    return sum(len(seen_by) for _, seen_by in publications) / (time.perf_counter() - started)


async def _write_and_read(database: Database, count: int, seen_by: int) -> tuple[float, int]:
    """Entries a second, and how many of them a reader did not get once and in order."""
    viewers = uuid7s(VIEWERS)
    publications = _publications(count, viewers, seen_by)
    expected = {viewer: {product for product, accounts in publications if viewer in accounts} for viewer in viewers}
    waits = FeedWaits(database)
    waits.task.start()
    try:
        following = [
            asyncio.create_task(_follow(database, waits, viewer, len(expected[viewer])))
            for viewer in viewers
            for _ in range(READERS // VIEWERS)
        ]
        await asyncio.sleep(SETTLE_S)
        rate = await _write(publications, lambda one: database.write(_append, one))
        found = await asyncio.gather(*following)
    finally:
        await waits.task.stop()
    wrong = 0
    for viewer, products, seqs in found:
        wrong += len(expected[viewer] - set(products)) + len(products) - len(set(products))
        wrong += sum(seq != number for number, seq in enumerate(seqs, 1))
    return rate, wrong


async def _follow(
    database: Database, waits: FeedWaits, viewer: str, count: int
) -> tuple[str, list[str | None], list[int]]:
    """(the account, the products and the numbers of so many entries, or of those that came within WAIT_S)."""
    products: list[str | None] = []
    seqs: list[int] = []
    deadline = time.monotonic() + WAIT_S
    while len(seqs) < count and time.monotonic() < deadline:
        async with waits.reads.slot():
            page = await read_feed(database, viewer, after=seqs[-1] if seqs else 0, limit=LIMIT)
        products += [entry.product_id for entry in page.entries]
        seqs += [entry.seq for entry in page.entries]
        if not page.entries:
            await waits.until_after(viewer, page.last, deadline - time.monotonic())
    return viewer, products, seqs


if __name__ == "__main__":
    report(measure())
