"""Measures refreshes on PostgreSQL against their raw statements in asyncpg, over as many connections.

Run as `python -m bench.refresh_postgres`.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg

from bench.postgres import cluster
from bench.processes import pin_to_server_core, service, wrk
from bench.refresh import CROWD, PERSON, ROTATE
from bench.report import Figure, report
from bench.seed import seed
from linkxg.db.postgres import POOL

ROUNDS, SECONDS = 3, 4


def measure(rounds: int = ROUNDS, seconds: int = SECONDS) -> list[Figure]:
    """64 people refresh at once; rounds alternate with the raw transactions, which are sent from the same core."""
    with tempfile.TemporaryDirectory() as folder, cluster() as database:
        data_dir = Path(folder)
        made = seed(data_dir, database, client_count=0, people=(rounds + 2) * CROWD)
        tokens = data_dir / "tokens"
        pairs = []
        with service(data_dir, LINKXG_DATABASE_URL=database) as url:
            for number in range(rounds):
                raw = asyncio.run(_raw_rate(database, seconds))
                crowd = made.refresh_tokens[number * CROWD : (number + 1) * CROWD]
                tokens.write_text("\n".join(crowd))
                load = wrk(
                    f"{url}/api/v1/auth/refresh",
                    connections=CROWD,
                    seconds=seconds,
                    script="refresh.lua",
                    TOKENS=str(tokens),
                )
                if load.errors:
                    raise RuntimeError(f"{load.errors} refreshes failed")
                pairs.append((raw, load.rate))
    ratio = statistics.median(ours / raw for raw, ours in pairs)
    note = f"{statistics.median(o for _, o in pairs):,.0f}/s of {statistics.median(r for r, _ in pairs):,.0f}/s"
    return [Figure(f"refresh, PostgreSQL, beside raw asyncpg over {POOL} connections", ratio, 0.5, note)]


async def _raw_rate(database: str, seconds: float) -> float:
    """Transactions a second of the two statements of a refresh, each with its own commit."""
    pool = await asyncpg.create_pool(database, min_size=POOL, max_size=POOL)
    rotate, person = _numbered(ROTATE), _numbered(PERSON)
    rows = await pool.fetch("select id, generation from sessions order by id desc limit $1", CROWD)
    shares = [[list(row) for row in rows[number::POOL]] for number in range(POOL)]
    done, now = 0, int(time.time() * 1000)
    with pin_to_server_core():
        started = time.perf_counter()

        async def work(share: list[list[object]]) -> None:
            nonlocal done
            async with pool.acquire() as connection:
                while True:
                    for row in share:
                        if time.perf_counter() - started > seconds:
                            return
                        session, generation = row
                        async with connection.transaction():
                            values = (b"x" * 32, now + 10**9, now, "127.0.0.1", session, generation, now, now)
                            user, epoch = await connection.fetchrow(rotate, *values)
                            await connection.fetchrow(person, user, epoch)
                        row[1] = int(str(generation)) + 1
                        done += 1

        await asyncio.gather(*(work(share) for share in shares))
        elapsed = time.perf_counter() - started
    await pool.close()
    return done / elapsed


def _numbered(statement: str) -> str:
    """SQLite's question marks as PostgreSQL's numbered parameters, its integers as truth values."""
    parts = statement.replace("disabled = 0", "not disabled").split("?")
    return "".join(part + (f"${number}" if number < len(parts) else "") for number, part in enumerate(parts, start=1))


if __name__ == "__main__":
    report(measure())
