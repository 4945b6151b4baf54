"""Measures how throughput scales to a second worker. Run as `python -m bench.workers`.

On a machine of two cores the load generator uses part of one, so the rate is divided by the cores that were left to
the service. A worker that is idle, or waits for the other, lowers the figure.
"""

import os
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Load, service, wrk
from bench.report import Figure, report
from bench.seed import seed, token_bodies

ROUNDS, SECONDS = 3, 4


@dataclass(frozen=True)
class _Run:
    rate: float
    cores: float

    @property
    def per_core(self) -> float:
        return self.rate / self.cores


def measure(rounds: int = ROUNDS, seconds: int = SECONDS) -> list[Figure]:
    """Token requests over 64 connections; rounds of one and of two workers alternate."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir)
        bodies = token_bodies(data_dir, made)
        pairs = []
        # Not at the same time: two services would share the cores that are counted.
        for _ in range(rounds):
            with service(data_dir) as url:
                load, _used = _load(url, bodies, seconds)
                one = _Run(load.rate, 1.0)
            with service(data_dir, workers=2, pinned=False) as url:
                load, used = _load(url, bodies, seconds, cores=f"0-{cores - 1}")
                two = _Run(load.rate, min(2.0, cores - used))
            pairs.append((one, two))
    ratio = statistics.median(2 * two.per_core / one.per_core for one, two in pairs)
    one, two = pairs[len(pairs) // 2]
    note = f"{two.rate:,.0f}/s on the {two.cores:.2f} cores left by the generator, {one.rate:,.0f}/s on one"
    return [Figure("2 workers on 2 cores beside 1 on 1, token endpoint", ratio, 1.8, note)]


def _load(url: str, bodies: Path, seconds: int, cores: str | None = None) -> tuple[Load, float]:
    """(the measurement, the cores that the generator used)."""
    target = f"{url}/api/v1/oauth/token"
    wrk(target, connections=64, seconds=2, script="bodies.lua", cores=cores, BODIES=str(bodies))
    before, started = _used_by_children(), time.perf_counter()
    load = wrk(target, connections=64, seconds=seconds, script="bodies.lua", cores=cores, BODIES=str(bodies))
    used = (_used_by_children() - before) / (time.perf_counter() - started)
    if load.errors:
        raise RuntimeError("the service answered token requests with errors")
    return load, used


def _used_by_children() -> float:
    """Seconds of processor time of ended children; a service that still runs is not among them."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


if __name__ == "__main__":
    report(measure())
