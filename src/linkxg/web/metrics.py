"""What can be watched?

Prometheus metrics of this worker. Labels hold routes, outcomes and status codes: never an id, an address or a
secret. Counting is a dictionary increment; prometheus-client turns the counts into its families only when
somebody looks.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Durations:
    """Counts per bucket and their sum, in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def cumulated(self) -> list[tuple[str, float]]:
        running, shown = 0, []
        for edge, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            running += count
            shown.append((edge, float(running)))
        return shown


class Metrics(Collector):
    """One worker's counts. `gauges` maps a name to (meaning, a function that reads its present value)."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self._tokens: dict[tuple[str, str], int] = defaultdict(int)
        self._seconds: dict[str, _Durations] = defaultdict(_Durations)
        self._waits: dict[str, _Durations] = defaultdict(_Durations)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests[method, route, status] += 1
        self._seconds[route].observe(seconds)

    def token(self, grant: str, outcome: str) -> None:
        self._tokens[grant, outcome] += 1

    def wait(self, door: str, seconds: float) -> None:
        """A unit of work waited for the database and ran, through `read` or `write`."""
        self._waits[door].observe(seconds)

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("linkxg_requests", "Requests answered.", labels=("method", "route", "status"))
        for (method, route, status), count in self._requests.items():
            requests.add_metric((method, route, str(status)), count)
        yield requests
        tokens = CounterMetricFamily(
            "linkxg_tokens", "Token requests by grant and outcome.", labels=("grant", "outcome")
        )
        for labels, count in self._tokens.items():
            tokens.add_metric(labels, count)
        yield tokens
        yield _histogram("linkxg_request_seconds", "Time to answer.", "route", self._seconds)
        yield _histogram("linkxg_database_seconds", "Time a unit of work waited and ran.", "door", self._waits)
        for name, (meaning, read) in self.gauges.items():
            yield GaugeMetricFamily(name, meaning, value=read())


def _histogram(name: str, meaning: str, label: str, found: dict[str, _Durations]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, meaning, labels=(label,))
    for value, durations in found.items():
        family.add_metric((value,), durations.cumulated(), durations.total)
    return family
