"""How soon is a revocation in one worker refused by another? `python -m bench.revocation`."""

import http.client
import json
import statistics
import tempfile
import time
from pathlib import Path

from bench.processes import service
from bench.report import Figure, report
from bench.seed import seed

TRIALS = 200


def measure(trials: int = TRIALS) -> list[Figure]:
    """Two workers on one SQLite file: revoke a token at one, use it at the other until it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=1, people=1)
        client, secret = made.clients[0]
        credentials = f"client_id={client}&client_secret={secret}"
        with service(data_dir, workers=2, pinned=False) as url:
            address = url.removeprefix("http://")
            here, there = _two_workers(address)
            delays = []
            for _ in range(trials):
                body = f"grant_type=client_credentials&{credentials}"
                token = json.loads(_call(here, "POST", "/api/v1/oauth/token", body)[1])["access_token"]
                if _use(there, token) == 401:
                    raise RuntimeError("a fresh token was refused")
                _call(here, "POST", "/api/v1/oauth/revoke", f"token={token}&{credentials}")
                revoked = time.perf_counter()
                while _use(there, token) != 401:
                    if time.perf_counter() - revoked > 5:
                        raise RuntimeError("a revoked token was accepted for 5 s")
                delays.append((time.perf_counter() - revoked) * 1000)
    note = f"median {statistics.median(delays):.1f} ms over {trials} trials, the refusing request included"
    return [Figure("revocation refused by the other worker (worst, ms)", max(delays), 50.0, note, at_most=True)]


def _two_workers(address: str) -> tuple[http.client.HTTPConnection, http.client.HTTPConnection]:
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
