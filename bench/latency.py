"""Measures latency at half load, without and with purging. Run as `python -m bench.latency`."""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.populate import populate
from bench.processes import Load, free_port, server_process, wrk
from bench.report import Figure, report
from bench.seed import seed, token_bodies
from linkxg.clock import DAY, now_ms

ROUNDS, SECONDS = 3, 6
CONNECTIONS = 64
EXPIRED = 200_000


def measure(rounds: int = ROUNDS, seconds: int = SECONDS) -> list[Figure]:
    """Random arrivals at half of the capacity; one worker, SQLite.

    The purge runs every quarter of a second, over more expired sessions than it can delete, so that each measurement
    includes many of its batches.
    """
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir)
        bodies = token_bodies(data_dir, made)
        populate(data_dir, made.account_id, sessions=EXPIRED, people=EXPIRED // 20, expired_before=now_ms() - 60 * DAY)
        idle, purging = [], []
        with _service(data_dir, 3600.0) as quiet, _service(data_dir, 0.25) as eager:
            for number in range(rounds):
                if number == 0:
                    pause = _pause_for_half(quiet, bodies)
                idle.append(_paced(quiet, bodies, pause, seconds))
                purging.append(_paced(eager, bodies, pause, seconds))
    spread = statistics.median(load.p99 / load.p50 for load in idle)
    house = statistics.median(b.p99 / c.p99 for b, c in zip(purging, idle, strict=True))
    p50, p99, kept = (
        statistics.median(values) for values in ([c.p50 for c in idle], [c.p99 for c in idle], [b.p99 for b in purging])
    )
    rate = statistics.median(load.rate for load in idle)
    return [
        Figure(
            "token p99 at half load beside its p50",
            spread,
            4.0,
            f"{p99:.2f} ms of {p50:.2f} ms at {rate:,.0f}/s",
            at_most=True,
        ),
        Figure(
            "token p99 during housekeeping beside without", house, 2.0, f"{kept:.2f} ms of {p99:.2f} ms", at_most=True
        ),
    ]


@contextmanager
def _service(data_dir: Path, every_s: float) -> Iterator[str]:
    port = free_port()
    environment = {"LINKXG_LIMIT_SCALE": "1000000", "LINKXG_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "bench.fast_purge", str(every_s), "serve", "--port", str(port)]
    with server_process(command, port, environment):
        yield f"http://127.0.0.1:{port}/api/v1/oauth/token"


def _pause_for_half(target: str, bodies: Path) -> float:
    """The pause of each connection for half of the capacity in total."""
    most = wrk(target, connections=CONNECTIONS, seconds=3, script="bodies.lua", BODIES=str(bodies)).rate
    pause = CONNECTIONS / (most / 2) * 1000
    for _ in range(3):
        got = _paced(target, bodies, pause, 2).rate
        pause *= got / (most / 2)
    return pause


def _paced(target: str, bodies: Path, pause: float, seconds: int) -> Load:
    load = wrk(
        target, connections=CONNECTIONS, seconds=seconds, script="paced.lua", BODIES=str(bodies), PAUSE=f"{pause:.3f}"
    )
    if load.errors:
        raise RuntimeError("the service answered token requests with errors")
    time.sleep(0.2)
    return load


if __name__ == "__main__":
    report(measure())
