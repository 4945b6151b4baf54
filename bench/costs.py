"""Measures what each operation costs the worker, the database and its log. Run as `python -m bench.costs`.

Processor time is counted, not wall-clock time, so other load on the machine distorts little. The figures go to
bench/costs.json: the inputs of `python -m bench.capacity` and of `python -m bench.simulation`.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import psutil

from bench.api import API, fetch_token, make_product
from bench.populate import populate
from bench.postgres import cluster
from bench.processes import service, wrk
from bench.seed import PASSWORD, Seeded, seed
from linkxg.db.postgres import CHANNEL
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.mint import Minter

FILE = Path(__file__).parent / "costs.json"
SECONDS, CONNECTIONS, CROWD = 4, 16, 64
NOTICES, LISTENERS = 500, 60
FEW, SELDOM = 100, 60_000
ISSUER = "http://127.0.0.1:8000"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Cost:
    """Of one operation: microseconds of processor time in the worker and in PostgreSQL, bytes of its WAL."""

    worker_us: float
    database_us: float
    wal_bytes: float


@dataclass(frozen=True)
class Costs:
    """`operations` on PostgreSQL, `embedded` on SQLite (worker only); `idle` is a second of an idle worker.

    `look` is one query of a worker to the invalidation feed. `notice_us` is what a NOTIFY costs PostgreSQL for each
    listener beyond the first; `commit_ms` the duration of a lone commit; commits with a NOTIFY are serialised.
    """

    operations: dict[str, Cost]
    embedded: dict[str, Cost]
    idle: Cost
    look: Cost
    notice_us: float
    commit_ms: float


def load() -> Costs:
    """The last measurement."""
    found = json.loads(FILE.read_text())
    tables = {name: {work: Cost(**cost) for work, cost in found[name].items()} for name in ("operations", "embedded")}
    return Costs(
        operations=tables["operations"],
        embedded=tables["embedded"],
        idle=Cost(**found["idle"]),
        look=Cost(**found["look"]),
        notice_us=found["notice_us"],
        commit_ms=found["commit_ms"],
    )


def measure(seconds: int = SECONDS) -> Costs:
    with tempfile.TemporaryDirectory() as folder:
        embedded = _operations(Path(folder), None, seconds)
    with tempfile.TemporaryDirectory() as folder, cluster() as database:
        operations = _operations(Path(folder), database, seconds)
        with service(Path(folder), LINKXG_DATABASE_URL=database) as url:
            idle = idle_cost(url, database)
            look, notice_us, commit_ms = asyncio.run(_feed(url, database, idle))
    return Costs(operations, embedded, idle, look, notice_us, commit_ms)


def _operations(data_dir: Path, database: str | None, seconds: int) -> dict[str, Cost]:
    made = seed(data_dir, database, client_count=FEW, people=CROWD)
    seldom = populate(data_dir, made.account_id, database, clients=SELDOM, sample=SELDOM).clients
    # Tokens to revoke are minted here rather than requested, so the issuer must be known.
    settings = {"LINKXG_PUBLIC_URL": ISSUER} | ({"LINKXG_DATABASE_URL": database} if database else {})
    costs = {}
    with service(data_dir, workers=1, pinned=True, **settings) as url:
        works = _steps(url, data_dir, made, seldom)
        idle = idle_cost(url, database)
        for name, steps in works.items():
            file = data_dir / "steps"
            file.write_text("\n".join(steps))
            asked = {"STEPS": str(file)}
            if name == "refresh":
                (data_dir / "crowd").write_text("\n".join(made.refresh_tokens))
                line = f'POST\t{API}/auth/refresh\t\t{JSON}\t{{"refreshToken":"{{token}}"}}'
                asked |= {"EVERY": "1", "CROWD": str(data_dir / "crowd"), "REFRESH": line}
            with counted(url, database) as spent:
                load = wrk(url, connections=CONNECTIONS, seconds=seconds, script="steps.lua", cores=None, **asked)
                # Usage counts are written every two seconds: the last of them belong to these requests.
                time.sleep(2.5)
            if load.errors:
                raise RuntimeError(f"{name}: {load.errors} requests failed")
            costs[name] = spent.per(load.rate * seconds, idle)
            sys.stderr.write(f"{name}: {costs[name]}\n")
    return costs


def idle_cost(url: str, database: str | None) -> Cost:
    """The cost of an idle second, after earlier usage counts have been written."""
    time.sleep(4)
    with counted(url, database) as spent:
        time.sleep(5)
    return spent.per(spent.seconds)


def _steps(url: str, data_dir: Path, made: Seeded, seldom: list[tuple[str, str]]) -> Mapping[str, list[str]]:
    forms = [f"client_id={c}&client_secret={s}" for c, s in made.clients]
    tokens = [fetch_token(url, *client) for client in made.clients]
    product = make_product(url, made.emails[0])
    minter, first = Minter(KeyRing(data_dir), ISSUER, f"{ISSUER}{API}"), made.clients[0][0]
    doomed = [
        minter.for_client(first, made.account_id, "products:read", 0, "s", None).access_token for _ in range(30_000)
    ]
    logins = [json.dumps({"email": email, "password": PASSWORD}) for email in made.emails]
    token = f"POST\t{API}/oauth/token\t\t{FORM}\tgrant_type=client_credentials&"
    return {
        "token": [token + form for form in forms],
        "token, client seldom seen": [f"{token}client_id={c}&client_secret={s}" for c, s in seldom],
        "introspection": [
            f"POST\t{API}/oauth/introspect\t\t{FORM}\ttoken={token}&{form}"
            for token, form in zip(tokens, forms, strict=False)
        ],
        "read": [f"GET\t{product}\tBearer {token}\t\t" for token in tokens],
        "refresh": [],
        "sign-in": [f"POST\t{API}/auth/login\t\t{JSON}\t{login}" for login in logins],
        "revocation": [f"POST\t{API}/oauth/revoke\t\t{FORM}\ttoken={token}&{forms[0]}" for token in doomed],
    }


class Counted:
    """The resources used between two points in time."""

    def __init__(self) -> None:
        self.worker = self.database = self.wal = self.seconds = 0.0

    def per(self, count: float, idle: Cost | None = None) -> Cost:
        """Divided by `count`, less the cost of being idle."""
        anyway = self.seconds if idle else 0.0
        idle = idle or Cost(0.0, 0.0, 0.0)
        return Cost(
            round(max(0.0, self.worker * 1e6 - anyway * idle.worker_us) / count, 1),
            round(max(0.0, self.database * 1e6 - anyway * idle.database_us) / count, 1),
            round(max(0.0, self.wal - anyway * idle.wal_bytes) / count, 1),
        )


@contextmanager
def counted(url: str, database: str | None) -> Iterator[Counted]:
    found, before, started = Counted(), _state(url, database), time.monotonic()
    yield found
    found.seconds = time.monotonic() - started
    after = _state(url, database)
    found.worker, found.database, found.wal = (now - then for then, now in zip(before, after, strict=True))


def _state(url: str, database: str | None) -> tuple[float, float, float]:
    """Processor seconds of the worker and of PostgreSQL so far, and the WAL position."""
    worker = _used(_listening(url))
    if database is None:
        return worker, 0.0, 0.0
    postmaster = psutil.Process(_listening(database.rpartition("/")[0]))
    used = sum(_used(process.pid) for process in (postmaster, *postmaster.children()))

    async def written() -> float:
        connection = await asyncpg.connect(database)
        try:
            return float(await connection.fetchval("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))
        finally:
            await connection.close()

    return worker, used, asyncio.run(written())


def _listening(url: str) -> int:
    port = int(url.rpartition(":")[2])
    found = [c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.status == "LISTEN"]
    return int(found[0].pid)


def _used(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def _feed(url: str, database: str, idle: Cost) -> tuple[Cost, float, float]:
    """A worker's look after a NOTIFY; what each further listener costs the server; a lone commit in milliseconds."""
    connection = await asyncpg.connect(database)
    await connection.execute("create table if not exists bench_commit (n bigint)")
    started = time.perf_counter()
    for n in range(200):
        await connection.execute("insert into bench_commit values ($1)", n)
    commit_ms = (time.perf_counter() - started) / 200 * 1000
    one = await asyncio.to_thread(_during, url, database, idle, connection, asyncio.get_running_loop())
    listeners = [await asyncpg.connect(database) for _ in range(LISTENERS)]
    for listener in listeners:
        await listener.add_listener(CHANNEL, lambda *_: None)
    many = await asyncio.to_thread(_during, url, database, idle, connection, asyncio.get_running_loop())
    for listener in listeners:
        await listener.close()
    await connection.execute("drop table bench_commit")
    await connection.close()
    return one, round(max(0.0, many.database_us - one.database_us) / LISTENERS, 2), round(commit_ms, 3)


def _during(
    url: str, database: str, idle: Cost, connection: asyncpg.Connection, loop: asyncio.AbstractEventLoop
) -> Cost:
    """Per NOTIFY, with time enough between two that each is looked at."""

    async def notify() -> None:
        for _ in range(NOTICES):
            await connection.execute(f"notify {CHANNEL}")
            await asyncio.sleep(0.005)

    with counted(url, database) as spent:
        asyncio.run_coroutine_threadsafe(notify(), loop).result()
    return spent.per(NOTICES, idle)


if __name__ == "__main__":
    FILE.write_text(json.dumps(asdict(measure()), indent=2) + "\n")
    sys.stdout.write(FILE.read_text())
