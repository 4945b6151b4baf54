"""Measures startup time, and memory after a million tokens. Run as `python -m bench.startup`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from bench.processes import free_port, service, wrk
from bench.report import Figure, report
from bench.seed import seed, token_bodies

ROUNDS, TOKENS = 5, 1_000_000
_BARE = """
import sqlalchemy, uvicorn
from litestar import Litestar, get
@get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}
uvicorn.run(Litestar([healthz]), port=%d, loop="uvloop", http="httptools", log_config=None)
"""


def measure(rounds: int = ROUNDS, tokens: int = TOKENS) -> list[Figure]:
    """Start on a migrated database; the resident set of the worker."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir)
        bare, ours = [], []
        for _ in range(rounds):
            port = free_port()
            bare.append(_until_answer([sys.executable, "-c", _BARE % port], port, {}))
            port = free_port()
            command = [sys.executable, "-m", "linkxg", "serve", "--port", str(port)]
            ours.append(_until_answer(command, port, {"LINKXG_DATA_DIR": str(data_dir)}))
        start = Figure(
            "start to first answer beside bare Litestar + SQLAlchemy",
            statistics.median(ours) / statistics.median(bare),
            2.5,
            f"{statistics.median(ours):.2f} s of {statistics.median(bare):.2f} s",
            at_most=True,
        )
        bodies = token_bodies(data_dir, made)
        return [start, _memory(data_dir, bodies, tokens)]


def _memory(data_dir: Path, bodies: Path, tokens: int) -> Figure:
    with service(data_dir) as url:
        port = int(url.rpartition(":")[2])
        worker = next(
            c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.status == "LISTEN"
        )
        done = 0.0
        while done < tokens:
            load = wrk(f"{url}/api/v1/oauth/token", seconds=10, script="bodies.lua", BODIES=str(bodies))
            done += load.rate * 10
        megabytes = psutil.Process(worker).memory_info().rss / 1e6
    return Figure(f"resident MB after {done:,.0f} tokens of 10,000 clients", megabytes, 120, "", at_most=True)


def _until_answer(command: list[str], port: int, settings: dict[str, str]) -> float:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINKXG_")}
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**clean, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - started < 30:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                    return time.perf_counter() - started
            except OSError:
                time.sleep(0.005)
        raise RuntimeError("no answer")
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    report(measure())
