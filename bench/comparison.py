"""Compares the service with the servers that users would pick instead. Run as `python -m bench.comparison`.

Everybody is up at the same time, each on the one core of the server, the load generator on the other; 32 connections.
Rounds alternate (A B C, A B C), so that whatever else the machine does hits all alike. Answers are checked before and
after each work; what is not 2xx counts as failed and not into the rate.
"""

import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants import Contestant, Contestants, start_all
from bench.login import raw_rate as raw_hashes
from bench.options import Options, options
from bench.processes import Load, wrk
from bench.refresh import raw_rate as raw_refreshes
from bench.workloads import LOGIN, MIXED, MIXED_EVERY, REFRESH, WORKLOADS

CONNECTIONS = 32
FEW, LONG = 100, 10
"""Who answers fewer requests than this in a round is given so many seconds: some answer three a second."""
FLOORS = {REFRESH: "raw SQL", LOGIN: "raw argon2id"}


@dataclass
class Row:
    """One work: the floor's rates and everybody's, one per round; `failed` by name."""

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
    """`names` in order, ours first; `lacks` by name and work; `absent` peers with the reason."""

    names: list[str]
    rows: list[Row]
    lacks: dict[str, dict[str, str]]
    absent: dict[str, str]


def compare(chosen: Options) -> Comparison:
    with start_all(crowds=2 * chosen.rounds + 8) as field_:
        rows = [_measure(work, field_, chosen) for work in WORKLOADS if chosen.wants(work)]
        names = [contestant.name for contestant in field_.contestants]
        lacks = {contestant.name: dict(contestant.lacks) for contestant in field_.contestants}
        return Comparison(names, rows, lacks, dict(field_.absent))


def _measure(work: str, all_: Contestants, chosen: Options) -> Row:
    row = Row(work)
    able = [contestant for contestant in all_.contestants if work in contestant.askers]
    ready = {contestant.name: _prepare(contestant, work, all_.database.parent, chosen.seconds) for contestant in able}
    for _ in range(chosen.rounds):
        row.floor.append(_floor(work, all_, chosen.seconds))
        for contestant in able:
            load = _load(contestant, work, *ready[contestant.name])
            row.rates.setdefault(contestant.name, []).append(load.good)
            row.failed[contestant.name] = row.failed.get(contestant.name, 0) + load.errors
    for contestant in able:
        contestant.askers[work].check(work)
    sys.stderr.write(f"{work}: { ({name: round(rates[-1]) for name, rates in row.rates.items()}) }\n")
    return row


def _prepare(contestant: Contestant, work: str, folder: Path, seconds: int) -> tuple[Path, int]:
    """The file of requests, after a check that they are answered rightly, and how long a round takes, by a warm-up."""
    asker = contestant.askers[work]
    asker.check(work)
    steps = folder / f"{contestant.name}-{work}.steps".replace(" ", "-").replace("/", "-")
    steps.write_text("\n".join(request.line() for request in asker.requests(work)))
    warm = _load(contestant, work, steps, 1)
    return steps, seconds if warm.good * seconds >= FEW else max(seconds, LONG)


def _load(contestant: Contestant, work: str, steps: Path, seconds: int) -> Load:
    asker = contestant.askers[work]
    settings = {"STEPS": str(steps), "EVERY": str({REFRESH: 1, MIXED: MIXED_EVERY}.get(work, 0))}
    if work in (REFRESH, MIXED):
        crowd = steps.with_suffix(".crowd")
        crowd.write_text("\n".join(asker.crowd()))
        settings |= {"CROWD": str(crowd), "REFRESH": asker.refresh().line()}
    return wrk(asker.url, connections=CONNECTIONS, seconds=seconds, script="steps.lua", **settings)


def _floor(work: str, all_: Contestants, seconds: int) -> float:
    if work == LOGIN:
        return raw_hashes(seconds, threads=1)
    if work == REFRESH:
        # The people of the last crowds, whom nobody refreshes.
        return raw_refreshes(all_.database, seconds=seconds)
    return wrk(all_.floor_url, connections=CONNECTIONS, seconds=seconds).rate


if __name__ == "__main__":
    from bench.table import comparison_table

    sys.stdout.write(comparison_table(compare(options())))
