"""Compares the service with its peers. Run as `python -m bench.comparison`.

All systems run at the same time on the core of the server, the load generator on the other; 32 connections. Rounds
alternate (A B C, A B C), so that a disturbance of the machine affects all. Responses are checked before and after each
workload; those other than 2xx are counted as failed and excluded from the rate.
"""

import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.login import raw_rate as raw_hashes
from bench.options import Options, options
from bench.processes import Load, wrk
from bench.refresh import raw_rate as raw_refreshes
from bench.systems import RunningSystems, System, running_systems
from bench.workloads import LOGIN, MIXED, MIXED_EVERY, REFRESH, WORKS

CONNECTIONS = 32
FEW, LONG = 100, 10
"""A system with fewer than FEW responses in a round is measured for LONG seconds."""
FLOORS = {REFRESH: "raw SQL", LOGIN: "raw argon2id"}


@dataclass
class Row:
    """One workload: the rates of the floor and of each system, one per round; `failed` by name."""

    work: str
    floor: list[float] = field(default_factory=list)
    rates: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    @property
    def floor_name(self) -> str:
        return FLOORS.get(self.work, "bare reply")

    def median(self, name: str) -> float | None:
        return statistics.median(self.rates[name]) if self.rates.get(name) else None


@dataclass(frozen=True)
class Comparison:
    """`names` in order, ours first; `lacks` by name and workload; `absent` peers with the reason."""

    names: list[str]
    rows: list[Row]
    lacks: dict[str, dict[str, str]]
    absent: dict[str, str]


def compare(chosen: Options) -> Comparison:
    with running_systems(crowds=2 * chosen.rounds + 8) as running:
        rows = [_measure(work, running, chosen) for work in WORKS if chosen.wants(work)]
        names = [system.name for system in running.systems]
        lacks = {system.name: dict(system.lacks) for system in running.systems}
        return Comparison(names, rows, lacks, dict(running.absent))


def _measure(work: str, running: RunningSystems, chosen: Options) -> Row:
    row = Row(work)
    supporting = [system for system in running.systems if work in system.requesters]
    ready = {system.name: _prepare(system, work, running.database.parent, chosen.seconds) for system in supporting}
    for _ in range(chosen.rounds):
        row.floor.append(_floor(work, running, chosen.seconds))
        for system in supporting:
            load = _load(system, work, *ready[system.name])
            row.rates.setdefault(system.name, []).append(load.good)
            row.failed[system.name] = row.failed.get(system.name, 0) + load.errors
    for system in supporting:
        system.requesters[work].check(work)
    sys.stderr.write(f"{work}: { ({name: round(rates[-1]) for name, rates in row.rates.items()}) }\n")
    return row


def _prepare(system: System, work: str, folder: Path, seconds: int) -> tuple[Path, int]:
    """Check the responses and warm up; returns the file of requests and the duration of a round."""
    requester = system.requesters[work]
    requester.check(work)
    steps = folder / f"{system.name}-{work}.steps".replace(" ", "-").replace("/", "-")
    steps.write_text("\n".join(request.line() for request in requester.requests(work)))
    warm = _load(system, work, steps, 1)
    return steps, seconds if warm.good * seconds >= FEW else max(seconds, LONG)


def _load(system: System, work: str, steps: Path, seconds: int) -> Load:
    requester = system.requesters[work]
    settings = {"STEPS": str(steps), "EVERY": str({REFRESH: 1, MIXED: MIXED_EVERY}.get(work, 0))}
    if work in (REFRESH, MIXED):
        crowd = steps.with_suffix(".crowd")
        crowd.write_text("\n".join(requester.crowd()))
        settings |= {"CROWD": str(crowd), "REFRESH": requester.refresh().line()}
    return wrk(requester.url, connections=CONNECTIONS, seconds=seconds, script="steps.lua", **settings)


def _floor(work: str, running: RunningSystems, seconds: int) -> float:
    if work == LOGIN:
        return raw_hashes(seconds, threads=1)
    if work == REFRESH:
        # Uses the people of the last crowds, whose tokens nobody refreshes.
        return raw_refreshes(running.database, seconds=seconds)
    return wrk(running.floor_url, connections=CONNECTIONS, seconds=seconds).rate


if __name__ == "__main__":
    from bench.comparison_table import comparison_table

    sys.stdout.write(comparison_table(compare(options())))
