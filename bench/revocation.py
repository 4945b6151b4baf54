"""Measures how soon another worker or node rejects a revoked token. Run as `python -m bench.revocation`."""

import http.client
import json
import math
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from bench.postgres import cluster
from bench.processes import service
from bench.report import Figure, report
from bench.seed import seed

TRIALS = 200


def measure(trials: int = TRIALS) -> list[Figure]:
    """Two workers on one SQLite file, then two nodes on one PostgreSQL, of which the first has two workers."""
    return [*_workers(trials), *_nodes(trials)]


def _workers(trials: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=1, people=1)
        with service(data_dir, workers=2, pinned=False) as url:
            delays = _delays(*two_workers(url.removeprefix("http://")), made.clients[0], trials)
    return [
        Figure("revocation refused by the other worker (worst, ms)", max(delays), 50.0, _note(delays), at_most=True)
    ]


def _nodes(trials: int) -> list[Figure]:
    """Each node has a data directory of its own, with the same keys."""
    with tempfile.TemporaryDirectory() as folder, cluster(cores=f"0-{(os.cpu_count() or 1) - 1}") as database:
        here, there = Path(folder) / "here", Path(folder) / "there"
        here.mkdir()
        made = seed(here, database, client_count=1, people=1)
        shutil.copytree(here, there)
        settings = {"LINKXG_DATABASE_URL": database, "LINKXG_PUBLIC_URL": "http://127.0.0.1:8000"}
        with (
            service(here, workers=2, pinned=False, **settings) as one,
            service(there, workers=1, pinned=False, **settings) as other,
        ):
            first, second = two_workers(one.removeprefix("http://"))
            remote = http.client.HTTPConnection(other.removeprefix("http://"))
            accepted = _accepted(first, second, made.clients[0], trials)
            delays = _delays(first, remote, made.clients[0], trials)
    at_p99 = sorted(delays)[math.ceil(0.99 * len(delays)) - 1]
    return [
        Figure(
            "revoked tokens accepted by the other worker of the node, PostgreSQL",
            accepted,
            0.0,
            f"of {trials}, used once the revocation was answered",
            at_most=True,
        ),
        Figure("revocation refused by the other node (p99, ms)", at_p99, 50.0, _note(delays), at_most=True),
        Figure("revocation refused by the other node (worst, ms)", max(delays), 1_000.0, _note(delays), at_most=True),
    ]


def _delays(
    here: http.client.HTTPConnection, there: http.client.HTTPConnection, client: tuple[str, str], trials: int
) -> list[float]:
    """Milliseconds from the response to a revocation here to the first rejection there, one per trial."""
    delays = []
    for _ in range(trials):
        token = _revoked(here, there, client)
        revoked = time.perf_counter()
        while _use(there, token) != 401:
            if time.perf_counter() - revoked > 5:
                raise RuntimeError("a revoked token was accepted for 5 s")
        delays.append((time.perf_counter() - revoked) * 1000)
    return delays


def _accepted(
    here: http.client.HTTPConnection, there: http.client.HTTPConnection, client: tuple[str, str], trials: int
) -> int:
    """How many of the tokens revoked here are accepted there when they are used immediately."""
    return sum(_use(there, _revoked(here, there, client)) != 401 for _ in range(trials))


def _revoked(here: http.client.HTTPConnection, there: http.client.HTTPConnection, client: tuple[str, str]) -> str:
    """A token that was used there and then revoked here."""
    credentials = f"client_id={client[0]}&client_secret={client[1]}"
    body = f"grant_type=client_credentials&{credentials}"
    token: str = json.loads(_call(here, "POST", "/api/v1/oauth/token", body)[1])["access_token"]
    if _use(there, token) == 401:
        raise RuntimeError("a fresh token was refused")
    _call(here, "POST", "/api/v1/oauth/revoke", f"token={token}&{credentials}")
    return token


def _note(delays: list[float]) -> str:
    return f"median {statistics.median(delays):.1f} ms over {len(delays)} trials, the refusing request included"


def two_workers(address: str) -> tuple[http.client.HTTPConnection, http.client.HTTPConnection]:
    """Kept-alive connections to different workers; the request id begins with the worker's own prefix."""
    first = http.client.HTTPConnection(address)
    prefix = _call(first, "GET", "/healthz")[0]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        other = http.client.HTTPConnection(address)
        if _call(other, "GET", "/healthz")[0] != prefix:
            return first, other
        other.close()
    raise RuntimeError("every connection reached the same worker")


def _call(connection: http.client.HTTPConnection, method: str, path: str, form: str | None = None) -> tuple[str, bytes]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection.request(method, path, form, headers)
    response = connection.getresponse()
    return (response.getheader("x-request-id") or "")[:12], response.read()


def _use(connection: http.client.HTTPConnection, token: str) -> int:
    connection.request("GET", "/api/v1/products", headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    response.read()
    return response.status


if __name__ == "__main__":
    report(measure())
