"""Measures `linkxg-guard` in front of a Starlette application. Run as `python -m bench.guarded_service`."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.api import API, post, sign_in
from bench.processes import free_port, pin_to_server_core, server_process, service, wrk
from bench.report import Figure, report
from bench.seed import seed
from linkxg.identity.tokens.keys import KeyRing, ensure_keys
from linkxg.identity.tokens.mint import Minter
from linkxg_guard import Guard, GuardSettings

ROUNDS, SECONDS, TOKENS = 3, 4, 2_000
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
            pairs = [_pair(settings, tokens) for _ in range(rounds)]
            seen_first = asyncio.run(_seen_first(data_dir, settings, made.clients[0][0], made.account_id))
    ratio = statistics.median(guarded / bare for bare, guarded in pairs)
    note = f"{statistics.median(g for _, g in pairs):,.0f}/s of {statistics.median(b for b, _ in pairs):,.0f}/s"
    return [Figure("Starlette behind linkxg-guard, tokens seen before", ratio, 0.9, note), seen_first]


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


def _pair(settings: dict[str, Any], tokens: Path) -> tuple[float, float]:
    """The rates without and with a guard, for the same requests."""
    rates = []
    for arguments in ([], ["guarded"]):
        with _app(settings, *arguments) as app:
            wrk(f"{app}/order", seconds=1, script="headers.lua", TOKENS=str(tokens))
            load = wrk(f"{app}/order", seconds=SECONDS, script="headers.lua", TOKENS=str(tokens))
        if load.errors:
            raise RuntimeError("the application answered with errors")
        rates.append(load.rate)
    return rates[0], rates[1]


@contextmanager
def _app(settings: dict[str, Any], *arguments: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "bench.guarded_app", str(port), *arguments]
    with server_process(command, port, {"GUARD": json.dumps(settings)}):
        yield f"http://127.0.0.1:{port}"


async def _seen_first(data_dir: Path, settings: dict[str, Any], client_id: str, account_id: str) -> Figure:
    """The guard alone, with tokens that it has never seen; beside it the signature alone."""
    minter = Minter(KeyRing(data_dir), settings["issuer"], f"{settings['issuer']}{API}")

    def mint() -> bytes:
        scope = "products:read"
        return minter.for_client(client_id, account_id, scope, 0, "secret", None, RESOURCE).access_token.encode()

    guard = Guard(GuardSettings(**settings))
    await guard.authenticate(b"Bearer " + mint(), "127.0.0.1", ["products:read"])
    best, base = float("inf"), float("inf")
    try:
        with pin_to_server_core():
            for _ in range(5):
                tokens = [mint() for _ in range(TOKENS)]
                started = time.perf_counter()
                for token in tokens:
                    guard.judge(token, "127.0.0.1")
                best = min(best, (time.perf_counter() - started) / TOKENS * 1e6)
                base = min(base, _signature_alone())
    finally:
        await guard.stop()
    note = f"OpenSSL's verification of the signature alone: {base:.1f} µs"
    return Figure("linkxg-guard, ES256 token seen first (µs)", best, 60.0, note, at_most=True)


def _signature_alone() -> float:
    key, message, algorithm = ec.generate_private_key(ec.SECP256R1()), b"x" * 600, ec.ECDSA(hashes.SHA256())
    signature, verify = key.sign(message, algorithm), key.public_key().verify
    started = time.perf_counter()
    for _ in range(TOKENS):
        verify(signature, message, algorithm)
    return (time.perf_counter() - started) / TOKENS * 1e6


if __name__ == "__main__":
    report(measure())
