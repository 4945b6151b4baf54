"""How fast is a file of products imported, beside a raw upsert of two tables? `python -m bench.imports [ROWS]`.

The base is what SQLite can do at all: the same rows, ready made, into a table of heads and one of versions, in one
transaction.
"""

import json
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.processes import service
from bench.report import Figure, report
from bench.seed import PASSWORD, Seeded, seed
from linkxg.identifiers.check_digit import check_digit
from linkxg.ids import uuid7

ROWS = 200_000
HEADER = "sku,gtin,name,brand,category.code,modelNumber,description\n"
_HEADS = """create table heads (account_id text, id text, sku text, gtin14 text, gtin_length integer, category text,
search_key text, revision integer, created_at integer, updated_at integer, status text, latest_version integer,
draft_version integer, primary key (account_id, id))"""
_VERSIONS = """create table versions (account_id text, product_id text, version integer, status text, digest blob,
created_at integer, created_by text, content text, primary key (account_id, product_id, version))"""
_INDEXES = (
    "create unique index heads_sku on heads (account_id, sku)",
    "create unique index heads_gtin on heads (account_id, gtin14)",
)


def measure(rows: int = ROWS) -> list[Figure]:
    """One worker; the file is sent, imported, and sent again unchanged."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=1, people=1)
        base = raw_upsert(data_dir / "raw.db", rows)
        content = _file(rows)
        with service(data_dir, pinned=False) as url:
            api = _Api(f"{url}/api/v1", made)
            idle = _p99(api, 4.0)
            first, memory, busy = _timed_import(api, content)
            second, _, _ = _timed_import(api, content)
    rate, again = rows / first["seconds"], rows / second["seconds"]
    if (first["created"], second["unchanged"]) != (rows, rows):
        raise RuntimeError("the import did not do what it was to do")
    return [
        Figure(
            "import, beside a raw upsert of two tables, SQLite", rate / base, 0.4, f"{rate:,.0f}/s of {base:,.0f}/s"
        ),
        Figure("the same file again, beside the first time", again / rate, 1.5, f"{again:,.0f}/s"),
        Figure("resident memory of the import's process (MB)", memory, 150.0, f"{rows:,} rows", at_most=True),
        Figure("p99 of other requests, beside idle", busy / idle, 2.0, f"{busy:.1f} ms of {idle:.1f} ms", at_most=True),
    ]


def raw_upsert(path: Path, rows: int) -> float:
    """Rows a second of the engine alone."""
    account, now = uuid7(), time.time_ns() // 1_000_000
    ids = [uuid7() for _ in range(rows)]
    content = '{"brand":"Acme","category":{"code":"10003743"},"modelNumber":"M-1","name":"Cordless drill 18 V"}'
    heads = [
        (account, ids[n], f"SKU-{n:07d}", _gtin(n).rjust(14, "0"), 13, "10003743", f"sku-{n:07d}\ncordless drill", 1,
         now, now, "DRAFT", None, 1)
        for n in range(rows)
    ]  # fmt: skip
    versions = [(account, ids[n], 1, "DRAFT", os.urandom(32), now, account, content) for n in range(rows)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _HEADS, _VERSIONS, *_INDEXES):
            connection.execute(statement)
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            f"insert into heads values ({', '.join('?' * 13)}) on conflict (account_id, id) do update set "
            "revision = revision + 1",
            heads,
        )
        connection.executemany(
            f"insert into versions values ({', '.join('?' * 8)}) on conflict (account_id, product_id, version) "
            "do update set content = excluded.content",
            versions,
        )
        connection.execute("COMMIT")
        return rows / (time.perf_counter() - started)


def _gtin(number: int) -> str:
    body = f"{400_000_000_000 + number:012d}"
    return body + str(check_digit(body))


def _file(rows: int) -> bytes:
    lines = [
        f"SKU-{n:07d},{_gtin(n)},Cordless drill {n},Acme,10003743,M-{n % 100},Two gears and a chuck of 13 mm\n"
        for n in range(rows)
    ]
    return (HEADER + "".join(lines)).encode()


class _Api:
    def __init__(self, api: str, made: Seeded) -> None:
        self._api = api
        body = json.dumps({"email": made.emails[0], "password": PASSWORD}).encode()
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


def _timed_import(api: _Api, content: bytes) -> tuple[dict[str, Any], float, float]:
    """(the job with its `seconds` at work, MB of its process at most, p99 of other requests in ms)."""
    job_id = api.start(content)
    with _watched() as peak, _asked(api) as waits:
        while True:
            job = api.get(f"/imports/{job_id}?wait=1")["data"]
            if job["status"] not in ("QUEUED", "RUNNING"):
                break
    took = _seconds(job["finishedAt"]) - _seconds(job["startedAt"])
    return {**job, "seconds": took}, peak[0], _percentile(waits)


def _seconds(text: str) -> float:
    clock = text[11:-1].split(":")
    return int(clock[0]) * 3_600 + int(clock[1]) * 60 + float(clock[2])


@contextmanager
def _watched() -> Iterator[list[float]]:
    """The largest resident memory of a process that imports, in MB."""
    peak = [0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            for entry in Path("/proc").glob("[0-9]*"):
                try:
                    if b"linkxg.imports.process" not in (entry / "cmdline").read_bytes():
                        continue
                    status = (entry / "status").read_text()
                except OSError:
                    continue
                line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM 0 kB")
                peak[0] = max(peak[0], int(line.split()[1]) / 1_024)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


@contextmanager
def _asked(api: _Api) -> Iterator[list[float]]:
    """How long a list of products takes meanwhile, asked 50 times a second, in milliseconds."""
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
    with _asked(api) as waits:
        time.sleep(seconds)
    return _percentile(waits)


def _percentile(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100)[98]


if __name__ == "__main__":
    report(measure(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else ROWS))
