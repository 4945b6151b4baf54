"""Measures how throughput scales with the number of clients and sessions. Run as `python -m bench.scale`.

Two services, one with 1,000 clients and sessions, one with a million of each; rounds alternate. The large one gets
requests of a thousand of its clients, then of a sample spread over all, which no cache holds.
"""

import random
import statistics
import tempfile
from pathlib import Path

import psutil

from bench.api import API, fetch_token, make_product
from bench.options import Options, options
from bench.populate import Sample, populate
from bench.processes import Load, service, wrk
from bench.report import Figure, report
from bench.seed import seed

SMALL, SPREAD, CROWD = 1_000, 100_000, 64
SAME, ALL_IN_TURN = "a thousand of them active", "all in turn"


class _Site:
    """One service and the credentials that are used on it."""

    def __init__(self, folder: Path, count: int, sample: int) -> None:
        self.data_dir = folder
        folder.mkdir()
        first = seed(folder, client_count=0, people=1)
        self.email = first.emails[0]
        self.sample: Sample = populate(folder, first.account_id, clients=count, sessions=count, sample=sample)

    def prepare(self, url: str) -> None:
        self.url = url
        product = make_product(url, self.email)
        tokens = [fetch_token(url, *client) for client in self.sample.clients[:100]]
        # Not in the order of the table.
        self._crowds = iter(random.Random(1).sample(self.sample.refresh_tokens, len(self.sample.refresh_tokens)))
        few = self.sample.clients[:: max(1, len(self.sample.clients) // SMALL)]
        self._lines("token", few)
        self._lines("spread", self.sample.clients)
        asked = [f"token={t}&client_id={c}&client_secret={s}" for t, (c, s) in zip(tokens, few, strict=False)]
        self._write("introspection", [f"POST\t{API}/oauth/introspect\t\t{_FORM}\t{body}" for body in asked])
        self._write("read", [f"GET\t{product}\tBearer {token}\t\t" for token in tokens])

    def load(self, work: str, seconds: int) -> Load:
        settings = {"STEPS": str(self.data_dir / f"{work}.steps")}
        if work == "refresh":
            (self.data_dir / "crowd").write_text("\n".join(next(self._crowds) for _ in range(CROWD)))
            self._write("refresh", [])
            line = f'POST\t{API}/auth/refresh\t\tapplication/json\t{{"refreshToken":"{{token}}"}}'
            settings |= {"EVERY": "1", "CROWD": str(self.data_dir / "crowd"), "REFRESH": line}
        load = wrk(self.url, connections=32, seconds=seconds, script="steps.lua", **settings)
        if load.errors:
            raise RuntimeError(f"{work}: {load.errors} requests failed")
        return load

    def _lines(self, name: str, clients: list[tuple[str, str]]) -> None:
        head = f"POST\t{API}/oauth/token\t\t{_FORM}\tgrant_type=client_credentials"
        self._write(name, [f"{head}&client_id={c}&client_secret={s}" for c, s in clients])

    def _write(self, name: str, lines: list[str]) -> None:
        (self.data_dir / f"{name}.steps").write_text("\n".join(lines))


_FORM = "application/x-www-form-urlencoded"


def measure(chosen: Options) -> list[Figure]:
    """One worker each, SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        small = _Site(Path(folder) / "small", SMALL, SMALL)
        large = _Site(Path(folder) / "large", chosen.large, min(SPREAD, chosen.large))
        with service(small.data_dir) as small_url, service(large.data_dir) as large_url:
            small.prepare(small_url)
            large.prepare(large_url)
            figures = [
                _beside(name, work, of_small, small, large, chosen)
                for name, work, of_small in (
                    (f"token, {SAME}", "token", "token"),
                    (f"token, {ALL_IN_TURN}", "spread", "token"),
                    ("introspection", "introspection", "introspection"),
                    ("GET /products/{id}", "read", "read"),
                    ("refresh", "refresh", "refresh"),
                )
            ]
            memory = _resident_mb(int(large_url.rpartition(":")[2]))
    note = f"after {chosen.large:,} clients and sessions, {len(large.sample.clients):,} of them active"
    return [*figures, Figure("resident MB of that worker", memory, 150, note, at_most=True)]


def _beside(name: str, work: str, of_small: str, small: _Site, large: _Site, chosen: Options) -> Figure:
    pairs = []
    for site, asked in ((small, of_small), (large, work)):
        site.load(asked, 1)
    for _ in range(chosen.rounds):
        pairs.append((small.load(of_small, chosen.seconds).rate, large.load(work, chosen.seconds).rate))
    ratio = statistics.median(many / few for few, many in pairs)
    note = f"{statistics.median(m for _, m in pairs):,.0f}/s of {statistics.median(f for f, _ in pairs):,.0f}/s"
    return Figure(f"{name}: {chosen.large:,} rows beside {SMALL:,}", ratio, 0.9, note)


def _resident_mb(port: int) -> float:
    worker = next(
        c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.status == "LISTEN"
    )
    return float(psutil.Process(worker).memory_info().rss / 1e6)


if __name__ == "__main__":
    report(measure(options()))
