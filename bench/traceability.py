"""Measures graphs at a million events against a plain recursive query.

Run as `python -m bench.traceability [EVENTS] [ENGINE…]`.

The base knows neither classes nor lots nor error declarations: it joins rows of events and items alone.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection, text

from bench.api import API, sign_in
from bench.event_rows import GTIN, LAYERS, fill, uri_of
from bench.postgres import cluster
from bench.processes import pin_to_server_core, service
from bench.report import Figure, report
from bench.seed import seed
from bench.shared import publish
from linkxg.catalog.products.share_store import insert_share
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability import walk_result
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.find_graph import GraphQuery, find_graph
from linkxg.network.traceability.walk import walk_from
from linkxg.network.traceability.walk_result import WalkLimits

EVENTS, ROOTS, ROUNDS, NODES, PARTNERS, REPEATS = 1_000_000, 20, 3, 500, 10, 30
EXPIRY = now_ms() + 86_400_000
# Depth, and how many times as fast the walk must be.
DEPTHS = ((3, 1.0), (5, 1.0), (10, 2.0), (14, 2.0))
_RECURSIVE = text(
    "with recursive found (item_id, depth) as (select cast(:root as bigint), 0 union "
    "select used.item_id, found.depth + 1 from found "
    "join epcis_event_items made on made.account_id = :account and made.item_id = found.item_id and made.role = 5 "
    "join epcis_event_items used on used.account_id = :account and used.event_id = made.event_id and used.role = 4 "
    "where found.depth < :depth) select item_id, min(depth) from found group by item_id"
)
_RENAME = text("update products set gtin14 = :gtin where account_id = :account and id = :product")


def measure(events: int = EVENTS, engines: Sequence[str] = ("SQLite", "PostgreSQL")) -> list[Figure]:
    figures = measure_on(None, "SQLite", events) if "SQLite" in engines else []
    if "PostgreSQL" in engines:
        with cluster() as database:
            figures += measure_on(database, "PostgreSQL", events)
    return figures


def measure_on(database: str | None, engine: str, events: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        url = database or f"sqlite:///{data_dir / 'linkxg.db'}"
        made = seed(data_dir, url, client_count=1, people=1)
        with pin_to_server_core():
            figures, alone = asyncio.run(_measure(url, made.account_id, events, engine))
        with service(data_dir, LINKXG_DATABASE_URL=url) as address:
            path = f"/traceability/graph?item={quote(uri_of(events - 1), safe='')}&direction=upstream"
            whole = _over_http(address, f"{path}&depth={LAYERS}&maxNodes={NODES}", sign_in(address, made.emails[0]))
    note = f"{whole * 1_000:.1f} ms beside {alone * 1_000:.1f} ms"
    name = f"graph of {NODES} nodes over HTTP, in its queries, {engine}"
    return [*figures, Figure(name, whole / alone, 2.0, note, at_most=True)]


def _over_http(address: str, path: str, token: str) -> float:
    """Seconds of one request after the other, the median."""
    connection = HTTPConnection(urlsplit(address).netloc)
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        connection.request("GET", API + path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"a graph was answered with {answer.status}")
    return statistics.median(seconds)


async def _measure(url: str, account_id: str, events: int, engine: str) -> tuple[list[Figure], float]:
    """(figures, seconds that the queries of a graph take alone)."""
    database = open_database(url)
    await database.run_exclusive(fill, account_id, events)
    await database.run_exclusive(lambda conn: conn.execute(text("analyze")) if engine == "PostgreSQL" else None)
    await database.open()
    walk_result.MAX_ROWS = 100 * events
    chance, width = random.Random(2), events // LAYERS
    roots = [events - chance.randrange(width) for _ in range(ROOTS)]
    try:
        figures = []
        for depth, bar in DEPTHS:
            pairs = [await _pair(database, account_id, root, depth) for _ in range(ROUNDS) for root in roots]
            ratio = statistics.median(base / ours for base, ours, _ in pairs)
            base, ours, nodes = (statistics.median(values) for values in zip(*pairs, strict=True))
            note = f"{ours * 1_000:.2f} ms beside {base * 1_000:.2f} ms, {nodes:,.0f} nodes"
            figures.append(Figure(f"graph of depth {depth}, beside a recursive query, {engine}", ratio, bar, note))
        graph = GraphQuery(uri_of(events - 1), ("upstream",), WalkLimits(LAYERS, NODES))
        await database.write(_share, account_id)
        # In turn, so that a disturbance of the machine affects both.
        both = [[await _once(database, account_id, graph, at) for at in (EXPIRY, EXPIRY - 1)] for _ in range(REPEATS)]
        alone, shared = (statistics.median(seconds) for seconds in zip(*both, strict=True))
        ratio = statistics.median(with_shares / without for without, with_shares in both)
        note = f"{shared * 1_000:.2f} ms beside {alone * 1_000:.2f} ms, {PARTNERS} partners share"
        name = f"graph of {NODES} nodes with the shares of partners, beside one without any, {engine}"
        figures.append(Figure(name, ratio, 1.2, note, at_most=True))
        return figures, shared
    finally:
        await database.close()


async def _pair(database: Database, account_id: str, root: int, depth: int) -> tuple[float, float, int]:
    """Seconds of the base and of the walk, and the nodes that both find."""
    given = {"account": account_id, "root": root, "depth": depth}
    base, expected = await _timed(database, lambda conn: {row[0]: row[1] for row in conn.execute(_RECURSIVE, given)})
    limits = WalkLimits(depth, 100_000_000)
    ours, found = await _timed(
        database, lambda conn: walk_from(conn, account_id, root, Level.LOT, ("upstream",), Bounds(), limits).depths
    )
    if found != expected:
        raise RuntimeError("the walk and the recursive query differ")
    return base, ours, len(found)


async def _timed(database: Database, unit: Callable[[Connection], dict[int, int]]) -> tuple[float, dict[int, int]]:
    began = time.perf_counter()
    found = await database.read(unit)
    return time.perf_counter() - began, found


async def _once(database: Database, account_id: str, graph: GraphQuery, now: int) -> float:
    began = time.perf_counter()
    await database.read(find_graph, account_id, graph, now)
    return time.perf_counter() - began


def _share(conn: Connection, viewer_id: str) -> None:
    """Partners that share a product with the GTIN of every item of the graph, and have captured nothing."""
    for number in range(PARTNERS):
        owner_id = uuid7()
        insert_account(conn, owner_id, f"Partner {number}", 0)
        (product_id,) = publish(conn, owner_id, 1)
        conn.execute(_RENAME, {"gtin": GTIN, "account": owner_id, "product": product_id})
        insert_share(
            conn, owner_id, id=uuid7(), type="ALL", viewer_id=viewer_id, connection_id=uuid7(), versions="LATEST",
            created_at=0, expires_at=EXPIRY, traceability="GRAPH", trace_tiers=5, passport_roles="[]",
            created_by="bench",
        )  # fmt: skip


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    names = [one for one in sys.argv[1:] if not one.isdigit()]
    report(measure(numbers[0] if numbers else EVENTS, names or ("SQLite", "PostgreSQL")))
