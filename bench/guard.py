"""Measures the guard for a token seen before, and a guarded read of a product. Run as `python -m bench.guard`."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bench.api import fetch_token, make_product
from bench.processes import floor, pin_to_server_core, service, wrk
from bench.report import Figure, report
from bench.seed import Seeded, seed
from linkxg.db import open_database
from linkxg.http.client_ip import ClientAddresses
from linkxg.http.permissions import RecentAuthentication
from linkxg.http.rate_budgets import Budgets
from linkxg.http.rate_limits import open_limits
from linkxg.http.request_context import RequestContext
from linkxg.identity.sender_constraint.check_sender import sender_constraint
from linkxg.identity.tokens.guard import Guard
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.mint import Minter
from linkxg.identity.tokens.model import Principal
from linkxg.identity.tokens.revoke import Revocations
from linkxg.identity.tokens.verify import Verifier

ROUNDS, SECONDS, CALLS = 3, 4, 20_000


def guard_alone() -> list[Figure]:
    """The guard without HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        return [asyncio.run(seen_token(data_dir, seed(data_dir, client_count=1, people=1)))]


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """One worker, SQLite, 32 connections, 100 clients with a token each."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=100, people=1)
        return [*guarded_read(data_dir, made, rounds), asyncio.run(seen_token(data_dir, made))]


def guarded_read(data_dir: Path, made: Seeded, rounds: int) -> list[Figure]:
    """`GET /products/{id}` beside a bare reply."""
    with floor() as base_url, service(data_dir) as url:
        target = url + make_product(url, made.emails[0])
        tokens = data_dir / "tokens"
        tokens.write_text("\n".join(fetch_token(url, *client) for client in made.clients))
        wrk(target, seconds=2, script="headers.lua", TOKENS=str(tokens))
        pairs = []
        for _ in range(rounds):
            base = wrk(base_url, seconds=SECONDS)
            ours = wrk(target, seconds=SECONDS, script="headers.lua", TOKENS=str(tokens))
            if ours.errors:
                raise RuntimeError("the service answered guarded reads with errors")
            pairs.append((base.rate, ours.rate))
    ratio = statistics.median(ours / base for base, ours in pairs)
    note = f"{statistics.median(o for _, o in pairs):,.0f}/s of {statistics.median(b for b, _ in pairs):,.0f}/s"
    return [Figure("GET /products/{id} with a bearer token, SQLite", ratio, 0.22, note)]


async def seen_token(data_dir: Path, made: Seeded) -> Figure:
    """The guard alone: header, digest, invalidation feed, revocations."""
    database = open_database(f"sqlite:///{data_dir / 'linkxg.db'}")
    await database.open()
    try:
        keys = KeyRing(data_dir)
        minter = Minter(keys, "http://bench", "http://bench/api/v1")
        verifier = Verifier(keys, Revocations(database.feed), database.feed, "http://bench", "http://bench/api/v1")
        token = minter.for_client(made.clients[0][0], made.account_id, "products:read", 0, "secret", None).access_token
        headers = [(b"host", b"bench"), (b"user-agent", b"bench"), (b"authorization", b"Bearer " + token.encode())]
        budgets = Budgets(open_limits("memory://", 1_000_000.0), 1_000_000.0)

        async def require_recent(principal: Principal, recent: RecentAuthentication) -> None:
            """No account requires it here."""

        guard = Guard(
            verifier,
            lambda principal, scope: None,
            lambda principal, context, error: None,
            budgets,
            require_recent,
            sender_constraint(database, b"bench", (), "", ClientAddresses(())),
        )
        with pin_to_server_core():
            best = min(_per_call(guard, headers) for _ in range(5))
    finally:
        await database.close()
    return Figure("the guard, token seen before (µs)", best, 5.0, "invalidation feed checked each time", at_most=True)


def _per_call(guard: Guard, headers: list[tuple[bytes, bytes]]) -> float:
    async def receive() -> None:
        return None

    started = time.perf_counter()
    for _ in range(CALLS):
        guard.authenticate(RequestContext("GET", "bench", "127.0.0.1", headers, receive))
    return (time.perf_counter() - started) / CALLS * 1e6


if __name__ == "__main__":
    report(measure())
