"""Measures reads of shared products against those of own products. Run as `python -m bench.shared`.

One worker; a saturated worker spends 1/rate seconds on a request. The router answers all requests. On PostgreSQL, lists
are measured before ANALYZE too, as they are until autovacuum has seen new rows.
"""

import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from urllib.request import Request, urlopen

from sqlalchemy import Connection, text

from bench.api import API, sign_in
from bench.postgres import cluster
from bench.processes import service, wrk
from bench.report import Figure, report
from bench.seed import seed
from linkxg.catalog.products.bulk.model import PlannedWrite
from linkxg.catalog.products.bulk.store import write_planned
from linkxg.catalog.products.canonical import canonical
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.share_store import insert_share
from linkxg.db import Database, open_database
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7, uuid7s

ROUNDS, SECONDS, FEW, LIMIT = 3, 4, 4, 50
OWNERS, EACH = 1_000, 10
TABLES = ("accounts", "products", "product_versions", "shares")
FIELDS = '["attributes.colour","brand","category","name"]'


def measure(rounds: int = ROUNDS, owners: int = OWNERS, each: int = EACH) -> list[Figure]:
    """On both engines."""
    figures = measure_on(None, "SQLite", rounds, owners, each)
    with cluster() as database:
        return figures + measure_on(database, "PostgreSQL", rounds, owners, each)


def measure_on(database: str | None, engine: str, rounds: int, owners: int, each: int) -> list[Figure]:
    """Every second owner shares everything, the others each product with four of its fields."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        url = database or f"sqlite:///{data_dir / 'linkxg.db'}"
        made = seed(data_dir, url, client_count=1, people=1)
        own, whole, partial = asyncio.run(_fill(url, made.account_id, owners, each))
        with service(data_dir, LINKXG_DATABASE_URL=url) as address:
            token = data_dir / "tokens"
            token.write_text(sign_in(address, made.emails[0]))
            paths = {
                "own": f"/products/{own}?version=latest",
                "whole": f"/shared/products/{whole}",
                "partial": f"/shared/products/{partial}",
                "own list": f"/products?limit={LIMIT}",
                "list": f"/shared/products?limit={LIMIT}",
            }
            for path in paths.values():
                _fetch(address + API + path, token.read_text())
            lists = {name: paths[name] for name in ("own list", "list")}
            before = {}
            if database is not None:
                before = _measure(address, lists, rounds, token)
                asyncio.run(_analyze(url))
            rates = _measure(address, paths, rounds, token)
    found = [
        _read(f"read of a shared product, beside an own one, {engine}", rates["whole"], rates["own"]),
        _read(f"the same with four fields of it, {engine}", rates["partial"], rates["own"]),
        _list(f"{owners * each:,} products of {owners:,} partners, {engine}", rates["list"], rates["own list"]),
    ]
    if before:
        found.append(_list(f"the same before ANALYZE, {engine}", before["list"], before["own list"]))
    return found


def _measure(address: str, paths: dict[str, str], rounds: int, token: Path) -> dict[str, list[float]]:
    """Requests per second of each path, in turn."""
    rates: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(rounds):
        for name, path in paths.items():
            load = wrk(address + API + path, seconds=SECONDS, connections=FEW, script="headers.lua", TOKENS=str(token))
            if load.errors:
                raise RuntimeError(f"{name} was answered with errors")
            rates[name].append(load.rate)
    return rates


def _fetch(url: str, bearer: str) -> None:
    """Raises for an answer that is no success, or shows nothing."""
    with urlopen(Request(url, headers={"Authorization": f"Bearer {bearer}"})) as response:
        found = json.load(response)["data"]
    if not found or (isinstance(found, list) and len(found) != LIMIT):
        raise RuntimeError(f"{url} shows too little")


def _read(name: str, rates: list[float], base: list[float]) -> Figure:
    ratio = statistics.median(one / other for one, other in zip(rates, base, strict=True))
    return Figure(name, ratio, 0.8, f"{statistics.median(rates):,.0f}/s of {statistics.median(base):,.0f}/s")


def _list(name: str, rates: list[float], base: list[float]) -> Figure:
    ratio = statistics.median(other / one for one, other in zip(rates, base, strict=True))
    note = f"{1_000 / statistics.median(rates):.2f} ms beside {1_000 / statistics.median(base):.2f} ms"
    return Figure(f"list of {LIMIT}, of {name}, in own lists", ratio, 1.2, note, at_most=True)


async def _fill(url: str, viewer_id: str, owners: int, each: int) -> tuple[str, str, str]:
    """(an own product, one shared as a whole, one shared in part)."""
    database = open_database(url)
    await database.open()
    try:
        if database.dialect == "postgresql":
            await database.run_exclusive(_stop_autovacuum)
        own = await database.write(publish, viewer_id, owners * each)
        shared = [await _share(database, viewer_id, number, each) for number in range(owners)]
        return own[0], shared[0][0], shared[1][0]
    finally:
        await database.close()


def _stop_autovacuum(conn: Connection) -> None:
    for table in TABLES:
        conn.execute(text(f"alter table {table} set (autovacuum_enabled = false)"))


async def _analyze(url: str) -> None:
    database = open_database(url)
    await database.run_exclusive(lambda conn: conn.execute(text("analyze")))
    await database.close()


async def _share(database: Database, viewer_id: str, number: int, each: int) -> list[str]:
    def unit(conn: Connection) -> list[str]:
        owner_id, connection_id = uuid7(), uuid7()
        insert_account(conn, owner_id, f"Partner {number}", 0)
        ids = publish(conn, owner_id, each)
        common = {"viewer_id": viewer_id, "connection_id": connection_id, "versions": "LATEST", "created_at": 0}
        common |= {"traceability": "NONE", "trace_tiers": 0, "passport_roles": "[]", "created_by": "bench"}
        if number % 2 == 0:
            insert_share(conn, owner_id, id=uuid7(), type="ALL", **common)
            return ids
        for product_id in ids:
            insert_share(conn, owner_id, id=uuid7(), type="PRODUCT", product_id=product_id, fields=FIELDS, **common)
        return ids

    return await database.write(unit)


def publish(conn: Connection, account_id: str, count: int) -> list[str]:
    planned, ids = [], uuid7s(count)
    for number, product_id in enumerate(ids):
        content = {"name": f"Hex bolt {number}", "brand": "Acme", "category": {"code": "c1", "name": "Fasteners"}}
        form = canonical(content | {"description": "Zinc plated", "attributes": {"colour": "red", "weight": 12}})
        head = ProductRecord.draft(product_id, f"S-{number:07}", None, "c1", 1_000 + number)
        head = head._replace(status="PUBLISHED", latest_version=1, draft_version=None)
        new = PlannedWrite.new_product(head, f"s-{number:07}\nhex bolt {number}\nacme", form.digest, form.text)
        planned.append(new._replace(publishes=True))
    write_planned(conn, account_id, "bench", planned)
    return ids


if __name__ == "__main__":
    report(measure())
