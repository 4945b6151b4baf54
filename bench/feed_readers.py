"""Measures other requests of a worker while 200 readers wait for its feeds. Run as `python -m bench.feed_readers`.

Four writers publish products that 25 accounts see; eight readers of each account follow its feed by long polls. One
client asks for tokens and one person signs in, one request after the other, with the readers and without them.
"""

import asyncio
import json
import math
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from bench.api import API, fetch_token
from bench.postgres import cluster
from bench.processes import service
from bench.report import Figure, report
from bench.seed import PASSWORD, Seeded, insert_client, seed
from linkxg.audit.store import insert_head
from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.products.share_store import insert_share
from linkxg.db import Database, open_database
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7

ROUNDS, SECONDS, SETTLE_S, RETRY_S = 3, 6, 2.0, 1.0
WRITERS, VIEWERS, READERS_OF_VIEWER, WAIT_S = 4, 25, 8, 30
TOKEN_PAUSE_S, LOGIN_PAUSE_S = 0.005, 0.25


class Unavailable(RuntimeError):
    """503 with Retry-After."""


class Call(NamedTuple):
    """Requests on a connection of its own; any answer but 2xx raises RuntimeError."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def json(self, method: str, path: str, bearer: str = "", body: Any = None, form: str = "") -> Any:
        content = form.encode() if form else b"" if body is None else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        fields = [f"{method} {API}{path} HTTP/1.1", "Host: bench", f"Content-Length: {len(content)}"]
        fields += [f"Content-Type: {kind}"] if content else []
        fields += [f"Authorization: Bearer {bearer}"] if bearer else []
        self.writer.write("\r\n".join([*fields, "", ""]).encode() + content)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        lengths = [field.partition(":")[2] for field in head if field.lower().startswith("content-length:")]
        found = json.loads(await self.reader.readexactly(int(lengths[0])))
        if not head[0].startswith("HTTP/1.1 2"):
            is_busy = head[0].startswith("HTTP/1.1 503 ") and any(field.startswith("retry-after:") for field in head)
            raise (Unavailable if is_busy else RuntimeError)(
                f"{method} {path.partition('?')[0]}: {head[0]} {found.get('error_description')}"
            )
        return found


async def connect(address: str) -> Call:
    host, _, port = address.removeprefix("http://").partition(":")
    return Call(*await asyncio.open_connection(host, int(port)))


class Setting(NamedTuple):
    """`viewers` are clients, as (id, secret), of the accounts that see the products."""

    address: str
    made: Seeded
    viewers: list[tuple[str, str]]


def measure(rounds: int = ROUNDS, seconds: int = SECONDS) -> list[Figure]:
    """On both engines."""
    figures = _measure_on(None, "SQLite", rounds, seconds)
    with cluster() as database:
        return figures + _measure_on(database, "PostgreSQL", rounds, seconds)


def _measure_on(database: str | None, engine: str, rounds: int, seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        url = database or f"sqlite:///{data_dir / 'linkxg.db'}"
        made = seed(data_dir, url, client_count=1, people=1)
        viewers = asyncio.run(_share(url, made.account_id))
        with service(data_dir, LINKXG_DATABASE_URL=url) as address:
            return asyncio.run(_rounds(Setting(address, made, viewers), engine, rounds, seconds))


async def _share(url: str, owner_id: str) -> list[tuple[str, str]]:
    """New accounts to which the owner shows every product."""
    database = open_database(url)
    await database.open()
    try:
        return [await _viewer(database, owner_id) for _ in range(VIEWERS)]
    finally:
        await database.close()


async def _viewer(database: Database, owner_id: str) -> tuple[str, str]:
    def unit(conn: Connection) -> tuple[str, str]:
        viewer = Seeded(uuid7(), [], [], [])
        insert_account(conn, viewer.account_id, "Viewer", 0)
        insert_head(conn, viewer.account_id)
        insert_client(conn, viewer)
        insert_share(
            conn, owner_id, id=uuid7(), type="ALL", viewer_id=viewer.account_id, connection_id=uuid7(), created_at=0,
            versions="LATEST", traceability="NONE", trace_tiers=0, passport_roles="[]", created_by="bench",
        )  # fmt: skip
        return viewer.clients[0]

    return await database.write(unit)


async def _rounds(setting: Setting, engine: str, rounds: int, seconds: int) -> list[Figure]:
    """Rounds with readers alternate with rounds without."""
    bearers = [await asyncio.to_thread(fetch_token, setting.address, *viewer) for viewer in setting.viewers]
    owner = await asyncio.to_thread(fetch_token, setting.address, *setting.made.clients[0])
    products = [await _new_product(setting.address, owner, number) for number in range(WRITERS)]
    alone, beside = [], []
    for _ in range(rounds):
        alone.append(await _round(setting, owner, products, [], seconds))
        beside.append(await _round(setting, owner, products, bearers * READERS_OF_VIEWER, seconds))
    name = f"{VIEWERS * READERS_OF_VIEWER} waiting readers, {engine}"
    seen = statistics.median(one.entries for one in beside) / seconds
    written = statistics.median(one.published for one in beside) / seconds
    return [
        _ratio(
            f"token p99 beside {name}, by none", [one.token_p99 for one in alone], [one.token_p99 for one in beside]
        ),
        _ratio(f"sign-in beside {name}, by none", [one.login for one in alone], [one.login for one in beside]),
        Figure(f"entries read a second, {name}", seen, 0, f"of {written:,.0f} publications a second over HTTP"),
        Figure(f"readers sent away with 503, {name}", sum(one.refused for one in beside), 0, "", at_most=True),
    ]


def _ratio(name: str, alone: list[float], beside: list[float]) -> Figure:
    ratio = statistics.median(one / other for one, other in zip(beside, alone, strict=True))
    return Figure(name, ratio, 0, f"{statistics.median(beside):.1f} ms of {statistics.median(alone):.1f} ms")


class Round(NamedTuple):
    """Latencies in milliseconds."""

    token_p99: float
    login: float
    published: int
    entries: int
    refused: int


async def _round(setting: Setting, owner: str, products: list[str], bearers: list[str], seconds: int) -> Round:
    counts = {"published": 0, "entries": 0, "refused": 0}
    client_id, secret = setting.made.clients[0]
    form = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
    credentials = {"email": setting.made.emails[0], "password": PASSWORD}
    following = [asyncio.create_task(_follow(setting.address, bearer, counts)) for bearer in bearers]
    writing: list[asyncio.Task[None]] = []
    try:
        # Until every reader waits.
        await asyncio.sleep(SETTLE_S)
        writing += [asyncio.create_task(_publish(setting.address, owner, product, counts)) for product in products]
        tokens, logins = await asyncio.gather(
            _repeat(setting.address, seconds, TOKEN_PAUSE_S, lambda call: call.json("POST", "/oauth/token", form=form)),
            _repeat(
                setting.address, seconds, LOGIN_PAUSE_S, lambda call: call.json("POST", "/auth/login", "", credentials)
            ),
        )
        for task in (*writing, *following):
            if task.done():
                await task
    finally:
        for task in (*writing, *following):
            task.cancel()
        await asyncio.gather(*writing, *following, return_exceptions=True)
    return Round(sorted(tokens)[math.ceil(0.99 * len(tokens)) - 1], statistics.median(logins), **counts)


async def _repeat(address: str, seconds: int, pause: float, ask: Callable[[Call], Awaitable[Any]]) -> list[float]:
    call, latencies = await connect(address), []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        await ask(call)
        latencies.append((time.perf_counter() - began) * 1_000)
        await asyncio.sleep(pause)
    call.writer.close()
    return latencies


async def _new_product(address: str, bearer: str, number: int) -> str:
    call = await connect(address)
    content = {
        "name": "Hex bolt", "facility": {"name": "Works", "gln": "4012345000009"}, "countryOfProduction": "DE",
        "category": {"code": "1", "name": "Fasteners", "schemeId": "https://gpc.example/", "schemeName": "GPC"},
    }  # fmt: skip
    digits = f"40000{number:07}"
    product = {"sku": f"F-{number}", "gtin": digits + str(check_digit(digits)), "content": content}
    made = await call.json("POST", "/products", bearer, product)
    call.writer.close()
    return str(made["data"]["id"])


async def _publish(address: str, bearer: str, product: str, counts: dict[str, int]) -> None:
    """Change the product and publish it, again and again."""
    call = await connect(address)
    while True:
        brand = {"content": {"brand": f"Brand {time.monotonic_ns()}"}}
        await call.json("PATCH", f"/products/{product}", bearer, brand)
        await call.json("POST", f"/products/{product}/publish", bearer)
        counts["published"] += 1


async def _follow(address: str, bearer: str, counts: dict[str, int]) -> None:
    """Wait for entries after the cursor, and read on."""
    call = await connect(address)
    path = "/shared/changes?start=newest"
    while True:
        try:
            page = await call.json("GET", path, bearer)
        except Unavailable:
            counts["refused"] += 1
            await asyncio.sleep(RETRY_S)
            continue
        counts["entries"] += len(page["data"])
        path = f"/shared/changes?wait={WAIT_S}&limit=200&cursor={page['pagination']['nextCursor']}"


if __name__ == "__main__":
    report(measure())
