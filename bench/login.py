"""Measures sign-ins against their hash, and tokens during a sign-in storm. Run as `python -m bench.login`."""

import os
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from argon2 import PasswordHasher

from bench.processes import Load, pin_to_server_core, service, wrk
from bench.report import Figure, report
from bench.seed import PASSWORD, seed, token_bodies
from linkxg.crypto.passwords import PARAMETERS

ROUNDS, SECONDS = 3, 6
ATTEMPTS = 16


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """The server has every core; its hash threads run at low priority."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=1_000)
        logins, tokens = data_dir / "logins", token_bodies(data_dir, made)
        logins.write_text("\n".join(f'{{"email":"{email}","password":"{PASSWORD}"}}' for email in made.emails))
        ratios, idle, storm_p99, rates = [], [], [], []
        with service(data_dir, pinned=False) as url:
            token_load = {"connections": 4, "script": "bodies.lua", "BODIES": str(tokens)}
            for _ in range(rounds):
                raw = raw_rate()
                alone = _storm(url, logins)
                ratios.append(alone.rate / raw)
                rates.append((alone.rate, raw))
                idle.append(wrk(f"{url}/api/v1/oauth/token", seconds=SECONDS, **token_load).p99)  # type: ignore[arg-type]
                storm = threading.Thread(target=_storm, args=(url, logins, SECONDS + 2))
                storm.start()
                time.sleep(1)
                storm_p99.append(wrk(f"{url}/api/v1/oauth/token", seconds=SECONDS, **token_load).p99)  # type: ignore[arg-type]
                storm.join()
    rate, raw = (statistics.median(column) for column in zip(*rates, strict=True))
    idle_ms, busy_ms = statistics.median(idle), statistics.median(storm_p99)
    return [
        Figure(
            "sign-ins beside raw argon2id on all cores", statistics.median(ratios), 0.85, f"{rate:.0f}/s of {raw:.0f}/s"
        ),
        Figure(
            "token p99 in a sign-in storm beside idle",
            busy_ms / idle_ms,
            5.0,
            f"{busy_ms:.1f} ms of {idle_ms:.1f} ms",
            at_most=True,
        ),
    ]


def raw_rate(seconds: float = 4.0, threads: int = os.cpu_count() or 1) -> float:
    """argon2id verifications a second; one thread runs on the core of the server, several on all cores."""
    with pin_to_server_core() if threads == 1 else nullcontext():
        return _hashes(seconds, threads)


def _hashes(seconds: float, threads: int) -> float:
    hasher = PasswordHasher(**PARAMETERS)
    stored = hasher.hash(PASSWORD)
    until = time.perf_counter() + seconds

    def work() -> int:
        done = 0
        while time.perf_counter() < until:
            hasher.verify(stored, PASSWORD)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: work(), range(threads))) / seconds


def _storm(url: str, logins: Path, seconds: int = SECONDS) -> Load:
    load = wrk(
        f"{url}/api/v1/auth/login",
        connections=ATTEMPTS,
        seconds=seconds,
        script="bodies.lua",
        BODIES=str(logins),
        CONTENT_TYPE="application/json",
    )
    if load.errors:
        raise RuntimeError(f"{load.errors} sign-ins failed")
    return load


if __name__ == "__main__":
    report(measure())
