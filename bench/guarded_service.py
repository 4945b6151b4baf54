"""Measures `linkxg-guard` in front of a Starlette application. Run as `python -m bench.guarded_service`."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psutil
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.api import API, post, sign_in
from bench.processes import free_port, pin_to_server_core, server_process, service, wrk
from bench.report import Figure, report
from bench.seed import seed
from linkxg.identity.tokens.keys import KeyRing, ensure_keys
from linkxg.identity.tokens.mint import Minter
from linkxg_guard import Guard, GuardSettings

ROUNDS, PAIRS, TOKENS, PART = 3, 8, 2_000, 50
RESOURCE = "https://bench.example/api"


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """One worker of each, 32 connections, 100 clients with an ES256 token each."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        ensure_keys(data_dir, "ES256")
        made = seed(data_dir, client_count=100, people=1)
        with service(data_dir, pinned=False, LINKXG_TOKEN_ALGORITHM="ES256") as url:
            owner = sign_in(url, made.emails[0])
            registered: dict[str, Any] = post(
                f"{url}{API}/oauth/clients", {"client_name": "Bench", "resource": RESOURCE}, owner
            )
            settings = {
                "issuer": url,
                "resource": RESOURCE,
                "client_id": registered["client_id"],
                "client_secret": registered["client_secret"],
            }
            tokens = data_dir / "tokens"
            tokens.write_text("\n".join(_token(url, *client) for client in made.clients))
            with _app(settings) as bare, _app(settings, "guarded") as guarded:
                for app in (bare, guarded):
                    _rate(app, tokens, 1)
                pairs = [_pair(bare, guarded, tokens, number) for number in range(rounds * PAIRS)]
            seen_first = asyncio.run(_seen_first(data_dir, settings, made.clients[0][0], made.account_id))
    (ratio, rates), (of_core, per_core) = _ratio(pairs, 0), _ratio(pairs, 1)
    return [
        Figure("Starlette behind linkxg-guard, tokens seen before", ratio, 0.9, f"{rates} requests a second"),
        Figure("the same, by the time that the core works", of_core, 0.9, f"{per_core} requests per second of it"),
        seen_first,
    ]


def _ratio(pairs: list[tuple[tuple[float, float], tuple[float, float]]], what: int) -> tuple[float, str]:
    """The median of guarded by bare, and the two."""
    bare, guarded = (statistics.median(pair[side][what] for pair in pairs) for side in (0, 1))
    return statistics.median(one[what] / base[what] for base, one in pairs), f"{guarded:,.0f} of {bare:,.0f}"


def _token(url: str, client: str, secret: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": "products:read",
        "resource": RESOURCE,
    }
    with urllib.request.urlopen(f"{url}{API}/oauth/token", urlencode(form).encode()) as response:
        token: str = json.load(response)["access_token"]
        return token


class App(NamedTuple):
    """A running application, with what it has used of its core."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)


@contextmanager
def _app(settings: dict[str, Any], *arguments: str) -> Iterator[App]:
    port = free_port()
    command = [sys.executable, "-m", "bench.guarded_app", str(port), *arguments]
    with server_process(command, port, {"GUARD": json.dumps(settings)}):
        (process,) = [one for one in psutil.process_iter(["cmdline"]) if str(port) in (one.info["cmdline"] or ())]
        yield App(f"http://127.0.0.1:{port}", process)


def _rate(app: App, tokens: Path, seconds: int) -> tuple[float, float]:
    """Requests per second of time, and per second of the core that the application used."""
    before, began = app.cpu_seconds(), time.perf_counter()
    load = wrk(f"{app.url}/order", seconds=seconds, script="headers.lua", TOKENS=str(tokens))
    used = app.cpu_seconds() - before
    if load.errors:
        raise RuntimeError("the application answered with errors")
    return load.rate, load.rate * min(seconds, time.perf_counter() - began) / used


def _pair(bare: App, guarded: App, tokens: Path, number: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """One short stretch of each, in either order: what else the machine does slows both down."""
    if number % 2:
        later = _rate(guarded, tokens, 1)
        return _rate(bare, tokens, 1), later
    return _rate(bare, tokens, 1), _rate(guarded, tokens, 1)


async def _seen_first(data_dir: Path, settings: dict[str, Any], client_id: str, account_id: str) -> Figure:
    """The guard alone, with tokens that it has never seen; beside it the signature alone."""
    minter = Minter(KeyRing(data_dir), settings["issuer"], f"{settings['issuer']}{API}")

    def mint() -> bytes:
        scope = "products:read"
        return minter.for_client(client_id, account_id, scope, 0, "secret", None, RESOURCE).access_token.encode()

    guard = Guard(GuardSettings(**settings, max_staleness_s=300))
    await guard.authenticate(b"Bearer " + mint(), "127.0.0.1", ["products:read"])
    best, base = float("inf"), float("inf")
    try:
        with pin_to_server_core():
            for _ in range(5):
                best = min(
                    best, _per_call(lambda token: guard.judge(token, "127.0.0.1"), [mint() for _ in range(TOKENS)])
                )
                base = min(base, _signature_alone())
    finally:
        await guard.stop()
    note = f"OpenSSL's verification of the signature alone: {base:.1f} µs"
    return Figure("linkxg-guard, ES256 token seen first (µs)", best, 60.0, note, at_most=True)


def _signature_alone() -> float:
    key, message, algorithm = ec.generate_private_key(ec.SECP256R1()), b"x" * 600, ec.ECDSA(hashes.SHA256())
    signature, verify = key.sign(message, algorithm), key.public_key().verify
    return _per_call(lambda _: verify(signature, message, algorithm), [b""] * TOKENS)


def _per_call(call: Callable[[bytes], object], tokens: list[bytes]) -> float:
    """Microseconds of the best part of them: no other process interrupted it."""
    best = float("inf")
    for start in range(0, len(tokens), PART):
        part = tokens[start : start + PART]
        began = time.perf_counter()
        for token in part:
            call(token)
        best = min(best, (time.perf_counter() - began) / len(part) * 1e6)
    return best


if __name__ == "__main__":
    report(measure())
