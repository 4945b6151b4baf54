"""Measures a product import against a raw upsert. Run as `python -m bench.imports [ROWS] [ENGINE…]`.

The base is the faster of two raw upserts, before and after the import.
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.postgres import cluster
from bench.processes import service
from bench.raw_upsert import gtin, raw_upsert
from bench.report import Figure, report
from bench.seed import PASSWORD, Seeded, seed

ROWS = 200_000
HEADER = "sku,gtin,name,brand,category.code,modelNumber,description\n"
ENGINES = ("sqlite", "postgresql")


def measure(rows: int = ROWS, engines: Sequence[str] = ENGINES) -> list[Figure]:
    """One worker on each engine; the file is imported, then imported again unchanged."""
    found: list[Figure] = []
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder, _database(engine, Path(folder)) as (url, raw):
            found += _measure(engine, Path(folder), url, raw, rows)
    return found


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[tuple[str, str]]:
    """(URL of the service's database, address of the base's)."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'linkxg.db'}", str(folder / "raw.db")
        return
    with cluster() as url:
        yield url, url


def _measure(engine: str, data_dir: Path, url: str, raw: str, rows: int) -> list[Figure]:
    seeded = seed(data_dir, url, client_count=1, people=1)
    before = raw_upsert(engine, raw, rows)
    content = _file(rows)
    with service(data_dir, pinned=False, LINKXG_DATABASE_URL=url) as address:
        api = _Api(f"{address}/api/v1", seeded)
        idle = _p99(api, 4.0)
        first, used, busy = _timed_import(api, content)
        second, _, _ = _timed_import(api, content)
    after = raw_upsert(engine, raw + ("-after" if engine == "sqlite" else ""), rows)
    base, processor = max(before.rate, after.rate), used.seconds / rows * 1e6
    raw_busy = min(before.busy, after.busy)
    rate, again = rows / first["seconds"], rows / second["seconds"]
    if (first["created"], second["unchanged"]) != (rows, rows):
        raise RuntimeError("the import did not create all rows, or changed some the second time")
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine]
    return [
        Figure(
            f"import, beside a raw upsert of two tables, {name}", rate / base, 0.4, f"{rate:,.0f}/s of {base:,.0f}/s"
        ),
        Figure(f"the same file again, beside the first time, {name}", again / rate, 1.5, f"{again:,.0f}/s"),
        Figure(
            f"processor of the raw upsert, beside the import's process, {name}", raw_busy / processor, 0,
            f"{raw_busy:.1f} µs of {processor:.1f} µs a row",
        ),
        Figure(f"MB resident of the import's process, {name}", used.memory, 150.0, f"{rows:,} rows", at_most=True),
        Figure(
            f"p99 of other requests, beside idle, {name}", busy / idle, 2.0, f"{busy:.1f} ms of {idle:.1f} ms",
            at_most=True,
        ),
    ]  # fmt: skip


def _file(rows: int) -> bytes:
    lines = [
        f"SKU-{n:07d},{gtin(n)},Cordless drill {n},Acme,10003743,M-{n % 100},Two gears and a chuck of 13 mm\n"
        for n in range(rows)
    ]
    return (HEADER + "".join(lines)).encode()


class _Api:
    def __init__(self, api: str, seeded: Seeded) -> None:
        self._api = api
        body = json.dumps({"email": seeded.emails[0], "password": PASSWORD}).encode()
        self._bearer = self._send("/auth/login", body, "application/json")["data"]["accessToken"]

    def _send(self, path: str, body: bytes | None, kind: str = "") -> Any:
        headers = {"Content-Type": kind} if body is not None else {}
        if hasattr(self, "_bearer"):
            headers["Authorization"] = f"Bearer {self._bearer}"
        with urllib.request.urlopen(urllib.request.Request(self._api + path, body, headers)) as response:
            return json.load(response)

    def get(self, path: str) -> Any:
        return self._send(path, None)

    def start(self, content: bytes) -> str:
        job_id: str = self._send("/imports", content, "text/csv")["data"]["id"]
        return job_id


@dataclass
class _Used:
    """By the processes of jobs: peak MB in memory and processor seconds."""

    memory: float = 0.0
    seconds: float = 0.0


def _timed_import(api: _Api, content: bytes) -> tuple[dict[str, Any], _Used, float]:
    """(the job with its duration in `seconds`, what its process used, p99 of other requests in ms)."""
    job_id = api.start(content)
    with _watched() as used, _probing(api) as waits:
        while True:
            job = api.get(f"/imports/{job_id}?wait=1")["data"]
            if job["status"] not in ("QUEUED", "RUNNING"):
                break
    took = _seconds(job["finishedAt"]) - _seconds(job["startedAt"])
    return {**job, "seconds": took}, used, _percentile(waits)


def _seconds(text: str) -> float:
    clock = text[11:-1].split(":")
    return int(clock[0]) * 3_600 + int(clock[1]) * 60 + float(clock[2])


@contextmanager
def _watched() -> Iterator[_Used]:
    """Watch the process of jobs and the one beside it: their memory together, what they share counted once."""
    used, over = _Used(), threading.Event()
    seconds: dict[str, float] = {}

    def watch() -> None:
        # Rarely: to add up the memory of a process stops it for milliseconds.
        while not over.wait(0.25):
            memory = 0.0
            for entry in Path("/proc").glob("[0-9]*"):
                try:
                    if b"linkxg.job_kinds" not in (entry / "cmdline").read_bytes() or not _is_ours(entry):
                        continue
                    sizes, stat = (entry / "smaps_rollup").read_text(), (entry / "stat").read_text()
                except OSError:
                    continue
                line = next((line for line in sizes.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
                memory += int(line.split()[1]) / 1_024
                user, system = stat.rpartition(")")[2].split()[11:13]
                seconds[entry.name] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
            used.memory = max(used.memory, memory)
            used.seconds = sum(seconds.values())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield used
    finally:
        over.set()
        thread.join()


def _is_ours(process: Path) -> bool:
    """Whether this process has started it, directly or not: other services may run on the machine."""
    while process.name not in ("0", "1"):
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        if parent == str(os.getpid()):
            return True
        process = process.with_name(parent)
    return False


@contextmanager
def _probing(api: _Api) -> Iterator[list[float]]:
    """Request a list of products 50 times a second; yields the latencies in milliseconds."""
    waits: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.02):
            started = time.perf_counter()
            api.get("/products?limit=1")
            waits.append((time.perf_counter() - started) * 1_000)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def _p99(api: _Api, seconds: float) -> float:
    with _probing(api) as waits:
        time.sleep(seconds)
    return _percentile(waits)


def _percentile(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100)[98]


if __name__ == "__main__":
    count = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), ROWS)
    report(measure(count, [engine for engine in ENGINES if engine in sys.argv] or ENGINES))
