"""Models how many nodes one database carries and what saturates first. Run as `python -m bench.capacity`.

A queueing model over the measured costs (bench/costs.json). Prints the tables of docs/capacity.md as Markdown;
`--simulate` adds the simulation, `--write` updates the page.

Worker: M/G/1, since a connection stays with its worker. Database: M/G/k by Allen and Cunneen's approximation. Hashes of
sign-ins run at low priority: they use cores but do not delay requests.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.costs import Cost, Costs, load
from linkxg.db.postgres import POLL, POOL

MIX = {
    "read": 0.90,
    "token, client seldom seen": 0.04,
    "introspection": 0.03,
    "refresh": 0.0285,
    "sign-in": 0.0005,
    "revocation": 0.001,
}
"""Shares of requests: people refresh and clients fetch a token about every 25 calls; 1 request in 1,000 revokes."""
TARGET = 0.7
"""The highest utilisation that still absorbs a burst or the loss of a node."""
CONNECTIONS = 500
"""The connections that one PostgreSQL server holds in practice without a pooler."""


@dataclass(frozen=True)
class Fleet:
    """`round_trip` between a node and the database in seconds."""

    nodes: int
    workers_per_node: int = 2
    database_cores: int = 16
    round_trip: float = 0.0003
    mix: Mapping[str, float] = field(default_factory=lambda: MIX)

    @property
    def workers(self) -> int:
        return self.nodes * self.workers_per_node


@dataclass(frozen=True)
class Prediction:
    """At `rate` requests a second in total; `busy` is the utilisation of each part."""

    rate: float
    busy: dict[str, float]
    looks: float
    mean_ms: float
    wal_mb: float
    notices: float

    @property
    def first(self) -> str:
        return max(self.busy, key=lambda part: self.busy[part])


def predict(fleet: Fleet, costs: Costs, rate: float) -> Prediction:
    """A part with a utilisation above 1 cannot keep up."""
    revocations = rate * fleet.mix["revocation"]
    looks = fleet.workers * looks_per_worker(fleet, costs, revocations)
    asked = {name: rate * share for name, share in fleet.mix.items()}
    of_worker = _sum(asked, costs, lambda cost: cost.worker_us) + looks * costs.look.worker_us
    of_feed = looks * costs.look.database_us + revocations * max(0, fleet.workers - 1) * costs.notice_us
    of_requests = _sum(asked, costs, lambda cost: cost.database_us)
    busy = {
        "workers": of_worker / 1e6 / fleet.workers,
        "database": (of_requests + of_feed) / 1e6 / fleet.database_cores,
        "commits with NOTIFY": revocations * costs.commit_ms / 1e3,
    }
    wal = _sum(asked, costs, lambda cost: cost.wal_bytes) / 1e6
    mean_ms = _mean_ms(fleet, costs, busy)
    mean_ms += _behind_looks_ms(fleet, costs, revocations, of_requests / 1e6 / fleet.database_cores)
    return Prediction(rate, busy, looks, mean_ms, wal, revocations * fleet.workers)


def _behind_looks_ms(fleet: Fleet, costs: Costs, revocations: float, busy_otherwise: float) -> float:
    """The mean delay of a request by the feed queries of all workers after each notice.

    A burst lasts as long as the database needs for all of them; a request during one waits for half of it on average.
    A notice during a burst adds no second one, since its queries serve both.
    """
    if busy_otherwise >= 1:
        return math.inf
    burst = fleet.workers * (costs.look.database_us + costs.notice_us) / 1e3 / fleet.database_cores
    return min(burst / 2, revocations / 1e3 * burst**2 / 2) / (1 - busy_otherwise)


def looks_per_worker(fleet: Fleet, costs: Costs, revocations: float) -> float:
    """Feed queries a second: one after a notice, for all that arrived during the last query, or one by the poll."""
    duration = (costs.look.worker_us + costs.look.database_us) / 1e6 + 2 * fleet.round_trip
    if revocations <= 0:
        return 1 / (duration + POLL)
    wait = (1 - math.exp(-revocations * POLL)) / revocations
    return 1 / (duration + math.exp(-revocations * duration) * wait)


def capacity(fleet: Fleet, costs: Costs) -> Prediction:
    """The rate at which the busiest part reaches TARGET; 0 where the feed alone exceeds it."""
    low, high = 0.0, 1e7
    for _ in range(60):
        middle = (low + high) / 2
        fits = max(predict(fleet, costs, middle).busy.values()) <= TARGET
        low, high = (middle, high) if fits else (low, middle)
    return predict(fleet, costs, low)


def workers_are_the_limit_up_to(costs: Costs, most: int = 1_000) -> int:
    """The largest number of nodes whose workers saturate before anything else."""
    return next((n - 1 for n in range(1, most + 1) if capacity(Fleet(n), costs).first != "workers"), most)


def best_size(costs: Costs, most: int = 1_000) -> int:
    """The number of nodes beyond which another one lowers the capacity."""
    return max(range(1, most + 1, 5), key=lambda nodes: capacity(Fleet(nodes), costs).rate)


def cost_of(name: str, costs: Costs) -> Cost:
    """The cost in the queue: the hash of a sign-in runs outside it, at low priority."""
    cost = costs.operations[name]
    return Cost(costs.operations["refresh"].worker_us, cost.database_us, cost.wal_bytes) if name == "sign-in" else cost


def _sum(asked: Mapping[str, float], costs: Costs, part: Callable[[Cost], float]) -> float:
    return sum(rate * part(costs.operations[name]) for name, rate in asked.items())


def _mean_ms(fleet: Fleet, costs: Costs, busy: Mapping[str, float]) -> float:
    """The mean response time over the mix, without the network to the client and the hash of sign-ins."""
    if max(busy.values()) >= 1:
        return math.inf
    worker = _moments({name: cost_of(name, costs).worker_us for name in fleet.mix}, fleet.mix)
    at_worker = busy["workers"] / (1 - busy["workers"]) * worker.second / (2 * worker.first)
    stored = {name: cost_of(name, costs).database_us for name in fleet.mix if cost_of(name, costs).database_us > 0}
    share = sum(fleet.mix[name] for name in stored)
    database = _moments(stored, fleet.mix)
    waiting = erlang_c(fleet.database_cores, busy["database"]) / (fleet.database_cores * (1 - busy["database"]))
    at_database = waiting * database.second / (2 * database.first)
    total = worker.first + at_worker + share * (database.first + at_database + fleet.round_trip * 1e6)
    return total / 1e3


@dataclass(frozen=True)
class _Moments:
    first: float
    second: float


def _moments(times: Mapping[str, float], mix: Mapping[str, float]) -> _Moments:
    """Of exponential service times whose means are `times`, weighted by the mix."""
    share = sum(mix[name] for name in times)
    first = sum(mix[name] * time for name, time in times.items()) / share
    return _Moments(first, sum(mix[name] * 2 * time**2 for name, time in times.items()) / share)


def erlang_c(servers: int, busy: float) -> float:
    """The probability of waiting in M/M/k."""
    offered = servers * busy
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked / (1 - busy * (1 - blocked))


def connections(fleet: Fleet) -> int:
    """The maximum, with every worker busy: its pool, of which one connection listens."""
    return fleet.workers * POOL


if __name__ == "__main__":
    from bench.capacity_page import PAGE, page
    from bench.doc_tables import replace_tables

    text = page(load(), check="--simulate" in sys.argv)
    if "--write" in sys.argv:
        replace_tables(PAGE, text)
    sys.stdout.write(text)
