"""Starts the server and the load generator, each on a core of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER_CORE, LOAD_CORE = "0", "1"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Load:
    """Requests per second and latencies in milliseconds.

    `errors` are responses other than 2xx and 3xx, and failed connections; `good` is the rate without them.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    good: float = 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def floor() -> Iterator[str]:
    """The base: a bare ASGI application on uvicorn with the same loop and parser, which returns 800 bytes of JSON."""
    port = free_port()
    with server_process([sys.executable, "-m", "bench.floor_app", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def service(data_dir: Path, *, workers: int = 1, pinned: bool = True, **settings: str) -> Iterator[str]:
    """The service on `data_dir`, with rate budgets that are counted but never exhausted."""
    port = free_port()
    command = [sys.executable, "-m", "linkxg", "serve", "--port", str(port), "--workers", str(workers)]
    environment = {"LINKXG_LIMIT_SCALE": "1000000", "LINKXG_DATA_DIR": str(data_dir)}
    with server_process(command, port, environment | settings, pinned=pinned):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def server(command: list[str], *, folder: Path, **settings: str) -> Iterator[str]:
    """Another server, which listens on PORT; its child processes share the core of the server."""
    port = free_port()
    with server_process(command, port, {"PORT": str(port), **settings}, folder=folder, timeout_s=300):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def server_process(
    command: list[str],
    port: int,
    environment: dict[str, str] | None = None,
    *,
    pinned: bool = True,
    folder: Path | None = None,
    timeout_s: float = 30,
) -> Iterator[None]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINKXG_")}
    prefix = ["taskset", "-c", SERVER_CORE] if pinned else []
    process = subprocess.Popen(
        [*prefix, *command],
        env={**clean, **(environment or {})},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_listening(port, process, timeout_s)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        # Ends its child processes too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the server stopped at start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not listen in time")


def wrk(
    url: str,
    *,
    connections: int = 32,
    seconds: int = 5,
    script: str | None = None,
    cores: str | None = None,
    **environment: str,
) -> Load:
    """Load `url` from the other core, or from `cores`. `script` is a file of bench/wrk; it reads `environment`."""
    command = ["taskset", "-c", cores or LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["--latency", "--timeout", "60s"]
    command += ["-s", str(HERE / "wrk" / (script or "plain.lua")), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    good = max(0, found["requests"] - found["errors"]) / found["seconds"]
    return Load(found["requests"] / found["seconds"], found["p50"], found["p99"], found["errors"], good)


@contextmanager
def pin_to_server_core() -> Iterator[None]:
    """Run a raw base on the core of the server."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(SERVER_CORE)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
