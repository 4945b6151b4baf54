"""What does the guard cost for a token seen before, and the guarded read of a product? `python -m bench.guard`."""

import asyncio
import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from bench.processes import floor, pin_to_server_core, service, wrk
from bench.report import Figure, report
from bench.seed import PASSWORD, Seeded, seed
from linkxg.db import open_database
from linkxg.tokens.guard import Guard
from linkxg.tokens.keys import KeyRing
from linkxg.tokens.mint import Minter
from linkxg.tokens.revoke import Revocations
from linkxg.tokens.verify import Verifier
from linkxg.web.exchange import Exchange

ROUNDS, SECONDS, CALLS = 3, 4, 20_000


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """One worker, SQLite, 32 connections, 100 clients with a token each."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=100, people=1)
        return [*guarded_read(data_dir, made, rounds), asyncio.run(_seen_token(data_dir, made))]


def guarded_read(data_dir: Path, made: Seeded, rounds: int) -> list[Figure]:
    """`GET /products/{id}` beside a bare reply."""
    with floor() as base_url, service(data_dir) as url:
        api = f"{url}/api/v1"
        target, _ = create_product(api, made.emails[0])
        tokens = data_dir / "tokens"
        tokens.write_text("\n".join(_token(api, *client) for client in made.clients))
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
    return [Figure("GET /products/{id} with a bearer token, SQLite", ratio, 0.14, note)]


async def _seen_token(data_dir: Path, made: Seeded) -> Figure:
    """The guard alone: header, digest, change feed, revocations."""
    database = open_database(f"sqlite:///{data_dir / 'linkxg.db'}")
    await database.open()
    try:
        keys = KeyRing(data_dir)
        minter = Minter(keys, "http://bench", "http://bench/api/v1")
        verifier = Verifier(keys, Revocations(database.feed), database.feed, "http://bench", "http://bench/api/v1")
        token = minter.for_client(made.clients[0][0], made.account_id, "products:read", 0, "secret", None).access_token
        headers = [(b"host", b"bench"), (b"user-agent", b"bench"), (b"authorization", b"Bearer " + token.encode())]
        guard = Guard(verifier, lambda principal, scope: None)
        with pin_to_server_core():
            best = min(_per_call(guard, headers) for _ in range(5))
    finally:
        await database.close()
    return Figure("the guard, token seen before (µs)", best, 10.0, "change feed asked each time", at_most=True)


def _per_call(guard: Guard, headers: list[tuple[bytes, bytes]]) -> float:
    async def receive() -> None:
        return None

    started = time.perf_counter()
    for _ in range(CALLS):
        guard.authenticate(Exchange("GET", "bench", "127.0.0.1", headers, receive))
    return (time.perf_counter() - started) / CALLS * 1e6


def create_product(api: str, email: str) -> tuple[str, str]:
    """The address of a new product, and the access token of the person who made it."""
    bearer = _post(f"{api}/auth/login", {"email": email, "password": PASSWORD})["data"]["accessToken"]
    product = {"sku": "B-1", "name": "Bench", "brand": "Bench", "attributes": {"colour": "red", "weight": 12}}
    return f"{api}/products/{_post(f'{api}/products', product, bearer)['data']['id']}", bearer


def _post(url: str, body: Mapping[str, object], bearer: str | None = None) -> dict[str, dict[str, str]]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        found: dict[str, dict[str, str]] = json.load(response)
        return found


def _token(api: str, client: str, secret: str) -> str:
    form = f"grant_type=client_credentials&client_id={client}&client_secret={secret}".encode()
    with urllib.request.urlopen(f"{api}/oauth/token", form) as response:
        token: str = json.load(response)["access_token"]
        return token


if __name__ == "__main__":
    report(measure())
