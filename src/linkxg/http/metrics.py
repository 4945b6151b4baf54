"""Prometheus metrics of all workers of a node.

Labels hold routes, outcomes and status codes: never an id, an address or a secret. Counting is a
dictionary increment; prometheus-client makes its families of the counts only when they are scraped. Workers exchange
their `Counts`, so that any of them answers for the service.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Durations(msgspec.Struct):
    """Counts per bucket and their sum, in seconds."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def add(self, more: "Durations") -> None:
        self.counts = [one + other for one, other in zip(self.counts, more.counts, strict=True)]
        self.total += more.total

    def cumulated(self) -> list[tuple[str, float]]:
        running, shown = 0, []
        for edge, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            running += count
            shown.append((edge, float(running)))
        return shown


class Gauge(NamedTuple):
    """What is true now. Over several workers the values are added, or the highest one is what matters."""

    meaning: str
    value: float
    fold: Literal["sum", "max"] = "sum"


class Counts(msgspec.Struct):
    """Everything counted so far. Bounded: labels are routes, methods, codes and names made by this program."""

    requests: dict[tuple[str, str, int], int] = msgspec.field(default_factory=lambda: defaultdict(int))
    tokens: dict[tuple[str, str], int] = msgspec.field(default_factory=lambda: defaultdict(int))
    seconds: dict[str, Durations] = msgspec.field(default_factory=lambda: defaultdict(Durations))
    waits: dict[str, Durations] = msgspec.field(default_factory=lambda: defaultdict(Durations))
    gauges: dict[str, Gauge] = {}

    def add(self, more: "Counts", *, gauges: bool = True) -> None:
        """Count what another worker counted as well; without `gauges` when that worker has ended."""
        for request, count in more.requests.items():
            self.requests[request] = self.requests.get(request, 0) + count
        for token, count in more.tokens.items():
            self.tokens[token] = self.tokens.get(token, 0) + count
        for mine, theirs in ((self.seconds, more.seconds), (self.waits, more.waits)):
            for label, durations in theirs.items():
                mine.setdefault(label, Durations()).add(durations)
        for name, gauge in more.gauges.items() if gauges else ():
            known = self.gauges.get(name)
            values = [gauge.value] if known is None else [known.value, gauge.value]
            self.gauges[name] = gauge._replace(value=sum(values) if gauge.fold == "sum" else max(values))


class Metrics:
    """What this worker counts. `gauges` maps a name to a function that reads the present value.

    `gather` is given the counts of this worker and answers with those of the service; it may raise
    TemporarilyUnavailable, since less than was shown before would look like a restart.
    """

    # Litestar adds the charset to a type of text.
    media_type = CONTENT_TYPE_LATEST.partition("; charset=")[0]

    def __init__(self) -> None:
        self.gauges: dict[str, Callable[[], Gauge]] = {}
        self.gather: Callable[[Counts], Awaitable[Counts]] = _alone
        self._counts = Counts()
        self._requests, self._tokens = self._counts.requests, self._counts.tokens
        self._seconds, self._waits = self._counts.seconds, self._counts.waits

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests[method, route, status] += 1
        self._seconds[route].observe(seconds)

    def token(self, grant: str, outcome: str) -> None:
        self._tokens[grant, outcome] += 1

    def wait(self, door: str, seconds: float) -> None:
        """A unit of work waited for the database and ran, through `read` or `write`."""
        self._waits[door].observe(seconds)

    def counts(self) -> Counts:
        """The present counts; they go on changing."""
        self._counts.gauges = {name: read() for name, read in self.gauges.items()}
        return self._counts

    async def render(self) -> bytes:
        """The text that Prometheus reads, of the whole service."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(await self.gather(self.counts())))
        return generate_latest(registry)


class _Families(Collector):
    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("linkxg_requests", "Requests answered.", labels=("method", "route", "status"))
        for (method, route, status), count in self._counts.requests.items():
            requests.add_metric((method, route, str(status)), count)
        yield requests
        tokens = CounterMetricFamily(
            "linkxg_tokens", "Token requests by grant and outcome.", labels=("grant", "outcome")
        )
        for labels, count in self._counts.tokens.items():
            tokens.add_metric(labels, count)
        yield tokens
        yield _histogram("linkxg_request_seconds", "Time to answer.", "route", self._counts.seconds)
        yield _histogram("linkxg_database_seconds", "Time a unit of work waited and ran.", "door", self._counts.waits)
        for name, gauge in self._counts.gauges.items():
            yield GaugeMetricFamily(name, gauge.meaning, value=gauge.value)


async def _alone(counts: Counts) -> Counts:
    return counts


def _histogram(name: str, meaning: str, label: str, found: dict[str, Durations]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, meaning, labels=(label,))
    for value, durations in found.items():
        family.add_metric((value,), durations.cumulated(), durations.total)
    return family
