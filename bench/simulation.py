"""Simulates a whole fleet event by event to check bench/capacity.py. Run as `python -m bench.simulation`.

Requests arrive at random at random workers. Each queues for the worker's loop; if it needs the database it takes a
connection of the worker's pool, travels, and queues for a core. A revocation commits alone, then every worker is
notified and queries the feed, once for all that arrived meanwhile. Service times are exponential about the means.
"""

import heapq
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from bench.capacity import Fleet, cost_of, predict
from bench.costs import Cost, Costs, load
from linkxg.db.postgres import POLL, POOL

Then = Callable[[], None]


@dataclass
class Seen:
    """Observations after the warm-up; times in milliseconds."""

    answers: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    looks: int = 0
    worker_busy: float = 0.0
    database_busy: float = 0.0

    @property
    def mean_ms(self) -> float:
        return sum(self.answers) / max(1, len(self.answers))

    def at(self, values: list[float], share: float) -> float:
        return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


class _Clock:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Then]] = []
        self._number = count()

    def after(self, delay: float, then: Then) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._number), then))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, then = heapq.heappop(self._events)
            then()


class _Station:
    """A FIFO queue with `servers`; `busy` counts server-seconds since `since`."""

    def __init__(self, clock: _Clock, servers: int, since: float) -> None:
        self._clock, self._free, self._since = clock, servers, since
        self._waiting: deque[tuple[float, Then]] = deque()
        self.busy = 0.0

    def serve(self, duration: float, then: Then) -> None:
        if self._free:
            self._free -= 1
            self._begin(duration, then)
        else:
            self._waiting.append((duration, then))

    def _begin(self, duration: float, then: Then) -> None:
        if self._clock.now >= self._since:
            self.busy += duration

        def done() -> None:
            if self._waiting:
                self._begin(*self._waiting.popleft())
            else:
                self._free += 1
            then()

        self._clock.after(duration, done)


class _Pool:
    """Connections of one worker; a request holds one for its work in the database."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[Then] = deque()

    def take(self, then: Then) -> None:
        if self._free:
            self._free -= 1
            then()
        else:
            self._waiting.append(then)

    def give_back(self) -> None:
        if self._waiting:
            self._waiting.popleft()()
        else:
            self._free += 1


class _Worker:
    """The event loop of one process, its pool, and its end of the feed."""

    def __init__(self, site: "_Site") -> None:
        self._site = site
        self.loop = _Station(site.clock, 1, site.warm)
        # One connection of the pool listens.
        self.pool = _Pool(POOL - 1)
        self._looking = False
        self._notified_at: list[float] = []
        self._polls = 0
        self._poll_later()

    def notify(self, committed_at: float) -> None:
        self._notified_at.append(committed_at)
        if not self._looking:
            self._look()

    def _look(self) -> None:
        self._looking, answered = True, self._notified_at
        self._notified_at = []
        self._polls += 1
        site = self._site
        if site.clock.now >= site.warm:
            site.seen.looks += 1

        def done() -> None:
            self._looking = False
            if site.clock.now >= site.warm:
                site.seen.lags += [(site.clock.now - at) * 1e3 for at in answered]
            if self._notified_at:
                self._look()
            else:
                self._poll_later()

        def at_worker() -> None:
            self.loop.serve(site.drawn(site.costs.look.worker_us), done)

        def travel() -> None:
            site.clock.after(2 * site.fleet.round_trip, at_worker)

        site.database.serve(site.drawn(site.costs.look.database_us), travel)

    def _poll_later(self) -> None:
        number = self._polls
        self._site.clock.after(POLL, lambda: None if self._looking or self._polls != number else self._look())


class _Site:
    """The whole fleet. Hashes of sign-ins run at low priority and are left out."""

    def __init__(self, fleet: Fleet, costs: Costs, rate: float, warm: float, seed: int) -> None:
        self.fleet, self.costs, self.rate, self.warm = fleet, costs, rate, warm
        self.random, self.clock, self.seen = random.Random(seed), _Clock(), Seen()
        self.database = _Station(self.clock, fleet.database_cores, warm)
        self.commits = _Station(self.clock, 1, warm)
        self.workers = [_Worker(self) for _ in range(fleet.workers)]
        self._names, self._shares = list(fleet.mix), list(fleet.mix.values())
        self._costs = {name: cost_of(name, costs) for name in self._names}
        self.clock.after(0.0, self._arrive)

    def drawn(self, mean_us: float) -> float:
        return self.random.expovariate(1.0) * mean_us / 1e6

    def _arrive(self) -> None:
        self.clock.after(self.random.expovariate(self.rate), self._arrive)
        name = self.random.choices(self._names, self._shares)[0]
        self._answer(self.workers[self.random.randrange(len(self.workers))], name, self._costs[name])

    def _answer(self, worker: _Worker, name: str, cost: Cost) -> None:
        began = self.clock.now

        def answered() -> None:
            if began >= self.warm:
                self.seen.answers.append((self.clock.now - began) * 1e3)

        def at_database() -> None:
            self.database.serve(self.drawn(cost.database_us), stored)

        def stored() -> None:
            if name == "revocation":
                self.commits.serve(self.costs.commit_ms / 1e3, committed)
            else:
                self.clock.after(self.fleet.round_trip, given_back)

        def committed() -> None:
            for listener in self.workers:
                if listener is not worker:
                    self.database.serve(self.costs.notice_us / 1e6, partial(listener.notify, self.clock.now))
            given_back()

        def given_back() -> None:
            worker.pool.give_back()
            answered()

        needs = cost.database_us > 0
        worker.loop.serve(self.drawn(cost.worker_us), (lambda: worker.pool.take(at_database)) if needs else answered)


def simulate(fleet: Fleet, costs: Costs, rate: float, *, seconds: float, warm: float = 1.5, seed: int = 1) -> Seen:
    """`seconds` of the fleet at `rate` requests a second, after a warm-up that is not counted."""
    site = _Site(fleet, costs, rate, warm, seed)
    site.clock.run(warm + seconds)
    site.seen.worker_busy = sum(worker.loop.busy for worker in site.workers) / len(site.workers) / seconds
    site.seen.database_busy = site.database.busy / fleet.database_cores / seconds
    return site.seen


if __name__ == "__main__":
    for nodes in (1, 10, 100):
        fleet, measured = Fleet(nodes), load()
        rate = 300.0 * nodes
        started, found = time.perf_counter(), simulate(fleet, measured, rate, seconds=2.0)
        model = predict(fleet, measured, rate)
        sys.stdout.write(
            f"{nodes} nodes, {rate:,.0f}/s: worker {found.worker_busy:.2f} ({model.busy['workers']:.2f}), "
            f"database {found.database_busy:.2f} ({model.busy['database']:.2f}), looks {found.looks / 2:,.0f}/s "
            f"({model.looks:,.0f}), mean {found.mean_ms:.2f} ms ({model.mean_ms:.2f}); "
            f"{time.perf_counter() - started:.0f} s\n"
        )
