"""Measures how soon a worker or node refuses what another one withdrew. Run as `python -m bench.share_revocation`.

Every second trial withdraws a share, the others revoke the connection. The time runs from the answer to that to the
first 404 for the partner elsewhere.
"""

import asyncio
import http.client
import json
import math
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from bench.api import API, fetch_token
from bench.postgres import cluster
from bench.processes import service
from bench.report import Figure, report
from bench.revocation import two_workers
from bench.seed import Seeded, insert_client, seed
from bench.shared import publish
from linkxg.audit.store import insert_head
from linkxg.clock import now_ms
from linkxg.db import open_database
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.network.connections.store import insert_connection

TRIALS, GIVE_UP_S = 200, 5.0
T = TypeVar("T")


class Parties(NamedTuple):
    """Accounts, clients as (id, secret), and a product of the owner."""

    owner: Seeded
    partner: Seeded
    product: str


def measure(trials: int = TRIALS) -> list[Figure]:
    """Two workers on one SQLite file, then two nodes on one PostgreSQL, of which the first has two workers."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        url = f"sqlite:///{data_dir / 'linkxg.db'}"
        parties = _fill(data_dir, url)
        with service(data_dir, workers=2, pinned=False) as address, _workers(address) as (here, there):
            figures = [_figure("worker, SQLite", 50.0, _delays(url, address, parties, here, there, trials))]
    with tempfile.TemporaryDirectory() as folder, cluster(cores=f"0-{(os.cpu_count() or 1) - 1}") as url:
        one, other = Path(folder) / "one", Path(folder) / "other"
        one.mkdir()
        parties = _fill(one, url)
        shutil.copytree(one, other)
        settings = {"LINKXG_DATABASE_URL": url, "LINKXG_PUBLIC_URL": "http://127.0.0.1:8000"}
        with (
            service(one, workers=2, pinned=False, **settings) as address,
            service(other, workers=1, pinned=False, **settings) as remote,
            _workers(address) as (here, there),
        ):
            node = http.client.HTTPConnection(remote.removeprefix("http://"))
            figures.append(_figure("worker, PostgreSQL", 50.0, _delays(url, address, parties, here, there, trials)))
            figures.append(_figure("node, PostgreSQL", 250.0, _delays(url, address, parties, here, node, trials)))
    return figures


@contextmanager
def _workers(address: str) -> Iterator[tuple[http.client.HTTPConnection, http.client.HTTPConnection]]:
    here, there = two_workers(address.removeprefix("http://"))
    yield here, there
    here.close()
    there.close()


def _figure(where: str, bar: float, delays: list[float]) -> Figure:
    at_p99 = sorted(delays)[math.ceil(0.99 * len(delays)) - 1]
    note = f"median {statistics.median(delays):.1f}, worst {max(delays):.1f} ms over {len(delays)} trials"
    return Figure(f"ended share refused by the other {where} (p99, ms)", at_p99, bar, note, at_most=True)


def _fill(data_dir: Path, url: str) -> Parties:
    owner = seed(data_dir, url, client_count=1, people=1)
    partner = Seeded(uuid7(), [], [], [])

    def unit(conn: Connection) -> Parties:
        insert_account(conn, partner.account_id, "Partner", 0)
        insert_head(conn, partner.account_id)
        insert_client(conn, partner)
        return Parties(owner, partner, publish(conn, owner.account_id, 1)[0])

    return _write(url, unit)


def _connect(url: str, parties: Parties) -> str:
    """A new connection; the two accounts have no other one that is active."""
    connection, now = uuid7(), now_ms()
    owner, partner = parties.owner.account_id, parties.partner.account_id

    def unit(conn: Connection) -> str:
        for account, other, direction in ((owner, partner, "OUTGOING"), (partner, owner, "INCOMING")):
            insert_connection(
                conn, account, id=connection, partner_id=other, direction=direction, status="ACTIVE",
                relationship="PARTNER", invited_at=now, expires_at=now, responded_at=now,
            )  # fmt: skip
        return connection

    return _write(url, unit)


def _write(url: str, unit: Callable[[Connection], T]) -> T:
    async def write() -> T:
        database = open_database(url)
        await database.open()
        try:
            return await database.write(unit)
        finally:
            await database.close()

    return asyncio.run(write())


def _delays(
    url: str,
    address: str,
    parties: Parties,
    here: http.client.HTTPConnection,
    there: http.client.HTTPConnection,
    trials: int,
) -> list[float]:
    """Milliseconds from the answer to a withdrawal or revocation here to the first 404 there, one per trial."""
    owner, partner = (fetch_token(address, *account.clients[0]) for account in (parties.owner, parties.partner))
    shown = f"/shared/products/{parties.product}"
    connection, delays = _connect(url, parties), []
    for number in range(trials):
        body = {"type": "PRODUCT", "productId": parties.product}
        share = _ask(here, "POST", f"/connections/{connection}/shares", owner, 201, body)["data"]["id"]
        _ask(there, "GET", shown, partner, 200)
        if number % 2:
            _ask(here, "POST", f"/connections/{connection}/revoke", owner, 200)
        else:
            _ask(here, "DELETE", f"/shares/{share}", owner, 204)
        ended = time.perf_counter()
        while _status(there, "GET", shown, partner)[0] != 404:
            if time.perf_counter() - ended > GIVE_UP_S:
                raise RuntimeError(f"an ended share was shown for {GIVE_UP_S} s")
        delays.append((time.perf_counter() - ended) * 1_000)
        if number % 2:
            connection = _connect(url, parties)
    _ask(here, "POST", f"/connections/{connection}/revoke", owner, 200)
    return delays


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, bearer: str, expected: int, body: Any = None
) -> Any:
    status, content = _status(connection, method, path, bearer, body)
    if status != expected:
        raise RuntimeError(f"{method} {path} was answered with {status}")
    return json.loads(content or b"null")


def _status(
    connection: http.client.HTTPConnection, method: str, path: str, bearer: str, body: Any = None
) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    connection.request(method, API + path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read()


if __name__ == "__main__":
    report(measure())
